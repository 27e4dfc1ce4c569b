"""What ``CONTRIBUTING.md`` shows a newcomer is true: its backends draw, its test passes, the files and names it speaks of exist."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.explain import backend_lines
from bot.settings_load import load_settings
from providers.contract import ProviderConfig, RenderSpec
from providers.images.formats import is_whole
from providers.images.results import size_of
from providers.registry import build_images, image_rows
from tests.contract.image_parts import Watch

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
BLOCKS = {found[1]: found[2] for found in re.finditer(r"^```\w+\n# (\S+)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)}
BACKEND, TEST, TOY, PROJECT = "providers/images/paintbox.py", "tests/contract/test_paintbox_images.py", "toy_images.py", "pyproject.toml"
HELPERS = [(module, name) for module, name in re.findall(r"^\| (`[\w/]+`(?:, `[\w/]+`)*) \| (.+) \|$", TEXT, re.MULTILINE)]
PLACES = ("", "bot", "bot/engine", "bot/engine/pictures", "providers", "providers/images", "tests/contract")
FILES = sorted({path for path in re.findall(r"`([\w/-]+(?:\.py|\.md|\.toml|/))`", TEXT) if path not in BLOCKS})


def exists(path: str) -> bool:
    return any((ROOT / place / path).exists() for place in PLACES)


@pytest.mark.parametrize("path", FILES)
def test_a_file_that_is_named_is_there(path: str) -> None:
    assert exists(path)


@pytest.mark.parametrize(("modules", "names"), HELPERS, ids=lambda text: text.split("`")[1])
def test_a_helper_that_is_named_is_there(modules: str, names: str) -> None:
    loaded = [importlib.import_module(f"providers.{module.replace('/', '.')}") for module in re.findall(r"`([\w/]+)`", modules)]
    wanted = [name for name in re.findall(r"`(\w+)`", names) if name != "explain"]
    assert wanted
    assert [name for name in wanted if not any(hasattr(module, name) for module in loaded)] == []


def test_the_commands_of_make_that_are_named_exist() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {word for words in re.findall(r"`make ([\w ]+)`", TEXT) for word in words.split()} <= set(targets)


def test_the_example_backend_passes_its_own_test(tmp_path: Path) -> None:
    """In a process of its own: the example is put beside the real backends, where it says it belongs."""
    for path in (BACKEND, TEST):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(BLOCKS[path], "utf-8")
    package = tmp_path / "providers" / "images"
    beside = f"import providers.images\nproviders.images.__path__.append({str(package)!r})\n"
    (tmp_path / TEST).with_name("conftest.py").write_text(beside, "utf-8")
    options = [
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(ROOT),
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    command = [sys.executable, "-m", "pytest", "-q", *options, str(tmp_path / TEST)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    written = len(re.findall(r"^async def test_", BLOCKS[TEST], re.MULTILINE))
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) >= written >= 5


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package of ``CONTRIBUTING.md`` as pip would leave it: its module, and its entry points as metadata."""
    project = tomllib.loads(BLOCKS[PROJECT])
    name, groups = project["project"]["name"], project["project"]["entry-points"]
    lines = [f"[{group}]\n" + "".join(f"{kind} = {target}\n" for kind, target in entries.items()) for group, entries in groups.items()]
    metadata = tmp_path / f"{name.replace('-', '_')}-{project['project']['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {project['project']['version']}\n", "utf-8")
    (metadata / "entry_points.txt").write_text("".join(lines), "utf-8")
    for module in project["tool"]["setuptools"]["py-modules"]:
        (tmp_path / f"{module}.py").write_text(BLOCKS[f"{module}.py"], "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    image_rows.cache_clear()
    yield
    image_rows.cache_clear()
    sys.modules.pop("toy_images", None)


async def test_the_toy_of_another_package_draws(installed: None) -> None:
    toy = build_images(ProviderConfig(name="mine", provider="toy"))
    result = await toy.render(RenderSpec("job-1", "a red cat", width=96, height=64, seed=7), Watch())
    assert is_whole(result.images[0].data)
    assert (size_of(result.images[0].data), result.images[0].seed) == ((96, 64), 7)
    assert ((await toy.check()).problems, await toy.models(), await toy.cancel("job-1", None)) == ((), (), False)
    await toy.close()


async def test_the_toy_is_listed_as_registered_and_as_configured(installed: None) -> None:
    settings = load_settings(None, {"VIGNETTE_IMAGES__MINE__PROVIDER": "toy"})
    lines = [line async for line in backend_lines(settings) if line["name"] == "toy"]
    assert [line["configured_as"] for line in lines] == [None, "mine"]
    assert all(line["capabilities"]["seed"] for line in lines)
