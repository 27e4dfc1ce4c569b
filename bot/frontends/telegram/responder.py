"""The way back to one person: answers to commands, presses and forms."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.domain.places import Person
from bot.domain.posts import Form, Post
from bot.frontends.telegram.calls import Target
from bot.frontends.telegram.format import to_html, visible
from bot.frontends.telegram.forms import Forms
from bot.frontends.telegram.posts import Posts

NOTICE = 200
"""Characters of the notice that answers a press (Bot API: answerCallbackQuery)."""


class ChatResponder:
    """Implements ``Responder`` by messages. Telegram cannot show a message to one person only; in groups answers name nobody and
    reply to what was asked."""

    def __init__(self, posts: Posts, forms: Forms, target: Target, person: Person, answers: str | None) -> None:
        self._posts = posts
        self._forms = forms
        self._target = target
        self._person = person
        self._answers = answers

    async def answer(self, post: Post) -> str | None:
        if post.passing:
            return None
        message_id = await self._posts.send(self._target, replace(post, reply_to=post.reply_to or self._quoted()))
        return None if post.private else message_id

    async def ask(self, form: Form) -> None:
        await self._forms.ask(self._target, self._person, form)

    def _quoted(self) -> str | None:
        return None if self._target.private else self._answers


class PressResponder(ChatResponder):
    """Short private notices become the pop-up that answers the press, as long as it has not been answered."""

    def __init__(self, posts: Posts, forms: Forms, target: Target, person: Person, answers: str | None) -> None:
        super().__init__(posts, forms, target, person, answers)
        self.notice: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._open = True

    def close(self) -> None:
        """The press has been answered: from now on notices are messages."""
        self._open = False

    async def answer(self, post: Post) -> str | None:
        words = visible(to_html(post.text))
        fits = (post.private or post.passing) and not (post.rows or post.file or post.picture) and 0 < len(words) <= NOTICE
        if fits and self._open and not self.notice.done():
            self.notice.set_result(words)
            return None
        return await super().answer(post)
