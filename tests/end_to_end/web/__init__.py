"""The local page, in process and as the real program, over HTTP and in a real browser."""
