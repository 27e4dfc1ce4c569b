"""Stability AI: Stable Image core, ultra and Stable Diffusion 3.5 (v2beta), and the engines of the legacy v1 API.

A v2beta request is always a multipart form. Its sizes are aspect ratios; a filtered picture comes as a blurred one with HTTP 200
and a ``finish-reason``. Whether v1 is still served is not certain; a model that is no v2beta one is taken for a v1 engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from providers.contract import (
    Choice,
    Dropped,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    ProviderConfig,
    Reference,
    RenderedImage,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind, ProviderError
from providers.http import Answer
from providers.images import stability_v1 as v1
from providers.images.cloud import CloudBackend, bearer
from providers.images.cloud_errors import Meaning, refused
from providers.images.families import family_of
from providers.images.fitted import enlarged
from providers.images.formats import from_base64, rendered
from providers.images.limits import in_range, nearest_ratio, ratio_pairs
from providers.images.references import as_file, at_most, checked
from providers.images.results import number_of, size_came
from providers.options import Options, read_options

RATIOS = ("21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21")
ROUTES: Mapping[str, str] = {
    "core": "core",
    "ultra": "ultra",
    "sd3.5-large": "sd3",
    "sd3.5-large-turbo": "sd3",
    "sd3.5-medium": "sd3",
    "sd3.5-flash": "sd3",
}
"""v2beta models and the route below ``generate/`` that draws them."""
CREDITS: Mapping[str, float] = {
    "core": 3,
    "ultra": 8,
    "sd3.5-large": 6.5,
    "sd3.5-large-turbo": 4,
    "sd3.5-medium": 3.5,
    "sd3.5-flash": 2.5,
}
"""Its list prices of one picture; an answer names none."""
FIXED_CFG = ("sd3.5-large-turbo", "sd3.5-flash")
MOST_SEED = 4_294_967_294
REFERENCE_BYTES = 10_000_000
"""A whole request may have 10 MiB; the rest is for its words."""
REFERENCE_PIXELS = 9_437_184
LEAST_REFERENCE_SIDE = 64
PAUSE_SECONDS = 60.0
"""How long it refuses everything after 150 requests within ten seconds."""
MOST_PROMPT = 10_000
DENOISE = 0.7
Preset = Literal[
    "enhance", "anime", "photographic", "digital-art", "comic-book", "fantasy-art", "line-art", "analog-film", "neon-punk",
    "isometric", "low-poly", "origami", "modeling-compound", "cinematic", "3d-model", "pixel-art", "tile-texture",
]  # fmt: skip


class StabilityOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    style_preset: Preset | None = None
    """One of the service's own styles, for every picture."""
    output_format: Literal["png", "jpeg", "webp"] = "png"
    """File format asked for."""
    legacy_engines: bool = False
    """List the engines of the v1 API among the models."""
    clip_guidance_preset: v1.Guidance = ""
    """v1 only."""
    client_id: str = Field(default="", max_length=256)
    """Name of the application, sent along for the service's own debugging."""


class StabilityBackend(CloudBackend):
    """Stability AI's platform."""

    ERROR_KEYS: ClassVar = CloudBackend.ERROR_KEYS | {"id", "name"}
    MEANINGS: ClassVar = (
        Meaning(re.compile(r"content_moderation|public_figure|invalid_prompts", re.IGNORECASE), ErrorKind.REFUSED),
        Meaning(re.compile(r"invalid_language", re.IGNORECASE), ErrorKind.INVALID, "It understands English prompts only."),
        Meaning(re.compile(r"payload_too_large", re.IGNORECASE), ErrorKind.INVALID, "The reference picture is too big for it."),
        Meaning(re.compile(r"invalid_(?:file_size|mime_type|image_dim|mask)"), ErrorKind.INVALID, "It did not accept a reference picture."),
        Meaning(re.compile(r"bad_request"), ErrorKind.INVALID),
        Meaning(re.compile(r"insufficient_balance|not have enough|lack sufficient credits", re.IGNORECASE), ErrorKind.NO_CREDIT),
    )

    OPTIONS = StabilityOptions

    def __init__(self, config: ProviderConfig) -> None:
        options = self._options = read_options(config, StabilityOptions)
        client = {"stability-client-id": options.client_id} if options.client_id else {}
        super().__init__(config, {**bearer(config), **client}, model="core")

    def capabilities(self, model: str = "") -> ImageCapabilities:
        model = model or self.model
        if model not in ROUTES:
            return v1.capabilities_of(model)
        takes_image = ROUTES[model] != "core"
        return ImageCapabilities(
            image_to_image=takes_image,
            references=1 if takes_image else 0,
            negative=True,
            seed=True,
            cfg=ROUTES[model] == "sd3" and model not in FIXED_CFG,
            denoise=takes_image,
            model_choice=True,
            sizes=SizeRule(least=64, most=4096, step=1, ratios=ratio_pairs(RATIOS)),
            model_list=self._options.legacy_engines,
            nsfw="refuses",
            prompt_style="sentences",
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """The v2beta models, which the service has no list of, and on request the engines of v1."""
        known = [ImageModelInfo(model, model, "sd3") for model in ROUTES]
        if self._options.legacy_engines:
            rows = await self._ask_json("GET", "/v1/engines/list")
            engines = [row for row in rows if isinstance(row, Mapping) and row.get("type") == "PICTURE"] if isinstance(rows, list) else []
            known.extend(ImageModelInfo(str(row["id"]), str(row.get("name") or row["id"]), family_of(str(row["id"]))) for row in engines)
        return tuple(known)

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        return v1.SAMPLERS if setting == "sampler" and self.model not in ROUTES else ()

    async def check(self) -> Health:
        """Asks for the balance, which needs an accepted key."""
        answer = await self._ask_json("GET", "/v1/user/balance")
        credits_left = number_of(answer.get("credits")) if isinstance(answer, Mapping) else None
        warnings = ("No credits are left.",) if credits_left is not None and credits_left <= 0 else ()
        left = f", {credits_left:g} credits left" if credits_left is not None else ""
        return Health(f"Stability AI, drawing with {self.model}{left}", (), warnings)

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        model = spec.model or self.model
        self._check_length(spec, MOST_PROMPT if model in ROUTES else v1.MOST_PROMPT)
        dropped: list[Dropped] = []
        kept = at_most(spec.references, self.capabilities(model).references, model, dropped)
        references = checked(kept, self.name, most_bytes=REFERENCE_BYTES, most_pixels=REFERENCE_PIXELS)
        if model not in ROUTES:
            return await self._draw_with_engine(spec, model, references, dropped)
        references = tuple([await enlarged(reference, LEAST_REFERENCE_SIDE, self.name, dropped) for reference in references])
        fields = self._fields(spec, model, dropped, editing=bool(references))
        files: list[tuple[str, Any]] = [(key, (None, str(value))) for key, value in fields.items()]
        files.extend(("image", as_file(reference, "reference")) for reference in references)
        route = f"/v2beta/stable-image/generate/{ROUTES[model]}"
        wish = {"accept": "image/*"}
        answer = await self._ask("POST", route, seconds=self._seconds, model=model, files=files, headers=wish)
        image = self._picture(answer, fields["seed"])
        price = f"{CREDITS[model]:g} credits"
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), fields, cost_text=price)

    def _check_length(self, spec: RenderSpec, most: int) -> None:
        for label, text in (("prompt", spec.prompt), ("negative prompt", spec.negative)):
            if len(text) > most:
                raise ProviderError(ErrorKind.INVALID, self.name, f"The {label} is too long for it (limit {most} characters).")

    def _fields(self, spec: RenderSpec, model: str, dropped: list[Dropped], *, editing: bool) -> dict[str, Any]:
        """The form without its picture. A seed of 0 would mean a random one."""
        seed = in_range(spec.seed, 1, MOST_SEED, "seed", dropped)
        fields: dict[str, Any] = {"prompt": spec.prompt, "seed": seed, "output_format": self._options.output_format}
        if spec.negative:
            fields["negative_prompt"] = spec.negative
        if self._options.style_preset:
            fields["style_preset"] = self._options.style_preset
        if ROUTES[model] == "sd3":
            fields |= {"model": model, "mode": "image-to-image" if editing else "text-to-image"}
            cfg = None if model in FIXED_CFG else in_range(spec.cfg, 1.0, 10.0, "CFG scale", dropped)
            fields |= {} if cfg is None else {"cfg_scale": cfg}
        if editing:
            fields["strength"] = DENOISE if spec.denoise is None else in_range(spec.denoise, 0.0, 1.0, "denoise strength", dropped)
        if not editing or ROUTES[model] == "ultra":
            fields["aspect_ratio"] = nearest_ratio(spec.width, spec.height, RATIOS)
        return fields

    def _picture(self, answer: Answer, seed: int) -> RenderedImage:
        """The picture of an answer as bytes or as JSON, whichever came. A blurred one is a refusal."""
        reason, data = answer.headers.get("finish-reason", ""), answer.content
        said: Any = answer.headers.get("seed", "")
        if answer.mime == "application/json":
            body = self._json(answer)
            body = body if isinstance(body, Mapping) else {}
            reason, said = str(body.get("finish_reason") or ""), body.get("seed")
            data = from_base64(str(body.get("image") or ""), self.name)
        if reason.upper() == "CONTENT_FILTERED":
            raise refused(self.name, "finish-reason CONTENT_FILTERED", "It blurred the picture.")
        real = number_of(said)
        return rendered(data, self.name, seed=seed if real is None else int(real))

    async def _draw_with_engine(
        self, spec: RenderSpec, engine: str, references: tuple[Reference, ...], dropped: list[Dropped]
    ) -> RenderResult:
        fields = v1.fields_of(spec, dropped, preset=self._options.style_preset, guidance=self._options.clip_guidance_preset)
        if references:
            denoise = in_range(spec.denoise, 0.0, 1.0, "denoise strength", dropped)
            strength = 1 - (v1.DENOISE if denoise is None else denoise)
            fields |= {"init_image_mode": "IMAGE_STRENGTH", "image_strength": round(strength, 4)}
            form = v1.form_of(fields)
            parts: dict[str, Any] = {"data": form, "files": [("init_image", as_file(references[0], "reference"))]}
            route = "image-to-image"
        else:
            fields |= v1.size_of_engine(spec, engine)
            parts, route = {"json": fields}, "text-to-image"
        path = f"/v1/generation/{self._in_path(engine)}/{route}"
        wish = {"accept": "application/json"}
        answer = await self._ask_json("POST", path, seconds=self._seconds, model=engine, headers=wish, **parts)
        image = v1.picture_in(answer, self.name, fields["seed"])
        return RenderResult((image,), engine, (*size_came(spec, image), *dropped), fields)

    def _failure(self, answer: Answer, model: str = "") -> ProviderError:
        error = super()._failure(answer, model)
        if error.kind is ErrorKind.RATE_LIMITED and error.retry_after is None:
            error.retry_after = PAUSE_SECONDS
        return error

    def _reshape(self, body: Any) -> Any:
        """``{"id", "name", "errors": [text]}`` of v2beta and ``{"id", "name", "message"}`` of v1 as an error with a code."""
        if not isinstance(body, Mapping) or not isinstance(body.get("name"), str):
            return body
        errors = body.get("errors")
        message = "; ".join(str(text) for text in errors) if isinstance(errors, list) else str(body.get("message") or "")
        return {"error": {"code": body["name"], "message": message}}
