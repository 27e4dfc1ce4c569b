"""What a ComfyUI of one's own and Comfy Cloud share: the graphs, the lists, and the way from outputs to pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.contract import Choice, Dropped, ImageModelInfo, ProviderConfig, RenderedImage, RenderResult, RenderSpec, WorkflowFacts
from providers.errors import ErrorKind, ProviderError
from providers.images.comfyui_api import ComfyApi
from providers.images.comfyui_check import check_workflow, read_workflow, shipped_workflows
from providers.images.comfyui_lists import ComfyLists
from providers.images.comfyui_plan import Plan, Planner
from providers.images.comfyui_values import MOST_SEED, not_honoured, values_of
from providers.images.comfyui_wait import outputs_of
from providers.images.formats import rendered
from providers.images.self_hosted import PICTURE_SECONDS

MOST_PICTURES = 4
"""Pictures taken of one run."""


class GraphBackend:
    """The parts of ``ImageBackend`` and ``WorkflowReader`` (``providers.contract``) that are the same wherever graphs run."""

    _api: ComfyApi

    def __init__(self, config: ProviderConfig, api: ComfyApi) -> None:
        self.name = config.name
        self.model = config.model
        self._config = config
        self._seconds = config.timeout or PICTURE_SECONDS
        self._api = api
        self._lists = ComfyLists(api)
        self._planner = Planner(config, api, self._lists)

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        """Checkpoints, then diffusion models («UNet: …», «GGUF: …») that need a workflow of the host's own."""
        return (await self._lists.models(refresh=refresh)).infos()

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        return await self._lists.choices(setting)

    def read_workflow(self, text: str) -> WorkflowFacts:
        return read_workflow(self.name, text)

    async def check_workflow(self, text: str) -> tuple[str, ...]:
        return await check_workflow(self.name, text, self._api.node)

    def shipped_workflows(self) -> Mapping[str, str]:
        return shipped_workflows()

    async def close(self) -> None:
        """Nothing is held: connections are the shared layer's, sockets end with their picture."""

    async def _pictures(self, spec: RenderSpec, plan: Plan, entry: Mapping[str, Any], dropped: list[Dropped]) -> tuple[RenderedImage, ...]:
        """The first pictures of the output that counts, without those whose files are gone; more than are taken go to ``dropped``."""
        outputs = outputs_of(entry)
        if not outputs:
            raise ProviderError(ErrorKind.MISCONFIGURED, self.name, "The workflow ended without a picture; it needs a SaveImage node.")
        found = [await self._api.view(image) for image in outputs[:MOST_PICTURES]]
        if len(outputs) > MOST_PICTURES:
            dropped.append(Dropped("pictures", f"the workflow made {len(outputs)}; the first {MOST_PICTURES} are shown"))
        seed = spec.seed & MOST_SEED if "seed" in plan.names else None
        return tuple(rendered(data, self.name, seed=seed) for data in found if data is not None)

    def _result(self, spec: RenderSpec, plan: Plan, images: tuple[RenderedImage, ...], warnings: list[Dropped]) -> RenderResult:
        values = values_of(spec, model=plan.model, uploads=(), file_prefix="")
        sent = {name: values[name] for name in sorted(plan.names) if name in values and not name.endswith(("_avatar", "file_prefix"))}
        sent["workflow"] = plan.own or "the host's"
        return RenderResult(images, plan.model, (*not_honoured(spec, plan.names), *warnings), sent)
