"""The text side of a turn: macros, context window, clean-up of replies, the function tool. Pure functions; no input or output."""
