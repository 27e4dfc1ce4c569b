"""Host settings: sources, precedence, and errors that name what is wrong without telling secrets."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bot.app import host_workflows
from bot.domain.chat_settings import ChatSettings
from bot.domain.errors import ConfigurationError
from bot.domain.workflows import HOST_BYTES
from bot.settings import HostWorkflow, Settings
from bot.settings_load import OPENAI_MODEL, load_settings
from bot.settings_sources import SettingsError
from bot.settings_table import example_toml


def load(text: str = "", **environment: str) -> Settings:
    if not text:
        return load_settings(None, environment)
    path = Path("host.toml")
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environment)


def problems(text: str = "", **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(text, **environment)
    return caught.value.problems


def test_without_any_configuration_everything_is_local(tmp_path: Path) -> None:
    settings = load()
    assert [config.provider for config in settings.chat.values()] == ["embedded"]
    assert [config.provider for config in settings.images.values()] == ["sketch"]
    assert (settings.web.host, settings.web.port, settings.web.loopback) == ("127.0.0.1", 8420, True)
    assert settings.discord.token is None
    assert settings.telegram.token is None
    assert settings.storage.database == str(tmp_path / "data" / "vignette.db")
    assert settings.storage.assets == tmp_path / "data" / "assets"


def test_paths_count_from_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "flow.json").write_text("{}")
    text = '[storage]\ndatabase = "x/v.db"\n[workflows]\nmine = "flow.json"'
    (tmp_path / "etc" / "host.toml").write_text(text)
    settings = load_settings(Path("etc/host.toml"), {})
    assert settings.storage.database == str(tmp_path / "etc" / "x" / "v.db")
    assert settings.workflows == {"mine": HostWorkflow(text=tmp_path / "etc" / "flow.json")}


def test_a_workflow_has_graphs_and_placeholders_of_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(f'{{"{name}": "Gr\\u00fcn"}}')
    text = '[workflows.mine]\ntext = "a.json"\nimage = "b.json"\ncustom = { "%mood%" = "{{getvar::mood}}" }'
    settings = load(text, VIGNETTE_WORKFLOWS__OTHER="a.json")
    mine, other = (host_workflows(settings)[name] for name in ("mine", "other"))
    assert ("Grün" in mine.graph, '"b"' in mine.image_graph) == (True, True)
    assert (mine.custom, mine.origin) == ({"mood": "{{getvar::mood}}"}, "host")
    assert (other.graph, other.image_graph, other.custom) == (mine.graph, "", {})


def test_a_workflow_that_went_away_since_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    settings = load('[workflows]\nmine = "a.json"')
    (tmp_path / "a.json").unlink()
    with pytest.raises(ConfigurationError, match=r"workflows\.mine: there is no such file"):
        host_workflows(settings)


def test_defaults_may_name_a_workflow_that_comes_along() -> None:
    assert load('[defaults]\nworkflow = "text-to-image"').defaults.settings.workflow == "text-to-image"


def test_a_database_address_is_left_alone() -> None:
    address = "postgresql://me:hunter22@db/vignette"
    settings = load(f'[storage]\ndatabase = "{address}"')
    assert settings.storage.database == address
    assert "hunter22" in settings.secrets()


def test_environment_over_dotenv_over_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VIGNETTE_WEB__PORT=3\nVIGNETTE_LOG__LEVEL=debug\nTELEGRAM_BOT_TOKEN=12:from-dotenv\n")
    settings = load('[web]\nport = 2\nhost = "::1"', VIGNETTE_WEB__PORT="4", DISCORD_TOKEN="abc")
    assert settings.web.port == 4
    assert settings.web.host == "::1"
    assert settings.log.level == "debug"
    assert settings.telegram.token is not None
    assert settings.telegram.token.get_secret_value() == "12:from-dotenv"
    assert settings.discord.token is not None
    assert settings.discord.token.get_secret_value() == "abc"


def test_an_empty_variable_is_no_variable() -> None:
    settings = load('[web]\nport = 2\n[discord]\ntoken = ""', VIGNETTE_WEB__PORT=" ", DISCORD_TOKEN="")
    assert settings.web.port == 2
    assert settings.discord.token is None


def test_providers_keep_their_order_and_own_keys() -> None:
    text = """
        [chat.second-best]
        provider = "custom"
        base_url = "http://127.0.0.1:1/v1"
        tools = true
        [chat.a]
        provider = "embedded"
        [images.z]
        provider = "comfyui"
        concurrency = 2
        [images.b]
        provider = "sketch"
    """
    settings = load(text, VIGNETTE_CHAT__SECOND_BEST__MODEL="from-env", VIGNETTE_IMAGES__NEW__PROVIDER="automatic1111")
    assert list(settings.chat) == ["second-best", "a"]
    assert list(settings.images) == ["z", "b", "new"]
    assert settings.chat["second-best"].model == "from-env"
    assert settings.chat["second-best"].options == {"tools": True}
    assert settings.images["z"].concurrency == 2
    assert settings.images["z"].name == "z"


def test_the_openai_key_alone_configures_openai() -> None:
    config = load(OPENAI_API_KEY="sk-1").chat["openai"]
    assert (config.provider, config.model) == ("openai", OPENAI_MODEL)
    assert config.api_key is not None
    assert config.api_key.get_secret_value() == "sk-1"
    assert list(load('[chat.x]\nprovider = "embedded"', OPENAI_API_KEY="sk-1").chat) == ["x"]


def test_a_conventional_key_goes_to_its_own_host_only(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENROUTER_API_KEY=or-1\n")
    text = '[chat.a]\nprovider = "openrouter"\nmodel = "m"\n'
    config = load(text).chat["a"]
    assert config.api_key is not None
    elsewhere = problems(text + 'base_url = "https://example.org/v1"\n')
    assert elsewhere == ["chat.a.api_key is missing: expected text (or OPENROUTER_API_KEY in the environment)."]


def test_defaults_hold_chat_settings_and_a_character() -> None:
    settings = load('[defaults]\ncharacter = "Mina"\nwidth = 768\ncontrols = "both"', VIGNETTE_DEFAULTS__HEIGHT="640")
    assert settings.defaults.character == "Mina"
    assert settings.defaults.settings == ChatSettings(width=768, height=640, controls="both")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[web]\nport = "abc"', ["web.port", "'abc'", "integer from 0 to 65535"]),
        ("[web]\nport = 70000", ["web.port", "70000", "integer from 0 to 65535"]),
        ("[web]\nhots = 1", ["web.hots", "no such key", "'host'"]),
        ("[webb]\nport = 1", ["webb", "no such key", "'web'"]),
        ("web = 3", ["web", "3", "table"]),
        ("[defaults]\nwidht = 6", ["defaults.widht", "'width'"]),
        ("[defaults]\nwidth = 6", ["defaults.width", "6", "integer from 64 to 4096"]),
        ('[defaults]\ncontrols = "no"', ["defaults.controls", "'no'", "one of buttons, reactions, both"]),
        ('[chat.main]\nmodel = "x"', ["chat.main.provider", "missing", "text"]),
        ('[chat.main]\nprovider = "opnai"', ["chat.main.provider", "'opnai'", "'openai'"]),
        ('[chat.main]\nprovider = "custom"', ["chat.main.base_url", "missing"]),
        ('[chat."Big Name"]\nprovider = "embedded"', ["chat.Big Name", "lower-case"]),
        ("[images]\nlocal = 3", ["images.local", "3", "table"]),
        ('[images.local]\nprovider = "sketch"\ntimeout = "soon"', ["images.local.timeout", "'soon'", "number"]),
        ('[images.local]\nprovider = "sketch"\nconcurrency = 0', ["images.local.concurrency", "0", "integer", "1"]),
        ('[chat.main]\nprovider = "embedded"\nconcurrency = 2', ["chat.main.concurrency", "only image backends", "[images.<name>]"]),
        ('[chat.main]\nprovider = "embedded"\nfallbacks = ["other"]', ["chat.main.fallbacks", "only image backends"]),
        ('[guard]\nhosts = ["bob"]', ["guard.hosts", "'bob'", "platform:id"]),
        ('[writer]\nchat = "ghost"', ["writer.chat", "'ghost'", "embedded"]),
        ('[defaults]\nbackend = "skech"', ["defaults.backend", "'skech'", "'sketch'"]),
        ('[workflows]\nmine = "gone.json"', ["workflows.mine", "gone.json", "no such file"]),
        ("[workflows]\nmine = 3", ["workflows.mine", "3", "path, or table with text, image and custom"]),
        ('[workflows.mine]\nimage = "flow.json"', ["workflows.mine.text", "missing", "path"]),
        ('[workflows.mine]\ntext = "flow.json"\nimages = "x"', ["workflows.mine.images", "no such key", "'image'"]),
        ('[workflows.mine]\ntext = "flow.json"\nimage = "gone.json"', ["workflows.mine.image", "gone.json", "no such file"]),
        ('[workflows.mine]\ntext = "."', ["workflows.mine", "cannot be read"]),
        ('[workflows]\nmine = "broken.json"', ["workflows.mine", "broken.json", "line 1, column 2"]),
        ('[workflows]\nmine = "large.json"', ["workflows.mine", "large.json", "up to 2048 KiB"]),
        ('[workflows.mine]\ntext = "flow.json"\ncustom = { "a%b" = "x" }', ["workflows.mine.custom", "a%b", "find = replace"]),
        ('[workflows.mine]\ntext = "flow.json"\ncustom = { a = 3 }', ["workflows.mine.custom.a", "3"]),
        ('[web]\nhost = "0.0.0.0"', ["web.access_token", "missing", "0.0.0.0"]),
        ('[web]\nhost = "example.org"\naccess_token = ""', ["web.access_token", "missing"]),
        ("[web\nport = 1", ["host.toml", "line 1"]),
    ],
)
def test_what_is_wrong_is_named(text: str, words: list[str]) -> None:
    Path("flow.json").write_text("{}")
    Path("broken.json").write_text("{seed}")
    Path("large.json").write_bytes(b" " * (HOST_BYTES + 1))
    (problem,) = problems(text)
    for word in words:
        assert word in problem


def test_all_problems_are_told_at_once() -> None:
    told = problems("[web]\nport = -1\nhots = 2\n[nonsense]", VIGNETTE_WEBB__X="1", VIGNETTE_WEB_PORT="1", VIGNETTE_CHAT__X="1")
    assert len(told) == 6


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("VIGNETTE_WEB_PORT", ["VIGNETTE_WEB__PORT"]),
        ("VIGNETTE_DISCRD__TOKEN", ["VIGNETTE_DISCRD__TOKEN", "'discord'"]),
        ("VIGNETTE_CHAT__MODEL", ["VIGNETTE_CHAT__<NAME>__<KEY>"]),
        ("VIGNETTE_WEB__PORT", ["web.port", "VIGNETTE_WEB__PORT", "'secret-ish'", "integer"]),
        ("VIGNETTE_GUARD__ADULT", ["guard.adult", "VIGNETTE_GUARD__ADULT", "true or false"]),
    ],
)
def test_a_wrong_variable_is_named(variable: str, words: list[str]) -> None:
    (problem,) = problems(**{variable: "secret-ish"})
    for word in words:
        assert word in problem


@pytest.mark.parametrize(
    "text",
    [
        "[discord]\ntoken = 123456789",
        '[discord]\ntokn = "123456789"',
        '[chat.x]\nprovider = "openai"\napi_key = 123456789',
        '[chat.x]\napi_key = "123456789"',
        '[[chat]]\nprovider = "openai"\napi_key = "123456789"',
        '[web]\naccess_token = ["123456789"]',
    ],
)
def test_no_secret_is_told(text: str) -> None:
    assert "123456789" not in "\n".join(problems(text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: there is no such file"):
        load_settings(tmp_path / "nowhere.toml", {})


def test_secrets_stay_out_of_text() -> None:
    settings = load(DISCORD_TOKEN="top-secret-1", OPENAI_API_KEY="top-secret-2", VIGNETTE_WEB__ACCESS_TOKEN="top-secret-3")
    assert "top-secret" not in repr(settings)
    assert "top-secret" not in settings.model_dump_json()
    assert set(settings.secrets()) == {"top-secret-1", "top-secret-2", "top-secret-3"}


def test_the_example_is_valid_and_changes_nothing() -> None:
    text = example_toml()
    assert load(text) == load("[log]")
    uncommented = "\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line and not line.endswith(")"))
    keys = {line.partition(" = ")[0] for line in uncommented.splitlines()}
    assert {"port", "width", "hosts", "assets"} <= keys
    tomllib.loads(text)


@pytest.mark.parametrize(
    ("table", "refused"),
    [
        ('[images.far]\nprovider = "openai"\napi_key = "k"', True),
        ('[images.far]\nprovider = "automatic1111"\nbase_url = "https://forge.example.com"', True),
        ('[images.far]\nprovider = "automatic1111"\nbase_url = "https://8.8.8.8"', True),
        ('[images.far]\nprovider = "automatic1111"\nbase_url = "https://192.168.1.5:7860"', False),
        ('[images.far]\nprovider = "comfyui"\nbase_url = "https://studio.local"', False),
        ('[chat.far]\nprovider = "custom"\nbase_url = "https://models.example.com/v1"', True),
    ],
)
def test_certificates_may_go_unchecked_at_home_only(table: str, refused: bool) -> None:
    text = f"{table}\nallow_invalid_tls = true\n"
    if refused:
        assert [problem for problem in problems(text) if "far.allow_invalid_tls" in problem and "ca_file" in problem]
    else:
        assert load(text).images["far"].allow_invalid_tls
