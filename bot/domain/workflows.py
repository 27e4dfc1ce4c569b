"""A ComfyUI workflow as people add it: graphs with placeholders, and placeholders of their own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.domain.places import Frozen

Origin = Literal["chat", "host", "shipped"]


class Workflow(Frozen):
    """Texts of one or two graphs in API format, with the custom placeholders that belong to them."""

    name: str
    graph: str
    image_graph: str = ""
    """Used when there are reference images; empty uses ``graph`` for them too."""
    custom: dict[str, str] = Field(default_factory=dict)
    """Custom placeholders: name without percent signs → text with macros."""
    origin: Origin = "chat"
    """Added to this chat, written down by the host, or coming with Vignette."""

    def graph_for(self, references: int) -> str:
        """The graph for a picture with so many reference images."""
        return self.image_graph if references and self.image_graph else self.graph
