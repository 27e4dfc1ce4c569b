"""From a wish to a stored job: allowance, content, approval, the picture's row, its placeholder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot.domain.chat_settings import Approval
from bot.domain.errors import AlreadyDrawing, NotFound, PlatformError, UserError, VignetteError
from bot.domain.pictures import JobState, Origin, PictureRequest, RenderPlan
from bot.domain.places import Person
from bot.engine.housekeeping import OFFER_LASTS
from bot.engine.pictures.models import choose_model
from bot.engine.pictures.planning import check_names
from bot.engine.pictures.presenter import Presenter
from bot.engine.pictures.spec import judged_words
from bot.engine.pictures.view import WAITING, offer_post
from bot.engine.services import Services
from bot.storage import entries, jobs, pictures, proposals
from bot.storage.records import Chat, Job, Picture
from bot.storage.rows import new_key

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """What came of a wish: a picture under way, or an offer waiting for a press."""

    picture: Picture | None
    offer: str | None = None


class PictureFlow:
    """Takes wishes for pictures in, whoever has them."""

    def __init__(self, services: Services, presenter: Presenter) -> None:
        self._services = services
        self._presenter = presenter

    def approval(self, chat: Chat, origin: Origin, edit: bool | None = None) -> Approval:
        """How wishes of this origin are approved in this chat."""
        if edit is not None:
            return "ask" if edit else "automatic"
        settings = chat.settings
        if origin == "words":
            return settings.approve_words
        if origin in ("tool", "tag"):
            return settings.approve_character
        return "ask" if settings.approve_command == "ask" else "automatic"

    async def check(self, chat: Chat, person: Person, *words: str, negative: str = "") -> None:
        """Whether this person may have a picture of these words drawn here now. Raises ``UserError`` with the reason."""
        self._services.guard.check_picture(chat, *words, negative=negative)
        await self._services.guard.charge_picture(self._services.db, chat, person)

    async def check_plan(self, chat: Chat, person: Person, picture: Picture, plan: RenderPlan | None) -> None:
        """The same for another take of a picture: of its plan, else of the wish it began with."""
        if plan is None:
            await self.check(chat, person, picture.request.subject, negative=picture.request.overrides.negative or "")
        else:
            await self.check(chat, person, *await judged_words(self._services, chat.id, plan), negative=plan.negative)

    async def begin(self, chat: Chat, request: PictureRequest) -> Begun:
        """Start a picture. Returns as soon as it is stored and its placeholder is on its way. Raises ``UserError``."""
        await self.check(chat, request.requester, request.subject, negative=request.overrides.negative or "")
        chosen = choose_model(self._services, chat, request)
        await check_names(self._services, chosen)
        if self.approval(chat, request.origin, request.overrides.edit) == "manual":
            return Begun(None, await self.offer(chat, request))
        async with self._services.db.write() as c:
            entry = await entries.add(
                c,
                chat.id,
                "picture",
                request.subject or request.mode,
                author_id=request.requester.id,
                author_name=request.requester.name,
                hidden=not chat.settings.visible_to_character,
            )
            picture = await pictures.add(
                c,
                new_key(),
                chat.id,
                request,
                reply_to=request.reply_to,
                spoiler=self._services.guard.spoiler(chat),
                entry_id=entry.id,
            )
            await entries.set_picture(c, entry.id, picture.id)
            job = await jobs.add(c, picture.id, request.requester, _requester_key(chat, request.requester), plan=None, state="waiting")
        await self._placeholder(picture)
        self._services.jobs.start(job.id)
        return Begun(picture)

    async def _placeholder(self, picture: Picture) -> None:
        try:
            await self._presenter.show(picture.id, "waiting", WAITING)
        except PlatformError as error:
            # the job goes on: delivery tries again, and searches for this post first
            log.warning("placeholder not posted", picture=picture.key, chat=str(picture.chat_key), reason=error.message)

    async def redraw(self, chat: Chat, picture: Picture, person: Person, plan: RenderPlan | None, state: JobState) -> Job:
        """Another take of a picture. One render per picture at a time. Raises ``UserError``."""
        await self.check_plan(chat, person, picture, plan)
        async with self._services.db.write() as c:
            if await jobs.active_for_picture(c, picture.id) is not None:
                raise AlreadyDrawing()
            job = await jobs.add(c, picture.id, person, _requester_key(chat, person), plan=plan, state=state)
        self._services.jobs.start(job.id)
        return job

    async def offer(self, chat: Chat, request: PictureRequest) -> str:
        """Store an offer to draw and post its button; valid 24 hours. Returns its key."""
        async with self._services.db.write() as c:
            proposal = await proposals.add(c, new_key(), chat.id, "offer", request, prompt="")
        post = offer_post(proposal.key, request.subject, request.reply_to)
        message_id = await self._services.platforms[chat.key.platform].post(chat.key, post)
        async with self._services.db.write() as c:
            await proposals.set_message(c, proposal.id, message_id)
        return proposal.key

    async def accept_offer(self, chat: Chat, key: str, person: Person) -> Begun:
        """Draw what was offered; accepting twice draws once. Raises ``UserError`` when it is too late."""
        async with self._services.db.write() as c:
            proposal = await proposals.by_key(c, key)
            if proposal is None or proposal.chat_id != chat.id:
                raise NotFound("This offer is gone.")
            if datetime.now(UTC) - proposal.created_at > OFFER_LASTS:
                raise UserError("This offer is older than a day. Ask again, and I will draw it.")
            if not await proposals.close(c, proposal.id, "approved"):
                raise UserError("This offer has been answered already.")
        overrides = proposal.request.overrides.model_copy(update={"edit": False})
        request = proposal.request.model_copy(update={"requester": person, "overrides": overrides})
        try:
            return await self.begin(chat, request)
        except VignetteError:
            async with self._services.db.write() as c:
                await proposals.reopen(c, proposal.id)  # refused for now, by a limit perhaps: the button stays good
            raise

    async def refuse_offer(self, chat: Chat, key: str) -> bool:
        """Take an offer back; False when it was answered or is unknown."""
        async with self._services.db.write() as c:
            proposal = await proposals.by_key(c, key)
            if proposal is None or proposal.chat_id != chat.id:
                return False
            return await proposals.close(c, proposal.id, "dismissed")


def _requester_key(chat: Chat, person: Person) -> str:
    """How daily allowances know a person."""
    return f"{chat.key.platform}:{person.id}"
