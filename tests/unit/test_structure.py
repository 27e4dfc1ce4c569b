"""The shape of the house: sizes, imports, generated documents, and that nothing secret or local was committed."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
import migrations
import prompts
import providers
from bot import docs
from bot.logs import TOKEN_SHAPES
from bot.settings_table import example_toml

ROOT = Path(bot.__file__).resolve().parent.parent
PACKAGES = (bot, providers, prompts, migrations)
FOLDERS = ("bot", "providers", "prompts", "migrations", "tests")
HEAVY = {"discord", "telegram", "openai", "xllamacpp", "dicebear", "resvg_py", "uvicorn", "alembic", "playwright"}


def sources() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "__pycache__" not in path.parts)


def modules() -> Iterator[str]:
    for package in PACKAGES:
        yield package.__name__
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name != "migrations.env" and ".versions." not in module.name:
                yield module.name


def test_files_are_short() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert not {str(path): length for path, length in lengths.items() if length > 500}
    assert statistics.median(lengths.values()) <= 250
    assert sum(length > 250 for length in lengths.values()) <= len(lengths) * 0.2


def test_functions_fit_a_screen() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in sources()
        if path.parent.name != "versions"  # a migration is one list of statements
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno and node.end_lineno - node.lineno >= 70
    }
    assert not long


@pytest.mark.parametrize("path", sorted(sources()), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_what_it_holds(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if not text.strip():
        return  # a package that holds nothing itself
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module docstring is missing"
    if len(tree.body) > 1 and path.name not in ("__init__.py",):
        futures = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        assert futures, "from __future__ import annotations is missing"


def test_everything_can_be_imported() -> None:
    for name in modules():
        importlib.import_module(name)


@pytest.mark.parametrize("module", ["bot.cli", "bot.app", "bot.settings_load", "providers.registry"])
def test_start_up_imports_stay_light(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set({sorted(HEAVY)!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_readme_tables_are_current() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert docs.renew(text, docs.generated()) == text, "run `make docs`"


def test_example_settings_are_current() -> None:
    assert (ROOT / "vignette.example.toml").read_text(encoding="utf-8") == example_toml(), "run `make docs`"


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = (ROOT / "README.md").read_text(encoding="utf-8")[:800]
    assert opening.index("make run") < opening.index("make test")


def test_the_changelog_knows_this_version() -> None:
    assert f"## [{bot.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["vignette.example.toml", "docker-compose.yml", "Dockerfile", "Makefile", "README.md", ".ci/run"])
def test_no_secret_in_examples(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not [found.group() for shape in TOKEN_SHAPES for found in shape.finditer(text)]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-embedded.txt"])
def test_requirements_are_pinned_with_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:/|--(extra-)?index-url|--find-links|--trusted-host|^-f|^-i|(?<![\w.])/\w+/", text, re.MULTILINE)
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.!+-]+( ;.*)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry[:80]


def test_embedded_requirements_are_those_named() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements-embedded.txt") == pins("requirements-embedded.in")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_no_file_the_program_reads_is_ignored() -> None:
    """A clone must hold everything a package reads, such as the clip art: an ignore rule must not reach into the packages."""
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", *FOLDERS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert [name for name in done.stdout.splitlines() if "__pycache__" not in name] == []
