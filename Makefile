# Everything runs in .venv, which is made on first use. `make` alone lists what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete

export RAW

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz docs lint android-check env clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  RAW=photo.dng     what \`make demo\` develops besides its own sample"
	@echo "  ARGS='…'          passed on: to pytest by \`make test\`, to \`lwisp demo\` by \`make demo\`"
	@echo "  PYTHON=python3.12 the interpreter for a new .venv (3.11 or newer)"

demo: env ## Export, verify, develop; measure on this machine; write two pages
	$(BIN)/lwisp demo $(if $(RAW),"$$RAW") $(ARGS)
	@rm -rf build/demo/bench.json build/demo/bench.pictures
	$(BIN)/lwisp bench run lwisp --precision int8 --precision fp16 --runs 50 --no-gate -o build/demo/bench.json || [ $$? -eq 3 ]
	$(BIN)/lwisp bench report build/demo/bench.json -o build/demo/bench.html

test: env ## Run the tests but the slow ones (ARGS='-m slow' runs those)
	$(BIN)/python -m pytest -m 'not slow' $(ARGS)

fuzz: env ## Search for hostile input that isn't refused cleanly, about an hour (ARGS='-k opcode' selects)
	$(BIN)/python -m pytest -m 'not slow' tests/runtime/test_fuzz.py tests/bench/results/test_results_fuzz.py \
	  --hypothesis-profile=fuzz $(ARGS)

docs: env ## Build the documentation into build/site, and check its links
	$(BIN)/python -m pip install --quiet --editable '.[docs]' --constraint constraints/dev.txt
	$(BIN)/python -m mkdocs build --strict

lint: env ## Check style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

android-check: env ## Check the Android demo (Debian 12, JDK 17, npm; tools go into your cache)
	$(BIN)/python -m android_demo.checks $(ARGS)

env: $(STAMP) ## Make .venv (about two minutes), or do nothing if it's up to date

# The stamp comes last and --clear removes it first, so an interrupted run starts afresh.
$(STAMP): pyproject.toml constraints/dev.txt
	@version="$$($(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)" || { \
	  echo "No Python: '$(PYTHON)' doesn't run. Install Python 3.11 or newer, or name it:" \
	    "make env PYTHON=/path/to/python3" >&2; exit 2; }; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python is too old: '$(PYTHON)' is $$version, 3.11 or newer is needed. Install one and name it:" \
	    "make env PYTHON=python3.12" >&2; exit 2; }; \
	$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python $$version comes without venv. On Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }; \
	echo "[1/4] Making $(VENV) with Python $$version"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "[2/4] Updating pip"
	@$(BIN)/python -m pip install --upgrade pip --constraint constraints/dev.txt
	@echo "[3/4] Installing torch (first, by itself, so that nothing else chooses its build)"
	@$(BIN)/python -m pip install torch==2.13.0 --constraint constraints/dev.txt
	@echo "[4/4] Installing lwisp-mobile with all extras"
	@$(BIN)/python -m pip install --editable '.[dev]' --constraint constraints/dev.txt
	@touch $(STAMP)
	@echo "Done: $(VENV) is ready."

clean: ## Remove .venv, caches and build products; keep runs/
	rm -rf $(VENV) build dist lwisp_mobile.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
