"""The local page: server-rendered, no build step, for one host on their own machine."""
