# `make` alone prints what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml --group build

USUAL := "not kill and not race and not rgw and not schemathesis"

.DEFAULT_GOAL := help
.PHONY: help run test coverage test-slow test-openapi test-kill test-race test-rgw lint format migrate openapi released clients bench lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed ## Start everything on 127.0.0.1:8000 (PORT=...), with a demo market the first time (SANDBOX=1: and a sandbox)
	@exec $(BIN)/filmmart run --port $(PORT) $(if $(SANDBOX),--sandbox)

test: .venv/installed-dev lint $(if $(CI),clients) ## Lint, then run the tests (CI=1: the slow ones too)
	$(BIN)/pytest -n 2 $(if $(CI),-m $(USUAL))

# Not in CI, which it would double. Without the storms: Python 3.11 may hang where a trace function,
# greenlets and threads that end meet in one (its eval loop then waits for a pending call that it is
# in), and did twice; 3.13 does not.
coverage: .venv/installed-dev clients ## Run the tests, the slow ones too, for their branch coverage: 95 % at least
	$(BIN)/pytest -n 2 -m $(USUAL) -k "not storm" --cov --cov-report=term

test-slow: .venv/installed-dev clients ## Run what `make test` leaves out: films, browsers, storms, programs
	$(BIN)/pytest -n 2 -m "slow and not kill and not race"

test-openapi: .venv/installed-dev ## Ask every operation what its OpenAPI allows, and what it does not (schemathesis)
	$(BIN)/pytest -n 2 -m schemathesis

test-kill: .venv/installed-dev ## Pull the plug of processes again and again; twenty minutes (STORMS=short: half of it)
	$(BIN)/pytest -m kill

test-race: .venv/installed-dev ## Sell ten thousand times at once (`make test` has hundreds)
	$(BIN)/pytest -m race

test-rgw: .venv/installed-dev ## Try the store's part on Ceph's gateway too (radosgw ceph-mon ceph-osd ceph-common)
	$(BIN)/pytest -m rgw

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

openapi: .venv/installed ## Write docs/api/openapi.json and postman.json, which tests hold to the code
	$(BIN)/filmmart openapi --output docs/api/openapi.json
	$(BIN)/filmmart openapi --postman --output docs/api/postman.json

released: openapi ## Keep this contract as the last release's: the next changes are held to it
	cp docs/api/openapi.json docs/api/released.json

clients: .clients/python/made $(if $(shell command -v npm),.clients/typescript/made) ## Generate clients, Python and (where there is npm) TypeScript

bench: .venv/installed-dev ## Measure the speeds that benchmarks/README.md reports
	$(BIN)/python -m benchmarks

lock: .venv/installed-dev ## Renew requirements.lock and requirements-dev.lock from pyproject.toml
	$(LOCK) --upgrade --output-file requirements.lock
	$(LOCK) --upgrade --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove .venv and every cache; the data in .filmmart/ stays
	rm -rf .venv .clients .coverage .coverage.* .hypothesis .schemathesis
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

# A partner's two programs (docs/api/clients/), each with what it needs and nothing of ours.
.clients/python/made: docs/api/openapi.json $(wildcard docs/api/clients/python/*) .venv/installed-dev
	$(PYTHON) -m venv --clear .clients/python
	.clients/python/bin/pip install --quiet --disable-pip-version-check --require-hashes -r docs/api/clients/python/requirements.lock
	.clients/python/bin/openapi-python-client generate --path docs/api/openapi.json --meta none \
		--config docs/api/clients/python/generator.yaml --output-path .clients/python/client/filmmart_client --overwrite \
		> .clients/python/generated.log
	cp docs/api/clients/python/*.py .clients/python/client/
	$(BIN)/mypy --config-file= --strict --python-executable .clients/python/bin/python --follow-imports silent \
		--cache-dir .clients/python/.mypy_cache .clients/python/client/story.py
	@touch $@

.clients/typescript/made: docs/api/openapi.json $(wildcard docs/api/clients/typescript/*) docs/api/clients/typescript/.npmrc
	mkdir -p .clients/typescript
	cp docs/api/clients/typescript/* docs/api/clients/typescript/.npmrc .clients/typescript/
	cd .clients/typescript && npm ci --silent --no-audit --no-fund
	cd .clients/typescript && npx openapi-typescript ../../docs/api/openapi.json --default-non-nullable=false --output schema.d.ts
	cd .clients/typescript && npx tsc
	@touch $@
