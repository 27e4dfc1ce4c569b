"""What can be set for one chat. The command ``settings``, the page, ``[defaults]`` and the README's table are made from this."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Approval = Literal["automatic", "ask", "manual"]


def setting(default: Any, help: str, *, group: str, advanced: bool = False, **limits: Any) -> Any:
    """A chat setting with its help sentence, the group it is listed under and its limits."""
    return Field(default=default, description=help, json_schema_extra={"group": group, "advanced": advanced}, **limits)


class ChatSettings(BaseModel):
    """Settings of one chat; a new chat starts with the host's ``[defaults]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # talking
    reply: Literal["addressed", "always", "never"] = setting(
        "addressed", "When the character answers in a group: only when addressed, always, or never.", group="talk"
    )
    chat_model: str = setting("", "Chat model by the host's name for it; empty takes the host's first.", group="talk")
    streaming: bool = setting(True, "Show the reply while it is being written.", group="talk")
    temperature: float | None = setting(None, "Sampling temperature.", group="talk", advanced=True, ge=0, le=2)
    reply_tokens: int = setting(400, "Longest reply, in tokens.", group="talk", advanced=True, ge=16, le=8192)
    author_note: str = setting("", "A note the model reads just before it answers.", group="talk", max_length=2000)

    # when to draw
    word_pictures: bool = setting(True, "Draw when a player asks for a picture in plain words.", group="asking")
    character_pictures: Literal["tool", "tag", "off"] = setting(
        "tool",
        "How the character may send pictures by itself: function tool (where the model can), scene tag, or not at all.",
        group="asking",
    )
    offers: bool = setting(True, "Offer a «Draw?» button when a line might be meant as a request.", group="asking")
    interactive_reply: Literal["picture", "both"] = setting(
        "picture", "What a request in words gets: the picture alone, or a text reply as well.", group="asking"
    )
    picture_verbs: str = setting(
        "", "More verbs that ask for a picture, separated by commas (added to the built-in ones).", group="asking", advanced=True
    )
    picture_nouns: str = setting(
        "", "More nouns that mean a picture, separated by commas (added to the built-in ones).", group="asking", advanced=True
    )

    # approval
    approve_words: Approval = setting(
        "automatic", "Requests in words: draw at once, ask first with the prompt shown, or only offer.", group="approval"
    )
    approve_character: Approval = setting(
        "automatic", "Pictures the character decides on: draw at once, ask first, or only offer.", group="approval"
    )
    approve_command: Approval = setting("automatic", "Pictures by command: draw at once or ask first.", group="approval")

    # how to draw
    backend: str = setting("", "Image backend by the host's name for it; empty takes the host's first.", group="picture")
    model: str = setting("", "Image model by the host's name or the backend's; empty takes the backend's own choice.", group="picture")
    workflow: str = setting(
        "", "ComfyUI workflow by name (`/workflow list`); empty takes the backend's own.", group="picture", advanced=True
    )
    width: int = setting(512, "Width in pixels before the mode forces its shape.", group="picture", ge=64, le=4096)
    height: int = setting(512, "Height in pixels before the mode forces its shape.", group="picture", ge=64, le=4096)
    snap: Literal["auto", "on", "off"] = setting(
        "auto",
        "Move forced shapes to the nearest known resolution: always, never, or for SDXL families only.",
        group="picture",
        advanced=True,
    )
    steps: int | None = setting(None, "Sampling steps; 20 to 40 suit most samplers.", group="picture", advanced=True, ge=1, le=150)
    cfg: float | None = setting(None, "CFG scale; 3 to 10 is usual, above 15 pictures burn.", group="picture", advanced=True, ge=0, le=30)
    sampler: str = setting("", "Sampler name as the backend knows it.", group="picture", advanced=True)
    scheduler: str = setting("", "Scheduler name as the backend knows it.", group="picture", advanced=True)
    vae: str = setting("", "VAE name as the backend knows it.", group="picture", advanced=True)
    seed: int = setting(-1, "Seed; -1 takes a new one for every picture.", group="picture", advanced=True, ge=-1, le=2**32 - 1)
    clip_skip: int | None = setting(None, "CLIP skip, 1 meaning none.", group="picture", advanced=True, ge=1, le=12)
    prefix: str = setting("", "Words before every prompt; {prompt} marks where the prompt goes.", group="picture", max_length=2000)
    negative: str = setting("", "What pictures should not show.", group="picture", max_length=2000)
    style: str = setting("", "Style in use; it replaces prefix and negative.", group="picture")
    enhance: Literal["auto", "on", "off"] = setting(
        "auto",
        "Add the quality tags of the model's family and tidy tags: always, never, or where the host named the family of the model.",
        group="picture",
    )
    extend_free: bool = setting(False, "Let the writer model enlarge free prompts.", group="picture")
    writer_template: str = setting("", "Extra instructions to the writer model.", group="picture", advanced=True, max_length=2000)

    # showing
    controls: Literal["buttons", "reactions", "both"] = setting("buttons", "Controls under a picture.", group="showing")
    caption: str = setting(
        "", "Text under a picture; {{prompt}} and {{char}} may be used; empty shows none.", group="showing", max_length=500
    )
    visible_to_character: bool = setting(False, "Tell the chat model which pictures were shown.", group="showing")
    adult: bool = setting(
        False,
        "Allow adult content here; needs the host's switch. On Discord the channel's own age restriction decides instead.",
        group="safety",
    )
    spoiler: Literal["adult", "always", "never"] = setting("adult", "Cover pictures until tapped.", group="safety")
