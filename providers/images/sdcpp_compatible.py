"""The AUTOMATIC1111 routes of stable-diffusion.cpp's server, for versions without its job API.

It takes no ``override_settings``: clip skip is a field of its own here, and so are the steps of the second pass. It rounds sizes up to
its grid and scales a picture to start from without a word.
"""

from __future__ import annotations

from typing import Any

from providers.contract import Reference, RenderSpec
from providers.grid import on_grid
from providers.images import a1111_request as wire
from providers.images.a1111 import Automatic1111Backend
from providers.images.fitted import fitted
from providers.images.sdcpp_request import LEAST, MOST, STEP

_UNKNOWN_HERE = ("override_settings", "override_settings_restore_afterwards", "hr_additional_modules", "n_iter", "resize_mode")


class CompatibleBackend(Automatic1111Backend):
    """Draws through ``/sdapi/v1`` of a stable-diffusion.cpp server."""

    async def _request(self, spec: RenderSpec, wishes: wire.Wishes, base: Reference | None) -> tuple[str, dict[str, Any]]:
        body = wire.body_of(spec, wishes)
        size = {side: on_grid(value, STEP, LEAST, MOST) for side, value in (("width", spec.width), ("height", spec.height))}
        picture = None if base is None else await fitted(base, size["width"], size["height"], self.name)
        route, body = wire.route_of(picture, wishes, {**body, **size})
        own = {key: value for key, value in body.items() if key not in _UNKNOWN_HERE}
        if wishes.clip_skip:
            own["clip_skip"] = wishes.clip_skip
        if steps := own.pop("hr_second_pass_steps", 0):
            own["hr_steps"] = steps
        return route, own
