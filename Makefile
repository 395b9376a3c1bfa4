# `make help` lists the targets. Needs Python 3.11 or newer, git and make; nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# `make run` needs RUNNABLE, which is a part of INSTALLED.
RUNNABLE := $(VENV)/runnable
INSTALLED := $(VENV)/installed
# Python compiles a module when it is first imported. pip would compile thousands that never are.
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-compile

# The tests start hundreds of processes: without .pyc files each of them compiles us anew.
unexport PYTHONDONTWRITEBYTECODE

PIN := $(BIN)/uv pip compile setup.cfg --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --custom-compile-command "make lock" --quiet

# Every page of the repository, and none of a library's.
PAGES = $(shell git ls-files --cached --others --exclude-standard '*.md')

.DEFAULT_GOAL := help
.PHONY: help run test test-faults test-long bench bench-check bench-import check audit fmt schema snapshots client lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNNABLE) ## Run the service with a PostgreSQL of its own (PORT, DATA_DIR).
	@exec $(BIN)/python -m wallet_api dev

test: $(INSTALLED) ## Run the tests, against a real PostgreSQL. `make check` also runs the slow ones.
	$(BIN)/pytest -n auto --dist worksteal -m "not long and not faults and not slow"

test-long: $(INSTALLED) ## Run the tests that take minutes.
	$(BIN)/pytest -m long --timeout 1200

test-faults: $(INSTALLED) ## Run the tests that stop, kill and cut everything under load (minutes).
	$(BIN)/pytest -m faults --timeout 300

bench: $(INSTALLED) ## Measure files against PostgreSQL, up to a million users (long; gigabytes).
	$(BIN)/wallet-api bench

bench-check: $(INSTALLED) ## Measure in small, and compare the ratios with the committed ones.
	$(BIN)/wallet-api bench --quick --check

bench-import: $(INSTALLED) ## Measure the import of wallet files (minutes).
	$(BIN)/python -m benchmarks.wallet_import

check: $(INSTALLED) ## Everything that CI checks: format, lint, types, layers, SQL, tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/sqlfluff lint --disable-progress-bar queries
	$(BIN)/squawk migrations/*.sql
	$(BIN)/mdformat --check $(PAGES)
	$(BIN)/pytest -n auto --dist worksteal

audit: $(INSTALLED) ## Ask PyPI for known vulnerabilities of all that is pinned (needs the network).
	$(BIN)/pip-audit --strict --progress-spinner off --disable-pip --require-hashes \
	  -r requirements.txt -r requirements-dev.txt

fmt: $(INSTALLED) ## Format the code and mend what can be mended.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --disable-progress-bar queries
	$(BIN)/mdformat $(PAGES)

schema: $(INSTALLED) ## Write schema.sql and catalog.json from the migrations.
	$(BIN)/pytest -q tests/sql/test_schema.py --write

snapshots: $(INSTALLED) ## Write the query snapshots anew (tests/sql/snapshots).
	$(BIN)/pytest -q tests/sql/test_snapshots.py --write

client: $(INSTALLED) ## Write the client's types anew from /openapi.json (needs Node 20 or newer).
	$(BIN)/pytest -q tests/clients --write

lock: $(INSTALLED) ## Pin every dependency, with hashes, to its newest version.
	$(PIN) --upgrade --output-file requirements.txt
	$(PIN) --upgrade --constraint requirements.txt --extra dev --output-file requirements-run.txt
	$(PIN) --upgrade --constraint requirements-run.txt --all-extras \
	  --output-file requirements-dev.txt

clean: ## Remove the virtual environment. The data in .data stays.
	rm -rf $(VENV)

# After a change of a lock file the environment is created anew: a removed package must not stay.
$(RUNNABLE): requirements-run.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	@echo "Installing what running needs into $(VENV)."
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP_INSTALL) --require-hashes -r requirements-run.txt
	@touch $@

$(INSTALLED): $(RUNNABLE) setup.cfg pyproject.toml
	@echo "Installing what only tests and checks need."
	$(PIP_INSTALL) --require-hashes -r requirements-dev.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@
