"""``python -m bot.docs``: write the generated tables of ``README.md`` and ``vignette.example.toml`` anew. A test fails when they differ."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bot.engine.commands.all import build_catalogue
from bot.engine.commands.catalogue import Command, Option
from bot.explain import registered
from bot.settings_table import chat_settings_table, example_toml, providers_table, settings_table
from providers.registry import IMAGES

ROOT = Path(__file__).resolve().parent.parent
WHO = {"anyone": "", "manager": "managers", "host": "the host"}


def commands_table() -> str:
    """All commands of all front ends."""
    rows = ["| Command | What it does | Options | Only for |", "|---|---|---|---|"]
    rows += [_command_row(command) for command in build_catalogue().commands.values()]
    return "\n".join(rows)


def controls_table() -> str:
    """The controls under a picture, with the reactions that stand for them."""
    rows = ["| Control | What it does | Reaction on Discord | on Telegram |", "|---|---|---|---|"]
    rows += [
        f"| {control.label} | {control.help} | {' '.join(control.reactions.get('discord', ()))} "
        f"| {' '.join(control.reactions.get('telegram', ()))} |"
        for control in build_catalogue().controls.values()
    ]
    return "\n".join(rows)


def abilities_table() -> str:
    """What each image backend can do with no more than its own defaults; its models may do more or less."""
    rows = [
        "| `provider` | From a picture | Negative | Seed | Steps, CFG, sampler | LoRAs | Progress, place | Cancel | After a crash |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in IMAGES.values():
        able = registered("images", row)["capabilities"]
        knobs = [name for name, key in (("steps", "steps"), ("CFG", "cfg"), ("sampler", "sampler")) if able[key]]
        news = [name for name, key in (("progress", "progress"), ("place", "queue_place")) if able[key]]
        cells = (
            f"`{row.kind}`",
            f"up to {able['references']}" if able["image_to_image"] and able["references"] > 1 else _tick(able["image_to_image"]),
            _tick(able["negative"]),
            _tick(able["seed"]),
            ", ".join(knobs),
            _tick(able["loras"]),
            ", ".join(news),
            _tick(able["cancel"]),
            "goes on" if able["adopts"] else "",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _tick(yes: bool) -> str:
    return "yes" if yes else ""


def generated() -> dict[str, str]:
    """Marker name → text, for README.md."""
    return {
        "commands": commands_table(),
        "controls": controls_table(),
        "settings": settings_table(),
        "chat-settings": chat_settings_table(),
        "providers": providers_table(),
        "abilities": abilities_table(),
    }


def renew(text: str, tables: dict[str, str]) -> str:
    """The text with everything between its markers replaced. Raises ``ValueError`` when a marker is missing."""
    for name, table in tables.items():
        pattern = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        found = pattern.findall(text)
        if len(found) != 1:
            raise ValueError(f"README.md: expected one pair of markers «{name}», found {len(found)}")
        begin, end = found[0]
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{table}\n{end}{rest.partition(end)[2]}"
    return text


def main() -> None:
    """Write both files; says what changed."""
    readme = ROOT / "README.md"
    wanted = {readme: renew(readme.read_text(encoding="utf-8"), generated()), ROOT / "vignette.example.toml": example_toml()}
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.name} written anew\n")


def _command_row(command: Command) -> str:
    aliases = f" (also {', '.join(f'`/{alias}`' for alias in command.aliases)})" if command.aliases else ""
    action = f"; on a message: «{command.action}»" if command.action else ""
    options = ", ".join(_option(option) for option in command.options)
    cells = (f"`/{command.name}`{aliases}", f"{command.help}{action}", options, WHO[command.who])
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _option(option: Option) -> str:
    shown = f"`{option.name}`"
    if option.choices and len(option.choices) <= 8:
        shown += f" ({', '.join(option.choices)})"
    elif option.least is not None and option.most is not None:
        shown += f" ({_number(option.least)}–{_number(option.most)})"
    return shown if option.required else f"[{shown}]"


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:g}"


if __name__ == "__main__":
    main()
