"""The ``vignette`` command. What a command needs is imported when it runs, so that ``--help`` stays quick."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot import __version__

if TYPE_CHECKING:
    from bot.explain import Explain
    from bot.settings import Settings

app = typer.Typer(help="A role-play bot that draws the story.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
explain_app = typer.Typer(help="Print what would happen: one JSON object per line in, one out.", no_args_is_help=True)
app.add_typer(explain_app, name="explain")

Config = Annotated[
    Path | None, typer.Option("--config", metavar="PATH", help="Settings file; without it ./vignette.toml, if there is one.")
]


def main() -> None:
    """The command's entry point."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        print(f"Vignette {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """A role-play bot for Discord, Telegram and a local web page that draws the story."""


def _settings(config: Path | None) -> Settings:
    """The settings, with logs set up; ends the program with what is wrong with them."""
    from bot.logs import set_up_logs
    from bot.settings_load import load_settings
    from bot.settings_sources import SettingsError

    try:
        settings = load_settings(config)
    except SettingsError as error:
        _fail("The settings are wrong:", *error.problems)
    set_up_logs(settings.log, settings.secrets())
    return settings


def _fail(*lines: str) -> None:
    print("\n  ".join(lines), file=sys.stderr)
    raise typer.Exit(1)


@app.command()
def run(config: Config = None) -> None:
    """Start Vignette and keep it running."""
    settings = _settings(config)
    from bot.app import run as run_app
    from bot.domain.errors import VignetteError
    from providers.errors import ProviderError

    try:
        asyncio.run(run_app(settings))
    except (ProviderError, VignetteError) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def doctor(config: Config = None) -> None:
    """Check every configured part for real; exit code 1 when something is broken."""
    settings = _settings(config)
    from bot.doctor import examine

    if not asyncio.run(examine(settings, print)):
        raise typer.Exit(1)


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="File to write, .tar or .tar.gz.")], config: Config = None) -> None:
    """Write database and assets into one tar file; the bot may be running."""
    settings = _settings(config)
    from bot.backup import BackupError, back_up

    try:
        size = back_up(settings.storage, target)
    except BackupError as error:
        _fail(str(error))
    print(f"{target}: {size} bytes")


@app.command()
def migrate(config: Config = None) -> None:
    """Bring the database's tables to this version (`run` does it as well)."""
    settings = _settings(config)
    from bot.storage.database import Database

    async def open_once() -> None:
        database = await Database.open(settings.storage.database)
        await database.close()

    asyncio.run(open_once())
    print("The database is up to date.")


# --- explain ----------------------------------------------------------------------------------------------------------


def _explain(explain: Explain) -> None:
    from bot.explain import answer_lines

    answer_lines(sys.stdin.buffer, explain, sys.stdout.buffer)


@explain_app.command()
def intent() -> None:
    """{"text"} → whether a line asks for a picture, and which."""
    from bot.engine.pictures.explain import explain_intent

    _explain(explain_intent)


@explain_app.command()
def size() -> None:
    """{"width", "height", "mode", "snap"} → the size that would be drawn."""
    from bot.engine.pictures.explain import explain_size

    _explain(explain_size)


@explain_app.command()
def prompt() -> None:
    """{"mode", "prompt", "prefix", "negative", …} → the final pair and its steps; with a "backend", what it would leave out."""
    from bot.engine.pictures.explain import explain_prompt
    from bot.explain import plain_backend

    _explain(lambda question: explain_prompt(question, plain_backend))


@explain_app.command()
def workflow() -> None:
    """{"workflow", "values", "custom"} → the filled ComfyUI graph, what stayed unfilled, and problems."""
    from bot.domain.workflows import with_quotes
    from providers.images.comfyui_explain import explain_workflow

    def explained(question: dict[str, Any]) -> dict[str, Any]:
        given = question.get("workflow")
        return explain_workflow({**question, "workflow": with_quotes(given)} if isinstance(given, str) else question)

    _explain(explained)


@explain_app.command()
def context(
    chat: Annotated[str, typer.Option("--chat", metavar="KEY", help="platform:place:channel[:topic], as `status` shows it.")],
    config: Config = None,
) -> None:
    """The exact request the next turn of a chat would send."""
    settings = _settings(config)
    from bot.app import open_engine
    from bot.domain.errors import VignetteError
    from bot.domain.places import ChatKey
    from bot.engine.explain import explain_context
    from bot.explain import write_line

    async def explain() -> None:
        async with open_engine(settings) as engine:
            write_line(sys.stdout.buffer, await explain_context(engine, ChatKey.parse(chat)))

    try:
        asyncio.run(explain())
    except (ValueError, VignetteError) as error:
        _fail(str(error))


@explain_app.command()
def backends(config: Config = None) -> None:
    """One line per registered provider and configured model, with capabilities."""
    settings = _settings(config)
    from bot.explain import backend_lines, write_line

    async def explain() -> None:
        async for line in backend_lines(settings):
            write_line(sys.stdout.buffer, line)

    asyncio.run(explain())
