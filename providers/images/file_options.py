"""Options of services that let the file of a picture be chosen."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from providers.options import Options


class FileOptions(Options):
    """How the picture's file is asked for; unset leaves it to the service."""

    background: Literal["auto", "transparent", "opaque"] | None = None
    """Background of the picture, where the model has the choice."""
    output_format: Literal["png", "webp", "jpeg"] | None = None
    """File format, where the model has the choice."""
    output_compression: int | None = Field(default=None, ge=0, le=100)
    """Compression of JPEG and WebP in percent."""

    @model_validator(mode="after")
    def _transparency_needs_alpha(self) -> Self:
        if self.background == "transparent" and self.output_format == "jpeg":
            raise ValueError("a transparent background needs output_format png or webp")
        return self
