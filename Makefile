# Everything starts from here, on a machine with Python 3.11 or newer, git and make.
# Each target sets up what it needs; nothing is installed twice while the lock files stay as they are.

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run browser test check lint types faults screenshots bench bench-peers peers lock clean

BIN := .venv/bin
ROUNDS ?= 100
SEED ?=

help:           ## show this list
	@sed -n 's/^\([a-z-]*\): *\([a-z-]*\) *## */  make \1#/p' $(MAKEFILE_LIST) | awk -F'#' '{printf "%-18s %s\n", $$1, $$2}'

setup:          ## make .venv and install what the program needs, from requirements.lock
	@sh tools/set_up.sh

setup-dev:      ## the same with the tools of the check, from requirements-dev.lock
	@sh tools/set_up.sh --dev

run: setup      ## replay the example year in a database under var/, and serve its pages on this machine
	@$(BIN)/auditloop demo

browser: setup-dev ## find a Chromium for the tests of pages, or install Debian's
	@$(BIN)/python -m tools.chromium

test: browser   ## the whole check: style, types, contracts, YAML, documents, tests, coverage
	@$(BIN)/python -m tools.check

check: setup-dev ## the whole check without the tests: seconds
	@$(BIN)/python -m tools.check --no-tests

lint: setup-dev ## only formatting, lint, contracts, YAML and documents
	@$(BIN)/python -m tools.check format lint contracts yaml documents

types: setup-dev ## only the types
	@$(BIN)/python -m tools.check types

faults: setup-dev ## the long fault run, of a night and a day; ROUNDS=10 plays ten in a hundred of it, SEED=7 begins with that seed
	@AUDITLOOP_FAULT_ROUNDS=$(ROUNDS) AUDITLOOP_FAULT_SEED=$(SEED) $(BIN)/python -m pytest -m faults tests/faults

screenshots: browser ## pictures of every page for every post, wide and narrow, into var/screenshots
	@$(BIN)/python -m tools.screenshots

bench: setup-dev ## measure ours against bare SQL and a bare mail client; ten minutes, into bench/RESULTS.md
	@$(BIN)/python -m bench.results own

bench-peers: peers ## race ours against comparable libraries; half an hour, into bench/RESULTS.md
	@$(BIN)/python -m bench.results peers

peers: setup-dev .venv-peers/installed

.venv-peers/installed: bench/peers/requirements.lock
	@echo "  install the peers into .venv-peers"
	@$(BIN)/python -m venv .venv-peers
	@.venv-peers/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps --requirement $<
	@touch $@

lock:           ## compile the lock files anew (needs uv)
	@sh tools/lock.sh

clean:          ## remove the environment and everything made by tools; var/ is yours and stays
	@rm -rf .venv .venv-peers build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		.coverage .coverage.* htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Removed .venv and the caches; var/ is left as it is."
