# The commands of this house. `make` prints them. Each one sets up what it needs.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_HOME ?= var/demo
SECONDS ?= 600
export CLEANROOM_PROJECT := $(CURDIR)
# Programs here start programs: without kept bytecode each would compile its hundreds of modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo airflow test test-fast fuzz check fix lock

help: ## print the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready ## make .venv from the hashed lock (the other commands call this)

$(VENV)/.ready: pyproject.toml requirements/all.txt requirements/uv.txt requirements/setup.sh
	@bash requirements/setup.sh "$(PYTHON)" "$(VENV)"
	@touch $@

demo: setup ## run the whole line on a made-up consortium, then serve the portal (Ctrl-C ends it)
	$(BIN)/cleanroom demo --workdir $(DEMO_HOME)

airflow: setup ## start Airflow with the DAGs on loopback, on the demo's folder (Ctrl-C ends it)
	$(BIN)/python infra/airflow/local.py --home $(DEMO_HOME)

test: setup ## every test (CHROMIUM=path names another browser)
	@bash requirements/browser.sh
	@bash infra/bqemulator/setup.sh
	$(BIN)/python -m pytest -n 2 -q

test-fast: setup ## the tests that take seconds: no browser, no emulator, nothing slow
	$(BIN)/python -m pytest -n 2 -q -m "not slow and not browser and not emulator"

fuzz: setup ## search every parser of foreign bytes for inputs that break it (SECONDS=600, over all of them)
	nice $(BIN)/python -m tests.fuzz --seconds $(SECONDS)

check: setup ## lint, import contracts, migrations, dbt on both targets, DAG and policy tests, deployment check
	@$(BIN)/python infra/check.py

fix: setup ## format and mend what the linters can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup ## compile requirements/*.txt again from pyproject.toml
	@bash requirements/lock.sh "$(BIN)"
