# Everything happens in .venv, which is made when a target first needs it.
.DEFAULT_GOAL := help
.PHONY: help venv test lint demo bench docs screenshots clean

# The first interpreter that is new enough; `make PYTHON=… test` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 14

venv: .venv/.installed ## make .venv, or bring it up to date with pyproject.toml

# The plugin is tested with both: the older pytest lies beside the one that runs the tests.
test: venv .venv/pytest8 ## run the tests
	GRADPROOF_OTHER_PYTEST=$(CURDIR)/.venv/pytest8 $(BIN)/python -m pytest -q -n auto $(ARGS)

lint: venv ## check style, types and the floors of the house
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: venv ## play the article's gradient check as a story
	$(BIN)/gradproof demo

docs: venv ## build the documentation into build/docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

screenshots: venv ## make the pictures of the documentation (needs Chromium)
	$(BIN)/python docs/screenshots.py

bench: .venv/.installed-bench ## print the tables of the README
	status=0; for script in $(sort $(filter-out %_notes.py,$(wildcard benchmarks/*.py))); do \
	$(BIN)/python $$script || status=1; done; exit $$status

clean: ## remove everything that was made here
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "gradproof needs Python 3.11 or newer on the PATH" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) -e ".[test,dev,docs]"
	@touch $@

.venv/pytest8: .venv/.installed
	$(INSTALL) --target $@ "pytest>=8,<9"
	@touch $@

.venv/.installed-bench: .venv/.installed
	$(INSTALL) -e ".[bench]"
	@touch $@
