"""The error tree. A class's docstring is the sentence a user reads, unless an instance brings its own."""

from __future__ import annotations


class VignetteError(Exception):
    """Something went wrong."""

    retry = False
    """Whether the same request can succeed later, so that a retry control makes sense."""

    def __init__(self, message: str | None = None, *, host_detail: str = "") -> None:
        self.message = message or " ".join((type(self).__doc__ or "").split())
        self.host_detail = host_detail
        """More for the log and the host; never shown to players."""
        super().__init__(self.message)


class UserError(VignetteError):
    """That cannot be done as asked."""


class NotAllowed(UserError):
    """You may not do that here."""


class LimitReached(UserError):
    """That was a lot at once. Please wait a moment and try again."""

    retry = True


class ContentRefused(UserError):
    """This cannot be drawn or written here."""


class FileTooLarge(UserError):
    """The file is too large."""


class BadFile(UserError):
    """The file could not be read."""


class NotFound(UserError):
    """There is nothing by that name."""


class PictureGone(NotFound):
    """This picture has been deleted."""


class AlreadyDrawing(UserError):
    """This picture is being drawn already."""


class NothingToDo(UserError):
    """There is nothing to do."""


class ConfigurationError(VignetteError):
    """The bot is not set up for this yet; its host can mend that."""


class BackendError(VignetteError):
    """The picture or chat service did not answer as it should."""

    retry = True


class PlatformError(VignetteError):
    """The chat platform did not take the message."""

    retry = True

    def __init__(self, message: str | None = None, *, uncertain: bool = False, gone: bool = False, host_detail: str = "") -> None:
        super().__init__(message, host_detail=host_detail)
        self.uncertain = uncertain
        """The call may have taken effect all the same."""
        self.gone = gone
        """The place or message no longer exists or the bot was shut out: trying again is pointless."""
