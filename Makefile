# Everything happens in .venv, which is made when a target first needs it, and holds what the
# targets called so far need: the story does with a small part of what the tests take.
.DEFAULT_GOAL := help
.PHONY: help venv test test-all lint demo bench found docs screenshots clean
.NOTPARALLEL: # one pip at a time in one .venv

# The first interpreter that is new enough; `make PYTHON=… test` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest -q -n auto

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

venv: .venv/.test .venv/.dev .venv/.docs ## make .venv, or bring it up to date with pyproject.toml

test: .venv/.test ## run the tests that are not slow
	$(PYTEST) -m "not slow" $(ARGS)

# The plugin is tested with both: the older pytest lies beside the one that runs the tests.
test-all: .venv/.test .venv/.clusters .venv/.docs .venv/pytest8 ## run all the tests
	GRADPROOF_OTHER_PYTEST=$(CURDIR)/.venv/pytest8 $(PYTEST) $(ARGS)

lint: .venv/.dev ## check style, types and the floors of the house
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: .venv/.demo ## play the article's gradient check as a story
	$(BIN)/gradproof demo

found: .venv/.found ## faults found in released packages: which are still there
	$(BIN)/python examples/found/run.py

docs: .venv/.docs ## build the documentation into build/docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

screenshots: .venv/.test ## make the pictures of the documentation (needs Chromium)
	$(BIN)/python docs/screenshots.py

bench: .venv/.test .venv/.bench ## print the tables of the README
	status=0; for script in $(sort $(filter-out %_notes.py,$(wildcard benchmarks/*.py))); do \
	$(BIN)/python $$script || status=1; done; exit $$status

clean: ## remove everything that was made here
	rm -rf .venv build dist demo.html .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "gradproof needs Python 3.11 or newer on the PATH" >&2; exit 1; }
	$(PYTHON) -m venv .venv

# One stamp for each set of extras; a newer pyproject.toml makes them all stale.
.venv/.%: pyproject.toml | $(BIN)/python
	$(INSTALL) -e ".[$*]"
	@touch $@

.venv/pytest8: .venv/.test
	$(INSTALL) --upgrade --target $@ "pytest>=8,<9"
	@touch $@
