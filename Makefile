PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/pytest -n 2 --dist worksteal

.PHONY: run test test-slow test-interop coverage check bench claims example examples pictures tree venv torture

run: .venv/installed            ## train the quickstart preset
	$(BIN)/memlab run quickstart

test: .venv/installed           ## run the default tests
	$(PYTEST)

test-slow: .venv/installed      ## run the tests that take minutes
	$(PYTEST) -m slow
	$(PYTEST) -m 'hypothesis and not slow and not interop' --hypothesis-profile thorough

test-interop: .venv/installed   ## round trips with the real libraries, in a separate environment
	$(PYTHON) -m venv build/interop
	build/interop/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,interop]'
	build/interop/bin/pytest -m interop tests/interop

coverage: .venv/installed       ## branch coverage of memlab/record by its tests and those of tracked runs
	$(PYTEST) tests/record tests/track --cov=memlab.record --cov-branch --cov-fail-under=100 --cov-report=term-missing:skip-covered

check: .venv/installed          ## run everything that CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST)
	$(MAKE) coverage

claims: .venv/installed         ## train every short preset and write docs/claims.md; resumable
	$(BIN)/memlab verify --markdown --reuse --runs build/claims presets/quick/*.yaml presets/memorize/*.yaml presets/sanity/*.yaml > docs/claims.md

example: .venv/installed        ## train the run that ships in runs/ again
	$(BIN)/python tools/example_run.py

examples: .venv/installed       ## train the runs of docs/examples.md that are missing in build/examples, and write it
	$(BIN)/python tools/examples.py

pictures: .venv/installed       ## draw the pictures in README.md from runs
	$(BIN)/python tools/pictures.py

tree: .venv/installed           ## write the tree in docs/architecture.md from the docstrings of the files
	$(BIN)/python tools/tree.py | $(BIN)/python tools/section.py docs/architecture.md tree

bench: .venv/installed          ## measure the table of engines in README.md; installs transformers
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python benchmarks/transformers_gpt2.py | $(BIN)/python tools/section.py README.md bench

torture: .venv/installed        ## crash-test memlab for some minutes and write docs/trust.md
	mkdir -p build && rm -f build/figures.jsonl
	OMP_NUM_THREADS=1 MEMLAB_FIGURES=build/figures.jsonl $(BIN)/pytest -m slow tests/faults
	$(BIN)/memlab torture --kills 500 --fills 60 --damages 20000 --json > build/torture.json
	$(BIN)/python tools/trust.py build

venv: .venv/installed           ## create .venv with memlab and its tools

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	@echo "installing memlab and its tools into .venv: some minutes"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,dev]'
	touch $@
