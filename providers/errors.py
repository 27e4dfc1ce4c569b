"""Provider failures, normalised into a few kinds: what vendors answer differs, what to do about it does not."""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """What went wrong, from the caller's point of view."""

    MISCONFIGURED = "misconfigured"  # wrong address, unknown model, missing setting: the host must act
    UNAUTHORISED = "unauthorised"  # the key was refused
    NO_CREDIT = "no_credit"  # money or quota is used up
    RATE_LIMITED = "rate_limited"  # try again after ``retry_after``
    REFUSED = "refused"  # moderation said no
    INVALID = "invalid"  # the request cannot be honoured as it is
    CONTEXT_FULL = "context_full"  # the prompt does not fit; ``window`` may tell the size
    BUSY = "busy"  # overloaded, loading, queue full
    UNREACHABLE = "unreachable"  # no connection
    TIMED_OUT = "timed_out"
    BAD_ANSWER = "bad_answer"  # truncated, HTML for JSON, no image in it
    CANCELLED = "cancelled"  # ended because we asked for it


SENTENCES: dict[ErrorKind, str] = {
    ErrorKind.MISCONFIGURED: "{name} is not set up correctly; the host has to look at it.",
    ErrorKind.UNAUTHORISED: "{name} did not accept the host's key.",
    ErrorKind.NO_CREDIT: "The credit for {name} is used up.",
    ErrorKind.RATE_LIMITED: "{name} asks for a pause.",
    ErrorKind.REFUSED: "{name} refused this content.",
    ErrorKind.INVALID: "{name} cannot do this request.",
    ErrorKind.CONTEXT_FULL: "The story no longer fits into {name}.",
    ErrorKind.BUSY: "{name} is busy right now.",
    ErrorKind.UNREACHABLE: "{name} cannot be reached.",
    ErrorKind.TIMED_OUT: "{name} took too long.",
    ErrorKind.BAD_ANSWER: "{name} gave an answer that could not be used.",
    ErrorKind.CANCELLED: "Cancelled.",
}
RETRYABLE = {
    ErrorKind.RATE_LIMITED,
    ErrorKind.BUSY,
    ErrorKind.UNREACHABLE,
    ErrorKind.TIMED_OUT,
    ErrorKind.BAD_ANSWER,
}


class ProviderError(Exception):
    """A provider failed. ``str()`` is safe to show to a player: it never holds keys, addresses, paths or tracebacks."""

    def __init__(
        self,
        kind: ErrorKind,
        name: str,
        detail: str = "",
        *,
        retry_after: float | None = None,
        window: int | None = None,
        host_detail: str = "",
    ) -> None:
        self.kind = kind
        self.name = name
        self.detail = detail
        """One more sentence for the player (which value was wrong); plain words, already safe."""
        self.retry_after = retry_after
        """Seconds the provider asked to wait, if it said so."""
        self.window = window
        """Context size in tokens, when the provider named it."""
        self.host_detail = host_detail
        """For the log: status, the provider's words, with secrets redacted."""
        sentence = SENTENCES[kind].format(name=name)
        super().__init__(f"{sentence} {detail}".strip())

    @property
    def retryable(self) -> bool:
        """Whether the same request can succeed later."""
        return self.kind in RETRYABLE
