# `make help` lists the targets. Needs Python 3.11 or newer with pip, git and make; nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# `make run` needs only RUNNABLE, which is part of INSTALLED.
RUNNABLE := $(VENV)/runnable
INSTALLED := $(VENV)/installed
# Python compiles modules at their first import. pip would compile thousands of unused ones.
# The pip of PYTHON installs, so that the environment of `make run` needs none.
PIP_INSTALL := $(PYTHON) -m pip --python $(BIN)/python install --disable-pip-version-check --no-compile

# The tests start hundreds of processes, and without .pyc files each would compile our modules.
unexport PYTHONDONTWRITEBYTECODE

PIN := $(BIN)/uv pip compile setup.cfg --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --custom-compile-command "make lock" --quiet

# The Markdown files of the repository, without those of libraries.
PAGES = $(shell git ls-files --cached --others --exclude-standard '*.md')

.DEFAULT_GOAL := help
.PHONY: help run test test-faults test-long bench bench-check bench-import bench-peer check audit fmt schema snapshots client pictures docs lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNNABLE) ## Run the service with a local PostgreSQL (PORT, DATA_DIR).
	@exec $(BIN)/python -m wallet_api dev

test: $(INSTALLED) ## Run the tests except the slow ones, against a real PostgreSQL.
	$(BIN)/pytest -n auto --dist worksteal -m "not long and not faults and not slow"

test-long: $(INSTALLED) ## Run the tests that take minutes, and property tests with new examples.
	$(BIN)/pytest -m long --timeout 1200 --hypothesis-profile=random
	$(BIN)/pytest -n auto -m hypothesis --hypothesis-profile=random

test-faults: $(INSTALLED) ## Run the fault tests: outages, kills and cut connections under load (minutes).
	$(BIN)/pytest -m faults --timeout 300

bench: $(INSTALLED) ## Benchmark files against PostgreSQL, up to a million users (long; gigabytes).
	$(BIN)/wallet-api bench

bench-check: $(INSTALLED) ## Run the quick benchmark and compare its ratios with the committed ones.
	$(BIN)/wallet-api bench --quick --check

bench-import: $(INSTALLED) ## Benchmark the import of wallet files (minutes).
	$(BIN)/python -m benchmarks.wallet_import

bench-peer: $(INSTALLED) ## Compare the service with equal ones in Node (needs Node 20; minutes).
	$(BIN)/python -m benchmarks.peer_bench

check: $(INSTALLED) ## Run all checks of CI: format, lint, types, layers, SQL, tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/sqlfluff lint --disable-progress-bar queries
	$(BIN)/squawk migrations/*.sql
	$(BIN)/mdformat --check $(PAGES)
	$(BIN)/pytest -n auto --dist worksteal

audit: $(INSTALLED) ## Check pinned packages for known vulnerabilities (needs the network).
	$(BIN)/pip-audit --strict --progress-spinner off --disable-pip --require-hashes \
	  -r requirements.txt -r requirements-dev.txt

fmt: $(INSTALLED) ## Format the code and apply automatic fixes.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --disable-progress-bar queries
	$(BIN)/mdformat $(PAGES)

schema: $(INSTALLED) ## Regenerate schema.sql and catalog.json from the migrations.
	$(BIN)/pytest -q tests/sql/test_schema.py --write

snapshots: $(INSTALLED) ## Regenerate the query snapshots (tests/sql/snapshots).
	$(BIN)/pytest -q tests/sql/test_snapshots.py --write

client: $(INSTALLED) ## Regenerate the client's types from /openapi.json (needs Node 20 or newer).
	$(BIN)/pytest -q tests/clients --write

pictures: $(INSTALLED) ## Take the pictures of the console in docs/images again (needs Chromium).
	$(BIN)/pytest -q tests/browser/test_pictures.py --write

docs: $(INSTALLED) ## Build the documentation site in build/docs/site, and check its links.
	$(BIN)/python docs/build_site.py

lock: $(INSTALLED) ## Pin all dependencies to their newest versions, with hashes.
	$(PIN) --upgrade --output-file requirements.txt
	$(PIN) --upgrade --constraint requirements.txt --extra dev --output-file requirements-run.txt
	$(PIN) --upgrade --constraint requirements-run.txt --all-extras \
	  --output-file requirements-dev.txt

clean: ## Remove the virtual environment and build. Data in .data is kept.
	rm -rf $(VENV) build

# A changed lock file recreates the environment, so that removed packages do not remain.
$(RUNNABLE): requirements-run.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is required: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 \
	  || { echo "$(PYTHON) has no pip: install it, for example: apt-get install python3-pip"; exit 1; }
	@echo "Installing what running needs into $(VENV)."
	$(PYTHON) -m venv --clear --without-pip $(VENV)
	$(PIP_INSTALL) --require-hashes -r requirements-run.txt
	@# Packages bring 14 MB of sources in C, which nothing here compiles.
	@find $(VENV)/lib -name '*.[ch]' -delete
	@touch $@

$(INSTALLED): $(RUNNABLE) setup.cfg pyproject.toml
	@echo "Installing what only tests and checks need."
	$(PIP_INSTALL) --require-hashes -r requirements-dev.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@
