"""Everything the engine works with, built once by ``bot.app`` and handed around whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.chat_settings import ChatSettings
from bot.domain.models import ModelEntry
from bot.domain.platform import Platform
from bot.domain.workflows import Workflow
from bot.engine.commands.catalogue import Catalogue
from bot.guard.guard import Guard
from bot.storage.assets import AssetStore
from bot.storage.database import Database
from bot.work.jobs import JobRunner
from bot.work.lanes import Lanes
from providers.contract import ChatModel, ImageBackend

if TYPE_CHECKING:
    from bot.engine.pictures.drafting import Drafter
    from bot.engine.pictures.flow import PictureFlow
    from bot.engine.pictures.presenter import Presenter
    from bot.engine.pictures.render import PictureWorker
    from bot.engine.stories import Stories
    from bot.engine.turn import Turns


@dataclass(slots=True)
class Services:
    """The engine's tools. ``chat_models`` and ``backends`` are in the host's order; the first is the default."""

    db: Database
    assets: AssetStore
    guard: Guard
    lanes: Lanes
    catalogue: Catalogue
    defaults: ChatSettings
    default_character: str
    chat_models: Mapping[str, ChatModel]
    backends: Mapping[str, ImageBackend]
    writer_name: str
    """Chat model that drafts scene prompts, by the host's name; empty takes the chat's own."""
    workflows: Mapping[str, Workflow]
    """ComfyUI workflows of the host, by name."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """The host's own templates: name → text, checked; they replace the built-in ones."""
    models: Mapping[str, ModelEntry] = field(default_factory=dict)
    """The host's named image models."""
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Image backend → those that may draw in its place, in order."""
    platforms: dict[str, Platform] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    """Chat models that the check at the start found unusable: name → what is wrong, for the host."""
    jobs: JobRunner = field(init=False)
    presenter: Presenter = field(init=False)
    drafter: Drafter = field(init=False)
    flow: PictureFlow = field(init=False)
    worker: PictureWorker = field(init=False)
    stories: Stories = field(init=False)
    turns: Turns = field(init=False)
