"""character and persona: who plays."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.domain.errors import BadFile, NotFound, UserError
from bot.domain.posts import FileOut
from bot.engine.cast.cards import Card, read_card, write_card
from bot.engine.commands.catalogue import Command, Option
from bot.engine.commands.context import CommandContext
from bot.engine.pictures.base import find_base
from bot.engine.stage import Stage
from bot.engine.story.macros import expand
from bot.guard.content import check_words
from bot.storage import assets, characters, chats, personas
from bot.storage.records import Character


async def _list(ctx: CommandContext) -> None:
    async with ctx.services.db.read() as c:
        cast = await characters.for_chat(c, ctx.chat.key)
    stage = await ctx.services.stories.stage(ctx.chat, ctx.call.author)
    lines = [
        f"{'▶' if ch.id == ctx.chat.character_id else '•'} **{ch.name}** — {_first_words(replace(stage, character=ch))}" for ch in cast
    ]
    await ctx.say("\n".join(lines) + "\n\n`/character use NAME` changes who you talk with; `/character import` adds a card.")


def _first_words(stage: Stage, limit: int = 90) -> str:
    card = stage.character.card
    text = expand(str(card.get("description") or card.get("personality") or ""), stage.world()).text
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


async def find_character(ctx: CommandContext, name: str) -> Character:
    """A character of this chat by name: exact, else in any case, else by its beginning. Raises ``NotFound``."""
    async with ctx.services.db.read() as c:
        cast = await characters.for_chat(c, ctx.chat.key)
    wanted = name.strip().casefold()
    exact = [ch for ch in cast if ch.name.casefold() == wanted]
    begun = [ch for ch in cast if wanted and ch.name.casefold().startswith(wanted)]
    for found in (*(ch for ch in exact if ch.name == name.strip()), *exact, *begun):
        return found
    raise NotFound(f"There is no character «{name}». Known: {', '.join(ch.name for ch in cast)}.")


async def _use(ctx: CommandContext) -> None:
    character = await find_character(ctx, ctx.call.arguments["name"])
    async with ctx.services.db.write() as c:
        await chats.set_character(c, ctx.chat.id, character.id)
    await ctx.say(f"You are talking with **{character.name}** now.")
    greeting = int(ctx.call.arguments.get("greeting", 1))
    await ctx.services.stories.enter(ctx.chat, ctx.call.author, greeting)


async def _show(ctx: CommandContext) -> None:
    name = ctx.call.arguments.get("name")
    stage = await ctx.services.stories.stage(ctx.chat, ctx.call.author)
    character = await find_character(ctx, name) if name else stage.character
    world = replace(stage, character=character).world()
    card = character.card
    greetings = 1 + len(card.get("alternate_greetings") or ())
    lines = [
        f"**{character.name}**",
        expand(str(card.get("description") or ""), world).text,
        expand(f"*Personality:* {card['personality']}", world).text if card.get("personality") else "",
        expand(f"*Scenario:* {card['scenario']}", world).text if card.get("scenario") else "",
        f"*Picture prefix:* `{character.prefix}`" if character.prefix else "",
        f"*Picture negative:* `{character.negative}`" if character.negative else "",
        f"{greetings} greeting{'s' if greetings > 1 else ''}." if card.get("first_mes") else "",
    ]
    avatar = ctx.services.assets.path(character.avatar) if character.avatar else None
    await ctx.say("\n".join(line for line in lines if line), picture=avatar)


async def _import(ctx: CommandContext) -> None:
    if not ctx.call.files:
        raise UserError("Send a character card with the command: a PNG or JSON file (V1, V2 or V3).")
    attachment = ctx.call.files[0]
    limit = ctx.services.guard.rules.attachment_bytes
    data = await ctx.services.platforms[ctx.call.chat.platform].fetch(attachment, limit)
    card = await asyncio.to_thread(read_card, data, attachment.name)
    character = await keep_card(ctx, card)
    await ctx.say(f"**{character.name}** has joined. `/character use {character.name}` starts talking.")


async def keep_card(ctx: CommandContext, card: Card) -> Character:
    """Store an imported card for this place, with its image as avatar. A character of the same name is replaced."""
    services = ctx.services
    services.guard.check_picture(ctx.chat, card.prefix)
    avatar: str | None = None
    if card.image is not None:
        try:
            avatar = (await services.assets.put(card.image)).sha
        except BadFile:
            avatar = None  # the words are good; a card without a usable picture is still a character
    async with services.db.write() as c:
        character = await characters.add(c, characters.owner_of(ctx.chat.key), card.name, card.data, avatar=avatar)
        if card.prefix or card.negative:
            await characters.set_prefix(c, character.id, card.prefix, card.negative)
        return character


async def _export(ctx: CommandContext) -> None:
    character = await find_character(ctx, ctx.call.arguments["name"])
    image: bytes | None = None
    if character.avatar:
        async with ctx.services.db.read() as c:
            asset = await assets.by_sha(c, character.avatar)
        if asset is not None and asset.mime == "image/png":
            image = await ctx.services.assets.read(character.avatar)
    name, mime, data = write_card(character.name, character.card, image, prefix=character.prefix, negative=character.negative)
    await ctx.say(f"**{character.name}** as a character card.", file=FileOut(name, mime, data))


async def _prefix(ctx: CommandContext) -> None:
    arguments = ctx.call.arguments
    character = (await ctx.services.stories.stage(ctx.chat, ctx.call.author)).character
    prefix = arguments.get("prefix", character.prefix)
    negative = arguments.get("negative", character.negative)
    ctx.services.guard.check_picture(ctx.chat, prefix)
    if character.owner == "builtin":
        raise UserError("The built-in character belongs to everybody. Import a card to change one of your own.")
    async with ctx.services.db.write() as c:
        await characters.set_prefix(c, character.id, prefix, negative)
    await ctx.say(f"**{character.name}** is drawn with `{prefix or '—'}`, never with `{negative or '—'}`.")


async def _persona(ctx: CommandContext) -> None:
    arguments, person = ctx.call.arguments, ctx.call.author
    async with ctx.services.db.read() as c:
        known = await personas.get(c, ctx.chat.key.platform, person.id)
    name = str(arguments.get("name") or (known.name if known else person.name)).strip()[:80]
    description = str(arguments.get("description", known.description if known else "")).strip()
    check_words(f"{name} {description}")
    given = await find_base(ctx.services, ctx.chat, own=ctx.call.attachments)
    avatar = given or (known.avatar if known and arguments.get("picture", True) else None)
    if arguments or given:
        async with ctx.services.db.write() as c:
            await personas.put(c, ctx.chat.key.platform, person.id, name, description, avatar)
    about = f": {description}" if description else '. Add a description: `/persona name="Ann" a tall woman with a red scarf`'
    if known and known.avatar and not avatar:
        about += "\nYour picture is forgotten; your avatar here is taken where one is wanted."
    shown = ctx.services.assets.path(avatar) if avatar else None
    await ctx.say(f"You are **{name}**{about}", private=True, picture=shown)


async def _names(ctx: CommandContext, typed: str) -> list[str]:
    async with ctx.services.db.read() as c:
        cast = await characters.for_chat(c, ctx.chat.key)
    return [ch.name for ch in cast if typed.lower() in ch.name.lower()]


_NAME = Option("name", "the character's name", required=True, rest=True, complete=_names)
COMMANDS = (
    Command("character list", "who can be talked with here", _list),
    Command(
        "character use",
        "talk with somebody else",
        _use,
        (_NAME, Option("greeting", "which greeting, 1 for the first", "integer", least=1, most=50)),
        who="manager",
    ),
    Command("character show", "show a character", _show, (Option("name", "the character's name", rest=True, complete=_names),)),
    Command(
        "character import",
        "add a character card (PNG or JSON)",
        _import,
        (Option("card", "the card file", "file", required=True),),
        who="manager",
    ),
    Command("character export", "get a character as a card file", _export, (_NAME,)),
    Command(
        "character prefix",
        "how the current character is drawn",
        _prefix,
        (
            Option("prefix", "words for every picture of the character, such as «red hair, green eyes»", rest=True),
            Option("negative", "what pictures of the character never show"),
        ),
        who="manager",
    ),
    Command(
        "persona",
        "who you are in the story",
        _persona,
        (
            Option("name", "your name in the story"),
            Option("description", "what others see of you", rest=True),
            Option("image", "a picture of you, for models and workflows that look at one; else your avatar here is taken", "file"),
            Option("picture", "off forgets the picture you gave", "boolean", advanced=True),
        ),
        private=True,
        examples=('/persona name="Ann" a tall woman with a red scarf',),
    ),
)
