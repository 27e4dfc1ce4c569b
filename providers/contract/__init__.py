"""The contracts every provider keeps, and the values that travel through them.

A provider file implements one protocol for one vendor or wire format and is named by one row of ``providers.registry``. The
engine asks capabilities, never a vendor's name.
"""

from __future__ import annotations

from providers.contract.chat import (
    ChatCapabilities,
    ChatEvent,
    ChatMessage,
    ChatModel,
    ChatRequest,
    End,
    Finish,
    ImageOut,
    ImagePart,
    Part,
    ReasoningDelta,
    TextDelta,
    TextPart,
    ToolCall,
    ToolSpec,
    Usage,
    message,
)
from providers.contract.config import Health, ProviderConfig
from providers.contract.images import (
    Choice,
    Dropped,
    ImageBackend,
    ImageCapabilities,
    ImageModelInfo,
    Progress,
    Reference,
    RenderedImage,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.contract.workflows import WorkflowFacts, WorkflowReader
from providers.errors import ErrorKind, ProviderError

__all__ = [
    "ChatCapabilities",
    "ChatEvent",
    "ChatMessage",
    "ChatModel",
    "ChatRequest",
    "Choice",
    "Dropped",
    "End",
    "ErrorKind",
    "Finish",
    "Health",
    "ImageBackend",
    "ImageCapabilities",
    "ImageModelInfo",
    "ImageOut",
    "ImagePart",
    "Part",
    "Progress",
    "ProviderConfig",
    "ProviderError",
    "ReasoningDelta",
    "Reference",
    "RenderResult",
    "RenderSpec",
    "RenderWatch",
    "RenderedImage",
    "SizeRule",
    "TextDelta",
    "TextPart",
    "ToolCall",
    "ToolSpec",
    "Usage",
    "WorkflowFacts",
    "WorkflowReader",
    "message",
]
