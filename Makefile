# `make` alone lists what there is. Everything happens in .venv; the system is only touched for
# the packages in system/packages.txt, and only by root.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMPS := build/stamps
UV := build/uv/bin/uv

.PHONY: help setup demo test check bench lock clean

help: ## list what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: $(STAMPS)/system $(STAMPS)/project $(STAMPS)/assets ## make the environment that all others use

demo: setup ## play the story on a real PostgreSQL, then stay up
	@$(BIN)/assent demo

test: setup ## run all tests
	@if command -v mvn >/dev/null; then tools/fetch_jdbc.sh || echo "JDBC is not tried" >&2; fi
	@if command -v go >/dev/null; then tools/fetch_go_modules.sh || echo "the log is not read with Go" >&2; fi
	@$(BIN)/pytest -q -n auto

check: setup ## format, lint, types (scripts too), import contracts, unit and law tests
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@tools/check_scripts.sh
	@$(BIN)/pytest -q -n auto tests/unit tests/laws

bench: setup ## run the benchmarks; ONLY=suite for one of them
	@$(BIN)/python -m benchmarks $(ONLY)

lock: $(UV) ## pin all Python packages again, by hash
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-header --no-emit-index-url --extra demo --extra evaluate --extra object-store --extra timestamps --extra parquet --group test --group check \
	  pyproject.toml --output-file requirements/dev.txt

clean: ## remove what was made, also the environment
	@rm -rf .venv build dist node_modules src/assent/web/assets/vendor
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Left unmade when something is missing and may not be installed, so that it is said each time.
$(STAMPS)/system: system/packages.txt tools/system_packages.sh
	@PYTHON=$(PYTHON) tools/system_packages.sh $@

$(UV): requirements/bootstrap.txt | $(STAMPS)/system
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with make PYTHON=…" >&2; exit 7; }
	@$(PYTHON) -m venv build/uv
	@build/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(BIN)/python: | $(STAMPS)/system
	@$(PYTHON) -m venv .venv

$(STAMPS)/packages: requirements/dev.txt $(UV) | $(BIN)/python
	@$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes $<
	@mkdir -p $(@D) && touch $@

$(STAMPS)/project: pyproject.toml verifier/pyproject.toml $(STAMPS)/packages
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable verifier --editable .
	@touch $@

$(STAMPS)/assets: package-lock.json tools/build_assets.py | $(BIN)/python
	@if command -v npm >/dev/null; then \
	  npm ci --silent --no-audit --no-fund && $(BIN)/python tools/build_assets.py \
	  && mkdir -p $(@D) && touch $@; \
	else echo "npm is missing: the inbox page will not be live" >&2; fi
