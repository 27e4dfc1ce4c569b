"""The table of providers: what it names exists, keys stay with their host, mistakes are named."""

from __future__ import annotations

import importlib
import importlib.metadata
from importlib.metadata import EntryPoint

import pytest
from pydantic import SecretStr

from providers import registry
from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.registry import CHAT, IMAGES, Row, build_chat, build_images, complete


def config(provider: str, **more: object) -> ProviderConfig:
    return ProviderConfig.model_validate({"name": "main", "provider": provider, **more})


@pytest.mark.parametrize("row", [*CHAT.values(), *IMAGES.values()], ids=lambda row: row.kind)
def test_every_row_names_a_class_that_exists(row: Row) -> None:
    module, _, name = row.target.partition(":")
    made = getattr(importlib.import_module(module), name)
    assert isinstance(made, type)
    assert row.summary


def test_unknown_providers_get_a_hint() -> None:
    with pytest.raises(ProviderError, match=r"did you mean openrouter") as caught:
        build_chat(config("openruter"))
    assert caught.value.kind is ErrorKind.MISCONFIGURED
    with pytest.raises(ProviderError, match="comfyui"):
        build_images(config("comfy_ui"))
    with pytest.raises(ProviderError, match="known are"):
        build_images(config("zzzzzz"))


def test_missing_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    with pytest.raises(ProviderError, match=r"\[chat.main\] needs api_key \(or GROQ_API_KEY"):
        build_chat(config("groq", model="m"))
    with pytest.raises(ProviderError, match="needs model"):
        build_chat(config("groq", api_key="gsk_x"))
    with pytest.raises(ProviderError, match="needs base_url"):
        build_chat(config("custom"))


def test_another_host_decides_itself_what_it_needs() -> None:
    own = build_chat(config("openai", base_url="http://127.0.0.1:8080/v1"))
    assert own.capabilities().local


def test_a_key_of_the_environment_stays_with_its_host() -> None:
    environment = {"OPENAI_API_KEY": "sk-env"}
    own = complete(CHAT["openai"], config("openai"), environment)
    assert own.api_key == SecretStr("sk-env")
    assert own.base_url == "https://api.openai.com/v1"
    assert complete(CHAT["openai"], config("openai", base_url="https://api.openai.com.evil.example/v1"), environment).api_key is None
    assert complete(CHAT["custom"], config("custom", base_url="https://x.example/v1"), environment).api_key is None
    set_by_host = complete(CHAT["openai"], config("openai", api_key="sk-own"), environment)
    assert set_by_host.api_key == SecretStr("sk-own")


def test_other_packages_add_rows_and_replace_none(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = EntryPoint("mine", "tests.unit.providers.test_registry:MINE", "vignette.chat")
    taken = EntryPoint("taken", "tests.unit.providers.test_registry:TAKEN", "vignette.chat")
    monkeypatch.setattr(registry, "entry_points", lambda group: (mine, taken) if group == "vignette.chat" else ())
    rows = registry.with_entry_points(CHAT, "vignette.chat")
    assert rows["mine"].summary == "mine"
    assert rows["openai"] is CHAT["openai"]


MINE = Row("mine", "somewhere:Model", "mine")
TAKEN = Row("openai", "somewhere:Thief", "not so")


class _Entry:
    """An entry point of another package: what loading it gives, or raises."""

    def __init__(self, value: object) -> None:
        self.value = f"package:{value!r}"
        self._loaded = value

    def load(self) -> object:
        if isinstance(self._loaded, Exception):
            raise self._loaded
        return self._loaded


def test_a_broken_package_takes_nothing_else_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    good = Row("other", "other:Backend", "another one")
    entries = [
        _Entry(ImportError("no such module")),
        _Entry("no row"),
        _Entry(Row("sketch", "evil:Backend", "a name that is taken")),
        _Entry(good),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries)
    rows = registry.with_entry_points(registry.IMAGES, "vignette.images")
    assert rows.keys() - registry.IMAGES.keys() == {"other"}
    assert rows["sketch"] is registry.IMAGES["sketch"]
