"""From a spec to the graph a ComfyUI server is sent: which graph, which model, uploaded references, filled placeholders."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from providers.contract import ImageCapabilities, ProviderConfig, RenderSpec, SizeRule
from providers.errors import ErrorKind, ProviderError
from providers.images import comfyui_graph as graphs
from providers.images.comfyui_api import ComfyApi
from providers.images.comfyui_lists import ComfyLists, Models
from providers.images.comfyui_values import (
    Uploads,
    avatar_bytes,
    default_graph,
    empty_slots,
    file_avatars,
    own_graph_name,
    pictures_for,
    values_of,
    with_file_names,
)

MOST_REFERENCES = 16
GRAPHS = ImageCapabilities(
    image_to_image=True,
    references=MOST_REFERENCES,
    negative=True,
    seed=True,
    steps=True,
    cfg=True,
    sampler=True,
    scheduler=True,
    clip_skip=True,
    denoise=True,
    vae=True,
    workflows=True,
    model_choice=True,
    sizes=SizeRule(least=16, most=4096, step=8),
    progress=True,
    queue_place=True,
    cancel=True,
    adopts=True,
    model_list=True,
)
"""What graphs can do wherever they run. Our own starts from one reference; what a host's uses is seen when it is filled, and reported."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a spec means on this server, before references are uploaded."""

    workflow: dict[str, Any]
    names: frozenset[str]
    """Placeholders in the graph, under our names."""
    model: str
    own: str
    """Which of our own graphs it is; empty for the host's."""


class Planner:
    """Plans and fills for one server. Raises ``ProviderError`` only, and before anything is queued."""

    def __init__(self, config: ProviderConfig, api: ComfyApi, lists: ComfyLists) -> None:
        self._config = config
        self._api = api
        self._lists = lists

    async def plan(self, spec: RenderSpec) -> Plan:
        try:
            own = own_graph_name(spec)
            workflow = default_graph(spec) if own or spec.workflow is None else graphs.parse(spec.workflow)
        except graphs.WorkflowError as error:
            raise ProviderError(ErrorKind.MISCONFIGURED, self._config.name, str(error)) from error
        names = frozenset(graphs.OTHER_NAMES.get(name, name) for name in graphs.placeholders_in(workflow))
        model = await self._model(spec) if "model" in names else ""
        return Plan(workflow, names, model, own)

    async def _model(self, spec: RenderSpec) -> str:
        """The wanted model in the server's spelling, else the configured one, else the server's first checkpoint."""
        models = await self._lists.models()
        wanted = spec.model or self._config.model
        if not wanted:
            if not models.checkpoints:
                raise ProviderError(ErrorKind.MISCONFIGURED, self._config.name, "It has no checkpoint to draw with.")
            return models.checkpoints[0]
        found = models.find(wanted)
        if found is None and models.names:
            kind = ErrorKind.INVALID if spec.model and spec.model != self._config.model else ErrorKind.MISCONFIGURED
            raise ProviderError(kind, self._config.name, f"It has no model «{wanted[:80]}». It has: {few(models)}.")
        if found is not None and found not in models.checkpoints and own_graph_name(spec):
            detail = f"«{found[:80]}» is a bare diffusion model: it needs a workflow of your own."
            raise ProviderError(ErrorKind.INVALID, self._config.name, detail)
        return found or wanted

    async def upload(self, spec: RenderSpec, plan: Plan) -> Uploads:
        """Upload the references the graph asks for, under names that nobody can guess: whoever writes a workflow may name any file
        of the server's input folder in it, also one that belongs to another chat."""
        stem = secrets.token_hex(16)
        pictures = pictures_for(spec, plan.names)
        images = [await self._api.upload(reference.data, f"{stem}-{number}") for number, reference in enumerate(pictures)]
        avatars = {name: await self._api.upload(avatar_bytes(spec, name), f"{stem}-{name}") for name in sorted(file_avatars(plan.workflow))}
        return Uploads(tuple(images), avatars)

    def fill(self, spec: RenderSpec, plan: Plan, uploads: Uploads) -> graphs.Filled:
        """The graph to be sent. Raises ``ProviderError`` for a placeholder without a value."""
        prefix = f"vignette/{secrets.token_hex(16)}"
        values = values_of(spec, model=plan.model, uploads=uploads.images, file_prefix=prefix)
        values.update(empty_slots(plan.names, len(uploads.images)))
        try:
            filled = graphs.fill(with_file_names(plan.workflow, uploads.avatars), values, spec.placeholders)
        except graphs.WorkflowError as error:
            raise ProviderError(ErrorKind.MISCONFIGURED, self._config.name, str(error)) from error
        if filled.unfilled:
            raise ProviderError(ErrorKind.INVALID, self._config.name, _no_value(filled.unfilled, len(uploads.images), plan))
        return filled


def _no_value(unfilled: tuple[str, ...], pictures: int, plan: Plan) -> str:
    names = ", ".join(f"%{name}%" for name in unfilled[:5])
    if all(graphs.is_image_name(name) for name in unfilled):
        there = f"there {'is' if pictures == 1 else 'are'} {pictures}"
        return f"The workflow draws from {graphs.image_places(plan.names)} reference pictures ({names}), and {there}."
    return f"The workflow asks for {names}, and there is no such value."


def few(models: Models, most: int = 5) -> str:
    """The first names on offer, for a sentence."""
    names = models.names
    return (", ".join(names[:most]) or "none") + (" …" if len(names) > most else "")
