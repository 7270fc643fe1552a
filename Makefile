PYTHON ?= python3
BIN := .venv/bin
# Two test processes share the cores: threads that wait must not spin.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: run test test-slow check venv

run: .venv/installed            ## train the quickstart preset: memorizes, then generalizes
	$(BIN)/memlab run quickstart

test: .venv/installed           ## the default tests
	$(BIN)/pytest -n 2

test-slow: .venv/installed      ## the tests that take minutes
	$(BIN)/pytest -n 2 -m slow

check: .venv/installed          ## everything that CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

venv: .venv/installed           ## .venv with memlab and its tools

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,dev]'
	touch $@
