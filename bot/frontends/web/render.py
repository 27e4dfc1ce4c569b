"""Values of the engine as HTML, through the templates of this folder."""

from __future__ import annotations

from base64 import b64encode
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from bot.domain.posts import Form, PictureView, Post
from bot.frontends.web.markup import to_html


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

    def page(self, name: str, **values: Any) -> str:
        """A whole page."""
        return self._jinja.get_template(name).render(**values)

    def line(self, message_id: str, kind: str, name: str, text: str, **more: Any) -> Markup:
        """One message of the story."""
        return self._piece("line", message_id=message_id, kind=kind, name=name, text=text, **{"avatar": None, "live": False, **more})

    def post(self, message_id: str, post: Post) -> Markup:
        """Something the bot says besides the story, with its buttons."""
        sha = post.picture.name if post.picture else None
        return self._piece("note", message_id=message_id, post=post, sha=sha)

    def picture(self, message_id: str, view: PictureView) -> Markup:
        """A picture's post in any state."""
        return self._piece("picture", message_id=message_id, view=view, take=view.shown)

    def form(self, form: Form) -> Markup:
        """A form as a dialog."""
        return self._piece("form", form=form)

    def _piece(self, macro: str, **values: Any) -> Markup:
        module = self._jinja.get_template("pieces.html").module
        return Markup(getattr(module, macro)(**values))  # noqa: S704 - a template's output


def appended(html: str, element: str) -> str:
    """A piece that goes to the end of an element of the page."""
    return f'<div hx-swap-oob="beforeend:#{element}">{html}</div>'


def replaced(html: str) -> str:
    """A piece that takes the place of the element with its own id."""
    return str(html).replace("<article ", '<article hx-swap-oob="true" ', 1)


def removed(element: str) -> str:
    """Takes an element off the page."""
    return f'<div hx-swap-oob="delete:#{element}"></div>'
