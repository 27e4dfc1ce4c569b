"""Values of the engine as HTML, through the templates of this folder."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from bot.domain.posts import Form, PictureView, Post
from bot.frontends.web.markup import to_html


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the story. ``kind`` is player, character or narrator; ``avatar`` an asset's hash."""

    element: str
    kind: str
    name: str
    text: str = ""
    avatar: str | None = None
    live: bool = False
    """Still being written."""
    pictured: bool = False
    """A picture came with it, which can be drawn from."""


def _templates() -> dict[str, str]:
    folder = files("bot.frontends.web") / "templates"
    return {item.name: item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".html")}


class Renderer:
    """Renders pages and pieces; text is always escaped."""

    def __init__(self) -> None:
        self._jinja = Environment(
            loader=DictLoader(_templates()), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._jinja.filters["prose"] = to_html
        self._jinja.filters["b64"] = lambda data: b64encode(data).decode("ascii")
        self._pieces = self._jinja.get_template("pieces.html").module

    def page(self, name: str, **values: Any) -> str:
        """A whole page."""
        return self._jinja.get_template(name).render(**values)

    def line(self, line: Line) -> Markup:
        """One message of the story."""
        return self._piece("line", line=line)

    def post(self, element: str, post: Post) -> Markup:
        """Something the bot says besides the story, with its buttons."""
        sha = post.picture.name if post.picture else None
        return self._piece("note", element=element, post=post, sha=sha)

    def picture(self, element: str, view: PictureView) -> Markup:
        """A picture's post in any state."""
        return self._piece("picture", element=element, view=view, take=view.shown)

    def form(self, form: Form) -> Markup:
        """A dialog with the form's fields."""
        return self._piece("form", form=form)

    def story(self, chat_id: str, pieces: Markup, more: int | None) -> Markup:
        """The whole of what a page shows of a story."""
        return self._piece("story", chat_id=chat_id, pieces=pieces, more=more)

    def masthead(self, name: str, avatar: str | None, background: str | None, csrf: str) -> tuple[Markup, Markup]:
        """What is around a story: who is talked with; and the picture behind it with the token that requests carry."""
        return self._piece("who", name=name, avatar=avatar), self._piece("around", background=background, csrf=csrf)

    def _piece(self, macro: str, **values: Any) -> Markup:
        return Markup(getattr(self._pieces, macro)(**values))  # noqa: S704 - a template's output
