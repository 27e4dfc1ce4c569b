"""Who may use the page, and what it does with hostile requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import ConfigurationError
from bot.frontends.web.access import Throttle, is_loopback
from bot.frontends.web.server import WebFrontEnd
from bot.settings import WebSettings
from tests.end_to_end.web.served import MAIN, Served, served

TOKEN = "a long secret of the host"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True), ("127.8.9.1", True), ("localhost", True), ("[::1]", True), ("0.0.0.0", False), ("192.168.1.4", False),
        ("localhost.evil.example", False), ("127.0.0.1.evil.example", False), ("", False),
    ],
)  # fmt: skip
def test_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) == local


async def test_another_name_for_this_machine_is_refused(page: Served) -> None:
    for host in ("evil.example", f"evil.example:{page.front.port}", "127.0.0.1.evil.example"):
        answer = await page.client.get("/c/main/", headers={"host": host})
        assert answer.status_code == 403
        assert "Mirren" not in answer.text


async def test_posts_need_the_page_s_token_and_origin(page: Served) -> None:
    await page.load()
    own = {"origin": page.url} | page.token
    wrong: list[dict[str, Any]] = [{}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": b"sch\xf6n"}]
    for headers in wrong:
        assert (await page.client.post("/c/main/say", data={"text": "hello"}, headers=headers)).status_code == 403
    for origin in ("http://evil.example", "null", page.url.replace("127.0.0.1", "localhost")):
        answer = await page.client.post("/c/main/say", data={"text": "hello"}, headers=own | {"origin": origin})
        assert answer.status_code == 403
    assert (await page.client.post("/c/main/say", data={"text": "hello"}, headers=own)).status_code == 204
    await page.engine.services.lanes.idle()
    assert (await page.load()).count("hello") == 1


async def test_every_change_is_a_post(page: Served) -> None:
    await page.load()
    for action in ("say", "press", "act", "form", "import", "close"):
        assert (await page.client.get(f"/c/main/{action}")).status_code == 405


@pytest.mark.parametrize(
    "chat_id", ["unknown", "MAIN", "..%2f..%2fetc", "%00", "a" * 41, "main%3Aevil", "%3Cscript%3E", "main'--", "wéb", "-" * 40]
)
async def test_hostile_stories_are_not_made(page: Served, chat_id: str) -> None:
    await page.load()
    for path in ("", "gallery", "events", "complete", "take/1.json", "../../../etc/passwd"):
        assert (await page.client.get(f"/c/{chat_id}/{path}")).status_code == 404
    answer = await page.client.post(f"/c/{chat_id}/say", data={"text": "hello"}, headers=page.token)
    assert answer.status_code == 404
    assert page.chat.requests == []


@pytest.mark.parametrize(
    "path", ["/asset/" + "0" * 64, "/asset/..%2fvignette.db", "/asset/x", "/static/../server.py", "/static/%2e%2e/server.py"]
)
async def test_no_file_but_pictures_is_served(page: Served, path: str) -> None:
    assert (await page.client.get(path)).status_code == 404


async def test_strange_numbers(page: Served) -> None:
    await page.load()
    for query in ("before=-1", "before=9999999999999999999999", "before=x", "before=٣"):
        assert (await page.client.get(f"/c/main/?{query}")).status_code == 200
    for query in ("page=0", "page=-3", "page=99999999999999999999", "page=²", "page=x"):
        assert (await page.client.get(f"/c/main/gallery?{query}")).status_code == 200
    assert (await page.client.get(f"/c/main/take/{10**30}.json")).status_code == 404


async def test_headers_forbid_foreign_scripts_and_frames(page: Served) -> None:
    headers = (await page.client.get("/c/main/")).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


async def test_other_addresses_need_a_token(page: Served) -> None:
    with pytest.raises(ConfigurationError, match=r"web\.access_token"):
        WebFrontEnd(WebSettings(host="0.0.0.0", port=0), page.engine)


async def test_a_taken_port_is_named(page: Served) -> None:
    second = WebFrontEnd(WebSettings(port=page.front.port), page.engine)
    with pytest.raises(ConfigurationError, match=rf"web\.port {page.front.port}"):
        await second.start()


async def test_the_token_opens_the_door(template: Path, tmp_path: Path) -> None:
    async with served(template, tmp_path, token=TOKEN) as page:
        assert (await page.client.get("/c/main/")).headers["location"] == "/door"
        assert (await page.client.get("/c/main/events", headers={"accept": "text/event-stream"})).status_code == 401
        assert (await page.client.get("/asset/" + "0" * 64, headers={"accept": "image/*"})).status_code == 401
        assert (await page.client.post("/door", data={"token": "wrong"})).status_code == 403
        assert (await page.client.post("/door", data={"token": TOKEN}, headers={"origin": "http://evil.example"})).status_code == 403
        entered = await page.client.post("/door", data={"token": TOKEN})
        cookie = entered.headers["set-cookie"].lower()
        assert entered.status_code == 303
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert TOKEN not in cookie
        assert "Mirren" in await page.load()


async def test_a_forged_session_stays_outside(template: Path, tmp_path: Path) -> None:
    async with served(template, tmp_path, token=TOKEN) as page:
        for cookie in ("in", "ImluIg.aaaaaa.bbbb", ""):
            answer = await page.client.get("/c/main/", headers={"cookie": f"vignette={cookie}"})
            assert answer.headers["location"] == "/door"


async def test_guessing_is_stopped(template: Path, tmp_path: Path) -> None:
    async with served(template, tmp_path, token=TOKEN) as page:
        answers = [await page.client.post("/door", data={"token": f"guess {number}"}) for number in range(6)]
        assert [answer.status_code for answer in answers] == [403] * 5 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
        assert (await page.client.post("/door", data={"token": TOKEN})).status_code == 429


def test_throttle_forgets_and_knows_networks() -> None:
    now = [0.0]
    throttle = Throttle(tries=2, seconds=60, most=2, clock=lambda: now[0])
    throttle.wrong("2001:db8::1")
    throttle.wrong("2001:db8::ffff")
    assert throttle.wait("2001:db8::abcd") == 60  # one subscriber has a whole /64
    assert throttle.wait("2001:db8:0:1::1") == 0
    now[0] = 61
    assert throttle.wait("2001:db8::1") == 0
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
        throttle.wrong(address)
        throttle.wrong(address)
    assert throttle.wait("10.0.0.1") == 0  # memory is bounded: the oldest is forgotten
    assert throttle.wait("10.0.0.3") == 60


@pytest.mark.parametrize("declared", [True, False])
async def test_a_large_upload_is_refused_while_it_is_read(page: Served, declared: bool) -> None:
    await page.load()
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'

    async def body() -> AsyncIterator[bytes]:
        yield start
        for _ in range(30):
            yield bytes(2**20)

    headers = page.token | {"content-type": "multipart/form-data; boundary=b"}
    if declared:
        headers["content-length"] = str(len(start) + 30 * 2**20)
    answer = await page.client.post("/c/main/say", content=body(), headers=headers)
    assert (answer.status_code, answer.text) == (413, "The file is larger than 20 MiB.")
    assert page.front.files == {}
    assert (await page.load()).count('class="line player"') == 0


async def test_too_many_words_and_fields(page: Served) -> None:
    answer = await page.post("say", text="x" * 16_001)
    assert (answer.status_code, answer.text) == (413, "A message has at most 16,000 characters; this one has 16,001.")
    assert (await page.post("say", text="x" * 300_000)).status_code in (400, 413)
    assert (await page.post("form", form="edit:x", **{f"value-{n}": "x" for n in range(200)})).status_code < 500
    assert page.chat.requests == []
    assert MAIN not in {key for key, _ in page.front.live}
