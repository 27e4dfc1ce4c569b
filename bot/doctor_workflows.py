"""What ``vignette doctor`` finds in the host's ComfyUI workflows, and in the settings that name some."""

from __future__ import annotations

from collections.abc import Mapping

from bot.app import host_workflow
from bot.domain.errors import VignetteError
from bot.domain.workflows import Workflow
from bot.settings import Settings
from providers.contract import Health, ImageBackend, WorkflowFacts, WorkflowReader
from providers.errors import ProviderError
from providers.registry import build_images


async def check_workflows(settings: Settings) -> dict[str, Health]:
    """Part → finding: each workflow read as the first backend reads it that draws by workflows, and names nothing is known by."""
    backend = _reader(settings)
    if backend is None:
        if not settings.workflows and not _wanted(settings):
            return {}
        return {"workflows": Health("none can be used", warnings=("no image backend here draws by workflows.",))}
    try:
        assert isinstance(backend, WorkflowReader)
        found = {f"workflows.{name}": _checked(settings, name, backend) for name in settings.workflows}
        known = {name.casefold() for name in (*settings.workflows, *backend.shipped_workflows())}
    finally:
        await backend.close()
    for key, name in _wanted(settings).items():
        if name.casefold() not in known:
            found[key] = Health(name, warnings=(f"neither the host nor {backend.name} has a workflow {name!r}; chats may have one.",))
    return found


def _reader(settings: Settings) -> ImageBackend | None:
    for config in settings.images.values():
        try:
            backend = build_images(config)
        except ProviderError:
            continue  # reported as images.<name>
        if isinstance(backend, WorkflowReader):
            return backend
    return None


def _wanted(settings: Settings) -> dict[str, str]:
    """Setting → the workflow it names."""
    named = {"defaults.workflow": settings.defaults.settings.workflow}
    named |= {f"models.{name}.workflow": entry.workflow for name, entry in settings.models.items()}
    return {key: name for key, name in named.items() if name}


def _checked(settings: Settings, name: str, reader: WorkflowReader) -> Health:
    try:
        workflow = host_workflow(name, settings.workflows[name])
        graphs = {"graph": workflow.graph} | ({"image graph": workflow.image_graph} if workflow.image_graph else {})
        facts = {kind: reader.read_workflow(text) for kind, text in graphs.items()}
    except ProviderError as error:
        return Health("", (error.detail or str(error),))
    except VignetteError as error:
        return Health("", (str(error),))
    return Health(_summary(facts), warnings=tuple(_warnings(workflow, facts)))


def _summary(facts: Mapping[str, WorkflowFacts]) -> str:
    return "; ".join(f"{kind} of {found.nodes} nodes with {', '.join(found.present) or 'no placeholders'}" for kind, found in facts.items())


def _warnings(workflow: Workflow, facts: Mapping[str, WorkflowFacts]) -> list[str]:
    """What the texts tell: problems, and placeholders that only a chat's variables can fill."""
    told = [f"{kind}: {problem}" for kind, found in facts.items() for problem in found.problems]
    open_names = sorted({name for found in facts.values() for name in found.custom} - set(workflow.custom))
    return told + [f'"%{name}%" has no value here; chats have to set a variable of that name.' for name in open_names]
