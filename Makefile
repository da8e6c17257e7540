# `make` alone prints what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml --group build

.DEFAULT_GOAL := help
.PHONY: help run test test-long test-race lint format migrate openapi bench lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed ## Start everything on 127.0.0.1:8000 (PORT=...), with a demo market the first time
	@exec $(BIN)/filmmart run --port $(PORT)

test: .venv/installed-dev lint ## Lint, then run every test but the long ones (CI=1: with coverage)
	$(BIN)/pytest -n 2 $(if $(CI),--cov --cov-report=term)

test-long: .venv/installed-dev ## Run the long tests: schemathesis, and pulling the plug
	$(BIN)/pytest -n 2 -m schemathesis
	$(BIN)/pytest -m kill

test-race: .venv/installed-dev ## Sell ten thousand times at once (`make test` has hundreds)
	$(BIN)/pytest -m race

lint: .venv/installed-dev ## Check style, types, imports and migrations; change nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/alembic upgrade head --sql | $(BIN)/squawk

format: .venv/installed-dev ## Put the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

migrate: .venv/installed ## Bring the database of FILMMART_DATABASE_URL to this version's schema
	$(BIN)/filmmart migrate

openapi: .venv/installed ## Write openapi.json
	$(BIN)/filmmart openapi --output openapi.json

bench: .venv/installed-dev ## Measure the speeds that benchmarks/README.md reports
	$(BIN)/python -m benchmarks

lock: .venv/installed-dev ## Renew requirements.lock and requirements-dev.lock from pyproject.toml
	$(LOCK) --upgrade --output-file requirements.lock
	$(LOCK) --upgrade --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove .venv and every cache; the data in .filmmart/ stays
	rm -rf .venv .coverage .coverage.* .hypothesis .schemathesis openapi.json
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "FilmMart needs Python 3.11 or later and $(PYTHON) is not: name one with PYTHON=python3.12." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is missing: run 'apt-get install python3-venv' first." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# The application itself is installed as a link to this folder, built by the locked hatchling.
.venv/installed: .venv/made requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
