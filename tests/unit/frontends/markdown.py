"""Texts as hostile as chat models and people write them."""

from __future__ import annotations

from hypothesis import strategies as st

MARKS = [
    "*", "**", "***", "_", "__", "~~", "||", "`", "```", "\n```py\n", "\n```\n", "> ", "# ", "[", "](http://a.b/c)", "\\", "<", ">", "&",
         "&lt;", "<b>", "</i>",
    "\n", "\n\n", " ", "word", "snake_case", "It's 2 * 3.", "😀", "é", "\x00", "<script>",
]  # fmt: skip
MARKDOWN = st.lists(st.sampled_from(MARKS) | st.text(max_size=12), max_size=120).map("".join)
