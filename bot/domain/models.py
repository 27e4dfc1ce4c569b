"""A named image model: a backend's model together with the settings that suit it, as the host wrote them down."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from bot.domain.places import Frozen

LoraText = Annotated[str, Field(pattern=r"^[^:<>]+:-?\d+(\.\d+)?$")]
"""``name:weight``; the weight is usually 0–1, some LoRAs are made for more or for less than nothing."""


class ModelEntry(Frozen):
    """One ``[models.<name>]`` table. What it leaves out stays with the chat; None and empty mean that it says nothing."""

    backend: str = Field("", description="`[images.<name>]` that draws; empty takes the chat's backend.")
    model: str = Field("", description="Model as the backend knows it; empty takes the backend's own choice.")
    family: str = Field(
        "",
        description="What the model is based on: sd15, sdxl, pony, illustrious, flux, sd3, gpt-image …; empty asks the backend.",
        pattern=r"^[a-z0-9.-]*$",
        json_schema_extra={"expected": "lower-case word"},
    )
    prompt: str = Field("", description="Words before every prompt of this model.", max_length=2000)
    negative: str = Field("", description="Added to every negative prompt of this model.", max_length=2000)
    writer: str = Field("", description="Instructions to whoever drafts prompts for this model.", max_length=2000)
    width: int | None = Field(None, description="Width in pixels; 128 to 1024 in steps of 8 for plain Stable Diffusion.", ge=64, le=4096)
    height: int | None = Field(None, description="Height in pixels.", ge=64, le=4096)
    steps: int | None = Field(None, description="Sampling steps; 20 to 40 suit most samplers.", ge=1, le=150)
    cfg: float | None = Field(None, description="CFG scale; 3 to 10 is usual, above 15 pictures burn.", ge=0, le=30)
    sampler: str = Field("", description="Sampler; Euler a and DPM++ 2M SDE Karras are good choices.")
    scheduler: str = Field("", description="Scheduler name as the backend knows it.")
    clip_skip: int | None = Field(None, description="CLIP skip, 1 meaning none; higher values draw more abstractly.", ge=1, le=12)
    denoise: float | None = Field(None, description="Denoise strength.", ge=0, le=1)
    seed: int | None = Field(None, description="Seed of every picture: alike, but not the same person in another pose.", ge=0, le=2**32 - 1)
    loras: tuple[LoraText, ...] = Field(
        (), description="LoRAs as `name:weight`, where the backend takes them.", json_schema_extra={"expected": "list of name:weight"}
    )
    cost: str = Field("", description="What a picture costs, in words, shown in `/model list`.", max_length=80)

    def lora_tags(self) -> str:
        """The LoRAs as AUTOMATIC1111 writes them into a prompt: ``<lora:name:weight>``."""
        return " ".join(f"<lora:{lora}>" for lora in self.loras)

    def facts(self) -> dict[str, Any]:
        """What the host wrote down for sampling, name → value."""
        values = {name: getattr(self, name) for name in ("steps", "cfg", "sampler", "scheduler", "clip_skip", "denoise", "seed")}
        return {name: value for name, value in values.items() if value not in (None, "")}
