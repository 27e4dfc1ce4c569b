"""Taking a model's reasoning out of its reply.

Forms seen in the wild: ``<think>`` and its relatives, ``[THINK]``, the «analysis» channel of the harmony format, Gemma's thought
channel; with a missing opening tag (all before the first closing tag is reasoning), unclosed, or closed over and over.
"""

from __future__ import annotations

from bot.engine.story.marks import Marks

_NAMES = ("think", "thinking", "thought", "reasoning", "seed:think")
_TAG_CLOSERS = tuple(f"</{name}>" for name in _NAMES)
_FINAL_CHANNEL = ("<|channel|>final<|message|>", "<|end|>", "<|channel|>commentary<|message|>")
_BLOCKS: dict[str, tuple[str, ...]] = {
    **{f"<{name}>": _TAG_CLOSERS for name in _NAMES},
    "[think]": ("[/think]",),
    "◁think▷": ("◁/think▷",),
    "<|channel|>analysis": _FINAL_CHANNEL,
    "<|channel>thought": ("<channel|>",),
}
_STRAY = (*_TAG_CLOSERS, "[/think]", "◁/think▷", "<channel|>")
_OUTSIDE = Marks((*_BLOCKS, *_STRAY))
_INSIDE = {opener: Marks(closers) for opener, closers in _BLOCKS.items()}


class Restart:
    """All that came before was reasoning."""


RESTART = Restart()


class Thoughts:
    """First stage: lets everything but reasoning through."""

    def __init__(self) -> None:
        self.found = False
        """Whether there was any reasoning."""
        self.unclosed = False
        self._buffer = ""
        self._inside: Marks | None = None
        self._opened = False

    def push(self, text: str) -> list[str | Restart]:
        self._buffer += text
        return self._run(final=False)

    def close(self) -> list[str | Restart]:
        """The end of the stream: what was held back is text; an open block of reasoning is dropped."""
        out = self._run(final=True)
        self.unclosed = self._inside is not None
        if self._inside is None and self._buffer:
            out.append(self._buffer)
        self._buffer = ""
        return out

    def _run(self, *, final: bool) -> list[str | Restart]:
        out: list[str | Restart] = []
        while self._buffer:
            marks = self._inside or _OUTSIDE
            hit = marks.find(self._buffer, final=final)
            if hit is None:
                safe = marks.safe(self._buffer)
                if self._inside is None and safe:
                    out.append(self._buffer[:safe])
                self._buffer = self._buffer[safe:]
                return out
            position, mark = hit
            if self._inside is None and position:
                out.append(self._buffer[:position])
            self._buffer = self._buffer[position + len(mark) :]
            self._step(mark, out)
        return out

    def _step(self, mark: str, out: list[str | Restart]) -> None:
        self.found = True
        if self._inside is not None:
            self._inside = None
        elif mark in _BLOCKS:
            self._inside = _INSIDE[mark]
            self._opened = True
        elif not self._opened:
            out.append(RESTART)  # a closing tag without an opening one


def without_thoughts(text: str) -> str:
    """A whole answer without its reasoning."""
    stage = Thoughts()
    kept: list[str] = []
    for piece in (*stage.push(text), *stage.close()):
        if isinstance(piece, Restart):
            kept.clear()
        else:
            kept.append(piece)
    return "".join(kept).strip()
