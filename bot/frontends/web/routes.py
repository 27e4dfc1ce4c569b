"""The page's routes, and errors as sentences."""

from __future__ import annotations

from importlib.resources import files

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.engine.engine import Engine
from bot.frontends.web.access import Access
from bot.frontends.web.actions import Actions
from bot.frontends.web.pages import Pages
from bot.frontends.web.platform import WebPlatform
from bot.frontends.web.story import StoryReader


def build_page(engine: Engine, platform: WebPlatform, token: str | None) -> Access:
    """The page as an ASGI application, behind its access rules."""
    reader = StoryReader(engine, platform)
    pages = Pages(engine, platform, reader)
    actions = Actions(engine, platform, reader, pages)
    app = Starlette(routes=_routes(pages, actions), exception_handlers={HTTPException: _sentence})
    pages.access = Access(app, token)
    return pages.access


def _routes(pages: Pages, actions: Actions) -> list[BaseRoute]:
    return [
        Route("/", pages.home),
        Route("/health", pages.health),
        Route("/door", pages.door, methods=["GET", "POST"]),
        Route("/new", actions.new, methods=["POST"]),
        Route("/c/{chat}/", pages.story),
        Route("/c/{chat}/events", pages.events),
        Route("/c/{chat}/complete", pages.complete),
        Route("/c/{chat}/gallery", pages.gallery),
        Route("/c/{chat}/take/{take:int}.json", pages.parameters),
        Route("/c/{chat}/say", actions.say, methods=["POST"]),
        Route("/c/{chat}/press", actions.press, methods=["POST"]),
        Route("/c/{chat}/act", actions.act, methods=["POST"]),
        Route("/c/{chat}/form", actions.form, methods=["POST"]),
        Route("/c/{chat}/import", actions.import_card, methods=["POST"]),
        Route("/c/{chat}/close", actions.close, methods=["POST"]),
        Route("/asset/{sha}", pages.asset),
        Mount("/static", StaticFiles(directory=str(files("bot.frontends.web") / "static"))),
    ]


async def _sentence(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(error.detail, error.status_code, error.headers)
