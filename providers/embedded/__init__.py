"""The chat model that comes along: SmolLM2 135M on llama.cpp, in a child process. A toy that needs no key, no GPU, no download."""
