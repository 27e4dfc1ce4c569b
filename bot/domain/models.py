"""A named image model: a backend's model together with the settings that suit it, as the host wrote them down."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from bot.domain.places import Frozen

LoraText = Annotated[str, Field(pattern=r"^[^:<>]+:-?\d+(\.\d+)?$")]
"""``name:weight``; the weight is usually 0–1, some LoRAs are made for more or for less than nothing."""


_FACTS = (
    *("steps", "cfg", "sampler", "scheduler", "clip_skip", "denoise", "vae", "hires", "upscale", "upscaler", "second_pass_steps"),
    *("restore_faces", "workflow", "references", "seed"),
)


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
    denoise: float | None = Field(
        None, description="How far a picture may go from the one it is drawn from; 0.5 to 0.8 is usual, 1 ignores it.", ge=0, le=1
    )
    vae: str = Field("", description="VAE name as the backend knows it.")
    hires: bool | None = Field(None, description="Hires fix: draw small, enlarge, draw over it.")
    upscale: float | None = Field(None, description="Factor of the hires fix.", ge=1, le=4)
    upscaler: str = Field("", description="Upscaler of the hires fix, as the backend knows it.")
    second_pass_steps: int | None = Field(
        None, description="Steps of the hires fix's second pass; 0 takes as many as the first.", ge=0, le=150
    )
    restore_faces: bool | None = Field(None, description="Let the backend restore faces.")
    workflow: str = Field("", description="ComfyUI workflow by name.")
    references: int | None = Field(
        None,
        description=(
            "Most reference images that go with a picture: the one to draw from, then the character's picture, the player's and the "
            "background. Unset lets only the first through, and the avatars a workflow has places for."
        ),
        ge=0,
        le=16,
    )
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
        return {name: value for name in _FACTS if (value := getattr(self, name)) not in (None, "")}
