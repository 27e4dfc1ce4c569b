"""kill -9 at every step of a picture and of a reply: nothing is lost, nothing is doubled, and the controls work afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.web.program import REPLY, Page, Program, installed

WISH = "Send me a picture of you, please!"
TALK = "Good evening."
PICTURE_STEPS = {
    "after intake": "bot.engine.turn:Turns.run<1",
    "message in the story": "bot.engine.pictures.flow:PictureFlow.begin<1",
    "job stored, no placeholder": "bot.engine.pictures.presenter:Presenter.show<1",
    "placeholder shown": "bot.engine.pictures.presenter:Presenter.show>1",
    "drafting": "bot.engine.pictures.drafting:Drafter.plan<1",
    "drafted": "bot.engine.pictures.render:PictureWorker._draw<1",
    "drawn, not kept": "bot.engine.pictures.render:PictureWorker._keep<1",
    "take stored": "bot.engine.pictures.render:PictureWorker._deliver<1",
    "delivered, job open": "bot.engine.pictures.render:PictureWorker._state<3",
}
REPLY_STEPS = {  # the greeting is finished first
    "before the model": "bot.engine.reply:Replier._ask<1",
    "answer not stored": "bot.engine.reply:Replier._store<1",
    "stored before delivery": "bot.frontends.web.platform:_Reply.finish<2",
    "delivered, not confirmed": "bot.frontends.web.platform:_Reply.finish>2",
}


async def _said_and_killed(program: Program, point: str, words: str) -> Page:
    """Say something to a program that dies of it, start again, and send it once more as the page does when it got no answer."""
    await program.start(point)
    page = Page(program)
    await page.load()
    await page.post("say", id="first", text=words)
    await program.died()
    await program.start()
    await page.load()
    assert await page.post("say", id="first", text=words)
    return page


async def _one_picture(page: Page) -> None:
    await page.until(lambda p: bool(p.pictures("done")) and len(p.pictures()) == 1)
    assert page.count == "1/1"
    assert page.lines("player") == [WISH]


async def _controls_work(page: Page) -> None:
    await page.press("again")
    await page.until(lambda p: bool(p.pictures("done")) and p.count == "2/2")
    await page.press("prev")
    await page.until(lambda p: p.count == "1/2")


@pytest.mark.parametrize("point", PICTURE_STEPS.values(), ids=PICTURE_STEPS.keys())
async def test_picture(point: str, tmp_path: Path) -> None:
    async with installed(tmp_path) as (program, _):
        page = await _said_and_killed(program, point, WISH)
        await _one_picture(page)
        await _controls_work(page)
        await page.close()


async def test_killed_while_the_backend_draws(tmp_path: Path) -> None:
    async with installed(tmp_path) as (program, servers):
        servers.easel.clear()
        await program.start()
        page = Page(program)
        await page.load()
        await page.post("say", id="first", text=WISH)
        await servers.drawing.wait()
        await page.until(lambda p: bool(p.pictures("drawing")) or bool(p.pictures("waiting")))
        await program.kill()
        servers.easel.set()
        await program.start()
        await page.load()
        await _one_picture(page)
        await page.close()


@pytest.mark.parametrize("shown", [False, True])
async def test_proposal(shown: bool, tmp_path: Path) -> None:
    """A prompt that waits for a person survives, whether or not it had been shown; approving it twice draws once."""
    async with installed(tmp_path, approve="ask") as (program, _):
        if shown:
            await program.start()
            page = Page(program)
            await page.load()
            await page.post("say", id="first", text=WISH)
            await page.until(lambda p: bool(p.pictures("proposed")))
            await program.kill()
            await program.start()
        else:
            page = await _said_and_killed(program, "bot.engine.pictures.render:PictureWorker._propose<1", WISH)
        await page.load()
        await page.until(lambda p: bool(p.pictures("proposed")) and len(p.pictures()) == 1)
        proposed = page.html
        await page.press("approve")
        page.html = proposed
        await page.press("approve")
        await page.load()
        await _one_picture(page)
        await page.close()


@pytest.mark.parametrize("point", REPLY_STEPS.values(), ids=REPLY_STEPS.keys())
async def test_reply(point: str, tmp_path: Path) -> None:
    async with installed(tmp_path) as (program, _):
        page = await _said_and_killed(program, point, TALK)
        await page.until(lambda p: REPLY in p.lines("character"))
        await page.load()
        assert page.lines("player") == [TALK]
        assert page.lines("character")[1:] == [REPLY]  # after the greeting
        assert "interrupted" not in page.html
        await page.close()


async def test_killed_in_the_middle_of_a_reply(tmp_path: Path) -> None:
    async with installed(tmp_path) as (program, servers):
        servers.hold.clear()
        await program.start()
        page = Page(program)
        await page.load()
        await page.post("say", id="first", text=TALK)
        await servers.talking.wait()
        await page.until(lambda p: REPLY[:20].strip() in p.html)  # a page loaded now shows what has come so far
        await program.kill()
        servers.hold.set()
        await program.start()
        await page.load()
        await page.until(lambda p: REPLY in p.lines("character"))
        assert page.lines("player") == [TALK]
        assert page.lines("character")[1:] == [REPLY]
        await page.close()
