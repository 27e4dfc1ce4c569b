"""SD.Next: AUTOMATIC1111's routes with settings of their own in place of ``override_settings``.

Checkpoint and clip skip are fields of the request here, face restoration is called detailer, a sampler carries its schedule, and the
families of models are told by the server. The rest is as in ``a1111``.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from providers.contract import ImageCapabilities, Reference, RenderSpec
from providers.images import a1111_request as wire
from providers.images.a1111 import A1111Options, Automatic1111Backend
from providers.images.fitted import fitted

_UNKNOWN_HERE = (
    "override_settings",
    "override_settings_restore_afterwards",
    "scheduler",
    "restore_faces",
    "hr_additional_modules",
    "resize_mode",
)


class SdNextOptions(A1111Options):
    """Options of ``[images.<name>]`` for this provider."""

    vae_override: bool = False
    """Send a chosen VAE as ``override_settings.sd_vae``; versions differ in whether they still read it."""
    hires_upscaler: str = ""
    """Upscaler of the second pass when nobody chose one; empty leaves it to the server."""


class SdNextBackend(Automatic1111Backend):
    """One SD.Next server."""

    OPTIONS: ClassVar[type[A1111Options]] = SdNextOptions
    SCHEDULERS: ClassVar[bool] = False
    _options: SdNextOptions

    def capabilities(self, model: str = "") -> ImageCapabilities:
        able = super().capabilities(model)
        return dataclasses.replace(able, scheduler=False, vae=self._options.vae_override)

    async def _request(self, spec: RenderSpec, wishes: wire.Wishes, base: Reference | None) -> tuple[str, dict[str, Any]]:
        """The reference is brought to the picture's size here, so that the server's way of resizing does not matter."""
        body = wire.body_of(spec, wishes)
        picture = None if base is None else await fitted(base, body["width"], body["height"], self.name)
        route, body = wire.route_of(picture, wishes, body)
        return route, self._own(spec, wishes, body)

    def _own(self, spec: RenderSpec, wishes: wire.Wishes, body: dict[str, Any]) -> dict[str, Any]:
        own = {key: value for key, value in body.items() if key not in _UNKNOWN_HERE}
        if wishes.checkpoint:
            own["sd_model_checkpoint"] = wishes.checkpoint
        if wishes.clip_skip:
            own["clip_skip"] = wishes.clip_skip
        if spec.restore_faces:
            own["detailer_enabled"] = True
        if wishes.vae and self._options.vae_override:
            own["override_settings"] = {"sd_vae": wishes.vae}
        if own.get("enable_hr"):
            own.update(
                hr_force=True,
                hr_denoising_strength=own.pop("denoising_strength"),
                hr_upscaler=wishes.upscaler or self._options.hires_upscaler,
            )
            if not own["hr_upscaler"]:
                del own["hr_upscaler"]
        return own

    async def _server_kind(self) -> str:
        return "SD.Next"
