"""Every command, control and form of Vignette, gathered."""

from __future__ import annotations

from bot.engine.commands import cast, chat, imagine, models, settings, styles, takes, workflows
from bot.engine.commands.catalogue import Catalogue


def build_catalogue() -> Catalogue:
    """The one catalogue all platforms and documents are generated from."""
    return Catalogue(
        commands=(
            *imagine.COMMANDS,
            *chat.COMMANDS,
            *cast.COMMANDS,
            *styles.COMMANDS,
            *models.COMMANDS,
            *workflows.COMMANDS,
            *settings.COMMANDS,
        ),
        controls=(*takes.CONTROLS, *imagine.CONTROLS, *chat.CONTROLS),
        forms=takes.FORMS,
    )
