"""OpenAI's image models: generations, edits with up to sixteen ordered references; and servers that speak its image API.

One call is one picture; there is no progress but streamed partial pictures, which cost extra and are not asked for. No negative
prompt, seed or steps exist. ``compatible = true`` speaks the smaller dialect of gateways and local servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from providers.contract import ImageCapabilities, ImageModelInfo, ProviderConfig, Reference, RenderResult, RenderSpec, RenderWatch, SizeRule
from providers.errors import ErrorKind, ProviderError
from providers.hosts import host_of, is_private_host
from providers.images.cloud import CloudBackend, bearer
from providers.images.limits import within_pixels
from providers.images.options import read_options
from providers.images.references import as_file, checked
from providers.images.results import first_picture, size_came

MODEL = "gpt-image-2"
MOST_REFERENCES = 16
REFERENCE_BYTES = 50_000_000
THREE_SIZES = ((1024, 1024), (1536, 1024), (1024, 1536))
FREE_SIZES = ("gpt-image-2-", "gpt-image-2.5")
"""Models documented to take any size whose sides are multiples of 16 (``gpt-image-2`` itself too)."""
MOST_PIXELS = 3840 * 2160


class OpenAIImageOptions(BaseModel):
    """Options of ``[images.<name>]`` for this provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"] | None = None
    background: Literal["auto", "transparent", "opaque"] | None = None
    output_format: Literal["png", "webp", "jpeg"] | None = None
    output_compression: int | None = Field(default=None, ge=0, le=100)
    moderation: Literal["auto", "low"] | None = None
    """``low`` filters less; unset takes ``low`` only where adult content is allowed."""
    input_fidelity: Literal["low", "high"] | None = None
    """How closely an edit keeps to its references; gpt-image-1.5 and smaller only."""
    complexity: Literal["low", "medium", "high"] | None = None
    sizes: Literal["model", "free", "fixed"] = "model"
    """Whether any size or only the three standard ones may be asked for; ``model`` goes by the model's name."""
    least_pixels: int = Field(default=655_360, ge=0)
    """Smaller wishes are enlarged to so many pixels where any size may be asked for; the service's own limit is not published."""
    organization: str = ""
    project: str = ""
    compatible: bool = False
    """The server only speaks the API: send prompt, model, n, size and ``response_format`` and nothing else."""
    edits: bool = True
    """A compatible server has ``/images/edits``."""

    @model_validator(mode="after")
    def _transparency_needs_alpha(self) -> Self:
        if self.background == "transparent" and self.output_format == "jpeg":
            raise ValueError("a transparent background needs output_format png or webp")
        return self


class OpenAIImagesBackend(CloudBackend):
    """OpenAI's Images API."""

    SECONDS = 600.0

    def __init__(self, config: ProviderConfig) -> None:
        options = self._options = read_options(config, OpenAIImageOptions)
        scope = {"OpenAI-Organization": options.organization, "OpenAI-Project": options.project}
        if config.api_key is None and not is_private_host(host_of(config.base_url)):
            raise ProviderError(ErrorKind.MISCONFIGURED, config.name, f"[images.{config.name}] needs api_key.")
        super().__init__(config, {**bearer(config), **{key: value for key, value in scope.items() if value}}, model=MODEL)

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """Sizes go by the model: three of them, or any of which both sides are multiples of 16 and the ratio 1:3 to 3:1."""
        edits = self._options.edits or not self._options.compatible
        free = self._free_sizes(model or self.model)
        return ImageCapabilities(
            image_to_image=edits,
            references=MOST_REFERENCES if edits else 0,
            model_choice=True,
            count=10,
            sizes=SizeRule(least=256, most=3840, step=16, max_pixels=MOST_PIXELS) if free else SizeRule(256, 1536, 1, THREE_SIZES),
            model_list=True,
            local=is_private_host(host_of(self._config.base_url)),
            nsfw="unknown" if self._options.compatible else "refuses",
            prompt_style="sentences",
        )

    def _free_sizes(self, model: str) -> bool:
        if self._options.sizes != "model":
            return self._options.sizes == "free"
        return self._options.compatible or model == "gpt-image-2" or model.startswith(FREE_SIZES)

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """The list holds every model of the house; image models are told by their names. A compatible server's are taken as they are."""
        answer = await self._ask_json("GET", "/models")
        rows = answer.get("data") if isinstance(answer, Mapping) else None
        ids = [str(row["id"]) for row in rows if isinstance(row, Mapping) and row.get("id")] if isinstance(rows, list) else []
        wanted = [i for i in ids if self._options.compatible or "gpt-image" in i or i.startswith("chatgpt-image")]
        return tuple(ImageModelInfo(model, model, "gpt-image" if "gpt-image" in model else "") for model in sorted(wanted))

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw, or edit as soon as there are references."""
        model = spec.model or self.model
        references = checked(spec.references, self.name, most_bytes=REFERENCE_BYTES)
        fields = self._fields(spec, model, editing=bool(references))
        if references:
            parts: dict[str, Any] = {"data": {key: str(value) for key, value in fields.items()}, "files": _files(references)}
            route = "/images/edits"
        else:
            parts, route = {"json": fields}, "/images/generations"
        answer = await self._ask_json("POST", route, seconds=self._seconds, model=model, **parts)
        image = await first_picture(self._config, answer)
        usage = answer.get("usage")
        tokens = usage.get("total_tokens") if isinstance(usage, Mapping) else None
        price = f"{tokens} tokens" if isinstance(tokens, int) else ""
        return RenderResult((image,), model, size_came(spec, image), fields, cost_text=price)

    def _fields(self, spec: RenderSpec, model: str, *, editing: bool) -> dict[str, Any]:
        options = self._options
        size = self._size(spec, model)
        if options.compatible:
            return {"model": model, "prompt": spec.prompt, "n": 1, "size": size, "response_format": "b64_json"}
        optional = {
            "quality": options.quality,
            "background": options.background,
            "output_format": options.output_format,
            "output_compression": options.output_compression if options.output_format in ("webp", "jpeg") else None,
            "complexity": options.complexity,
            "moderation": options.moderation or ("low" if spec.adult else None),
            "input_fidelity": options.input_fidelity,
        }
        left_out = "moderation" if editing else "input_fidelity"
        fields = {"model": model, "prompt": spec.prompt, "n": 1, "size": size}
        return {**fields, **{key: value for key, value in optional.items() if value is not None and key != left_out}}

    def _size(self, spec: RenderSpec, model: str) -> str:
        """``WxH`` within the model's limits; what really came is reported."""
        if not self._free_sizes(model):
            ratio = spec.width / spec.height
            width, height = min(THREE_SIZES, key=lambda size: abs(size[0] / size[1] - ratio))
            return f"{width}x{height}"
        if self._options.compatible:
            return f"{spec.width}x{spec.height}"
        wide, high = max(spec.width, spec.height / 3), max(spec.height, spec.width / 3)
        scale = max(1.0, (self._options.least_pixels / (wide * high)) ** 0.5)
        width, height = within_pixels(_up_to_16(wide * scale), _up_to_16(high * scale), MOST_PIXELS, 16)
        return f"{width}x{height}"


def _up_to_16(side: float) -> int:
    return min(3840, -(-int(side) // 16) * 16)


def _files(references: tuple[Reference, ...]) -> list[tuple[str, tuple[str, bytes, str]]]:
    field = "image" if len(references) == 1 else "image[]"
    return [(field, as_file(reference, f"reference-{number}")) for number, reference in enumerate(references, 1)]
