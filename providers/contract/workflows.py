"""What an image backend that draws by graphs can say of a workflow before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class WorkflowFacts:
    """What a ComfyUI workflow asks for, read from its text without a server. Names are without percent signs."""

    present: tuple[str, ...]
    """Built-in placeholders it has; LettuceAI's spellings appear under ours (``CFG`` as ``scale``)."""
    absent: tuple[str, ...]
    """Built-in placeholders it has not; the numbered ``IMAGE0`` … are never listed here."""
    custom: tuple[str, ...]
    """Placeholders that are not built in, as written: ``RenderSpec.placeholders`` must have a value for each."""
    nodes: int
    references: int
    """How many reference images it has a place for, avatars included."""
    avatars: tuple[Literal["character", "persona"], ...]
    """Whose avatar it has a place for."""
    image_to_image: bool
    """It starts from at least one picture it is given."""
    problems: tuple[str, ...]
    """Sentences, each naming node and input: what will not work as written. Found without a server."""


@runtime_checkable
class WorkflowReader(Protocol):
    """What an image backend with the capability ``workflows`` can say of a workflow before it is used. Ask with ``isinstance``."""

    def read_workflow(self, text: str) -> WorkflowFacts:
        """Needs no server. Raises ``ProviderError`` (``INVALID``, with the reason) for a text that is no graph in API format."""
        ...

    async def check_workflow(self, text: str) -> tuple[str, ...]:
        """Problems, one sentence each, naming node and input; empty = fine. Placeholders count as values of their kind.

        Asks the server for its node types, inputs, value lists and ranges. When it cannot be asked the answer is what
        ``read_workflow`` finds, and a last sentence says so. Raises as ``read_workflow`` does.
        """
        ...

    def shipped_workflows(self) -> Mapping[str, str]:
        """The workflows that come with the backend: name → JSON text, to be shown, copied, or given as ``RenderSpec.workflow``."""
        ...
