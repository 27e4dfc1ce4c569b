"""What the tests of image backends share: a small picture, a spec, an ear."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from pydantic import SecretStr

from providers.contract import Progress, ProviderConfig, Reference, RenderSpec


def png(width: int = 8, height: int = 8, colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


PNG = png()
REFERENCE = Reference(png(colour="blue"), "image/png")


class Watch:
    """Remembers everything it is told."""

    def __init__(self, ref: str | None = None) -> None:
        self.ref = ref
        self.reports: list[Progress] = []
        self.remembered: list[str] = []

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(report.stage for report in self.reports))

    def progress(self, progress: Progress) -> None:
        self.reports.append(progress)

    async def remember(self, ref: str) -> None:
        self.ref = ref
        self.remembered.append(ref)


def spec(job_key: str = "job-1", **more: Any) -> RenderSpec:
    return RenderSpec(job_key, **{"prompt": "a red cat", "negative": "blurry", "width": 64, "height": 64, "seed": 5, **more})


def config(provider: str, url: str, *, key: str = "", model: str = "", seconds: float = 0, **options: Any) -> ProviderConfig:
    return ProviderConfig(
        name="mine",
        provider=provider,
        base_url=url,
        model=model,
        api_key=SecretStr(key) if key else None,
        timeout=seconds,
        options={"poll_seconds": 0.005, **options},
    )
