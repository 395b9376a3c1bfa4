# `make help` lists the targets. Needs Python 3.11 or newer, git and make; nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

# The tests start hundreds of processes: without .pyc files each of them compiles us anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-faults test-long bench bench-check bench-import check audit fmt schema snapshots client lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) ## Run the service with a PostgreSQL of its own (PORT, DATA_DIR).
	@exec $(BIN)/wallet-api dev

test: $(INSTALLED) ## Run every test, against a real PostgreSQL.
	$(BIN)/pytest -n auto --dist worksteal

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
	$(BIN)/pytest -n auto --dist worksteal

audit: $(INSTALLED) ## Ask PyPI for known vulnerabilities of all that is pinned (needs the network).
	$(BIN)/pip-audit --strict --progress-spinner off --disable-pip --require-hashes \
	  -r requirements.txt -r requirements-dev.txt

fmt: $(INSTALLED) ## Format the code and mend what can be mended.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --disable-progress-bar queries

schema: $(INSTALLED) ## Write schema.sql and catalog.json from the migrations.
	$(BIN)/pytest -q tests/sql/test_schema.py --write

snapshots: $(INSTALLED) ## Write the query snapshots anew (tests/sql/snapshots).
	$(BIN)/pytest -q tests/sql/test_snapshots.py --write

client: $(INSTALLED) ## Write the client's types anew from /openapi.json (needs Node 20 or newer).
	$(BIN)/pytest -q tests/clients --write

lock: $(INSTALLED) ## Pin every dependency, with hashes, to its newest version.
	$(BIN)/uv pip compile --universal --upgrade --no-emit-index-url --generate-hashes \
	  --python-version 3.11 --custom-compile-command "make lock" \
	  --quiet --output-file requirements.txt setup.cfg
	$(BIN)/uv pip compile --universal --upgrade --no-emit-index-url --generate-hashes \
	  --python-version 3.11 --custom-compile-command "make lock" --all-extras \
	  --quiet --constraint requirements.txt --output-file requirements-dev.txt setup.cfg

clean: ## Remove the virtual environment. The data in .data stays.
	rm -rf $(VENV)

$(INSTALLED): requirements-dev.txt setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-build-isolation --editable .
	@touch $@
