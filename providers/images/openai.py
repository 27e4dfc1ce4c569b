"""OpenAI's image models: generations, edits with up to sixteen ordered references; and servers that speak its image API.

One call is one picture; there is no progress but streamed partial pictures, which cost extra and are not asked for. No negative
prompt, seed or steps exist. What a model takes stands in ``openai_models``. ``compatible = true`` speaks the smaller dialect of
gateways and local servers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from providers.contract import (
    Dropped,
    ImageCapabilities,
    ImageModelInfo,
    ProviderConfig,
    Reference,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind, ProviderError
from providers.hosts import is_private_url
from providers.images.cloud import CloudBackend, bearer
from providers.images.cloud_errors import Meaning
from providers.images.families import family_of, prompt_style_of
from providers.images.file_options import FileOptions
from providers.images.fitted import fitted
from providers.images.openai_models import (
    COMPATIBLE,
    MOST_PIXELS,
    MOST_SIDE,
    STANDARD_SIZES,
    Rules,
    free_size,
    nearest_fixed,
    rules_of,
)
from providers.images.references import as_file, at_most, checked
from providers.images.results import first_picture, size_came
from providers.options import read_options

MODEL = "gpt-image-2"
REFERENCE_BYTES = 50_000_000
"""Most bytes of a reference that is made square before it is sent."""


class OpenAIImageOptions(FileOptions):
    """Options of ``[images.<name>]`` for this provider."""

    quality: Literal["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"] | None = None
    """Quality asked for; which words are allowed depends on the model."""
    moderation: Literal["auto", "low"] | None = None
    """``low`` filters less; unset takes ``low`` only where adult content is allowed."""
    input_fidelity: Literal["low", "high"] | None = None
    """How closely an edit keeps to its references; gpt-image-1.5 and smaller only, and mini takes only ``low``."""
    complexity: Literal["low", "medium", "high"] | None = None
    """How much a model that thinks about a picture thinks, where it has the choice."""
    sizes: Literal["model", "free", "fixed"] = "model"
    """Whether any size or only the three standard ones may be asked for; ``model`` goes by the model's name."""
    least_pixels: int = Field(default=655_360, ge=0)
    """Smaller wishes are enlarged to so many pixels where any size may be asked for; the service's own limit is not published."""
    organization: str = ""
    """Organisation the requests are counted under."""
    project: str = ""
    """Project the requests are counted under."""
    compatible: bool = False
    """The server only speaks the API: send prompt, model, n, size and ``response_format`` and nothing else."""
    response_format: Literal["b64_json", "url", "none"] = "b64_json"
    """How a compatible server is asked to answer; ``none`` leaves the field out. OpenAI's own models are never asked."""
    edits: bool = True
    """A compatible server has ``/images/edits``."""


class OpenAIImagesBackend(CloudBackend):
    """OpenAI's Images API."""

    SECONDS = 600.0
    MEANINGS: ClassVar[Sequence[Meaning]] = (
        Meaning(re.compile(r"safety system|safety_violations|content policy", re.IGNORECASE), ErrorKind.REFUSED, statuses=(400,)),
        Meaning(re.compile(r"\bconflict\b", re.IGNORECASE), ErrorKind.BUSY, statuses=(409,)),
        Meaning(
            re.compile(r"must be verified|verify your organi[sz]ation", re.IGNORECASE),
            ErrorKind.UNAUTHORISED,
            "The host's organisation must be verified there first.",
            statuses=(401, 403),
        ),
        Meaning(
            re.compile(r"unsupported_country", re.IGNORECASE),
            ErrorKind.MISCONFIGURED,
            "It does not serve the host's country.",
            statuses=(403,),
        ),
    )

    OPTIONS = OpenAIImageOptions

    def __init__(self, config: ProviderConfig) -> None:
        options = self._options = read_options(config, OpenAIImageOptions)
        scope = {"OpenAI-Organization": options.organization, "OpenAI-Project": options.project}
        if config.api_key is None and not is_private_url(config.base_url):
            raise ProviderError(ErrorKind.MISCONFIGURED, config.name, f"[images.{config.name}] needs api_key.")
        super().__init__(
            config, {**bearer(config), **{key: value for key, value in scope.items() if value}}, model="" if options.compatible else MODEL
        )

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """Sizes go by the model: three of them, or any of which both sides are multiples of 16 and the ratio 1:3 to 3:1."""
        model = model or self.model
        rules = self._rules(model)
        free = SizeRule(least=256, most=MOST_SIDE, step=16, max_pixels=MOST_PIXELS)
        sides = [side for size in rules.sizes for side in size]
        return ImageCapabilities(
            negative_in_words="gpt-image" in model,
            image_to_image=rules.references > 0,
            references=rules.references,
            model_choice=True,
            count=10,
            sizes=SizeRule(min(sides), max(sides), 1, rules.sizes) if sides else free,
            model_list=True,
            local=is_private_url(self._config.base_url),
            nsfw="unknown" if self._options.compatible else "refuses",
            prompt_style=prompt_style_of(model, "sentences"),
        )

    def _rules(self, model: str) -> Rules:
        options = self._options
        rules = COMPATIBLE if options.compatible else rules_of(model)
        if options.compatible and not options.edits:
            rules = replace(rules, references=0)
        if options.sizes == "free":
            return replace(rules, sizes=())
        return replace(rules, sizes=rules.sizes or STANDARD_SIZES) if options.sizes == "fixed" else rules

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """The list holds every model of the house; image models are told by their names. A compatible server's are taken as they are."""
        try:
            answer = await self._ask_json("GET", "/models")
        except ProviderError as error:
            if self._options.compatible and error.kind is ErrorKind.MISCONFIGURED:
                return ()  # not every such server has the route
            raise
        rows = answer.get("data") if isinstance(answer, Mapping) else None
        ids = [str(row["id"]) for row in rows if isinstance(row, Mapping) and row.get("id")] if isinstance(rows, list) else []
        wanted = [i for i in ids if self._options.compatible or family_of(i) == "gpt-image"]
        return tuple(ImageModelInfo(model, model, family_of(model)) for model in sorted(wanted))

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw, or edit as soon as there are references."""
        model = spec.model or self.model
        rules, dropped = self._rules(model), list[Dropped]()
        if len(spec.prompt) > rules.most_prompt:
            detail = f"The prompt is too long for it (limit {rules.most_prompt} characters)."
            raise ProviderError(ErrorKind.INVALID, self.name, detail)
        width, height = self._size(spec, rules)
        references = await self._references(spec, model, rules, min(width, height), dropped)
        fields = self._fields(spec, model, rules, dropped, editing=bool(references))
        fields = {"model": model, "prompt": spec.prompt, "n": 1, "size": f"{width}x{height}", **fields}
        if not model:  # a compatible server's own
            del fields["model"]
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
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), fields, cost_text=price)

    async def _references(self, spec: RenderSpec, model: str, rules: Rules, side: int, dropped: list[Dropped]) -> tuple[Reference, ...]:
        """The references the model takes, checked; made square where it needs that."""
        kept = at_most(spec.references, rules.references, model or self.name, dropped)
        if not rules.square_png:
            return checked(kept, self.name, most_bytes=rules.reference_bytes)
        readable = checked(kept, self.name, most_bytes=REFERENCE_BYTES)
        square = [await fitted(reference, side, side, self.name) for reference in readable]
        return checked(square, self.name, most_bytes=rules.reference_bytes, types=("image/png",))

    def _fields(self, spec: RenderSpec, model: str, rules: Rules, dropped: list[Dropped], *, editing: bool) -> dict[str, Any]:
        """The optional fields the model takes on this route; what was set and is not taken goes to ``dropped``."""
        options = self._options
        moderation = options.moderation or ("low" if spec.adult and "moderation" in rules.fields else None)
        wanted = {
            "quality": options.quality,
            "background": options.background,
            "output_format": options.output_format,
            "output_compression": options.output_compression if options.output_format in ("webp", "jpeg") else None,
            "complexity": options.complexity,
            "moderation": moderation,
            "input_fidelity": options.input_fidelity if editing else None,
        }
        known = {"quality": rules.qualities, "input_fidelity": rules.fidelities}
        fields: dict[str, Any] = {}
        for name, value in wanted.items():
            if value is None:
                continue
            if name == "moderation" and editing:
                dropped.append(Dropped(name, f"edits take none, so «{value}» was left out"))
            elif value in known[name] if name in known else name in rules.fields:
                fields[name] = value
            else:
                dropped.append(Dropped(name.replace("_", " "), f"{model or self.name} does not take «{value}»"))
        if options.compatible and options.response_format != "none":
            fields["response_format"] = options.response_format
        elif not options.compatible and rules.names_format:
            fields["response_format"] = "b64_json"
        return fields

    def _size(self, spec: RenderSpec, rules: Rules) -> tuple[int, int]:
        """Within the model's limits; what really came is reported."""
        if rules.sizes:
            return nearest_fixed(spec.width, spec.height, rules.sizes)
        if self._options.compatible:
            return spec.width, spec.height
        return free_size(spec.width, spec.height, self._options.least_pixels)


def _files(references: tuple[Reference, ...]) -> list[tuple[str, tuple[str, bytes, str]]]:
    field = "image" if len(references) == 1 else "image[]"
    return [(field, as_file(reference, f"reference-{number}")) for number, reference in enumerate(references, 1)]
