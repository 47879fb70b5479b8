# What people and CI do here; `make` lists it. Needs Python 3.11 to 3.13 with pip, and make.
# Another Python: `make test PYTHON=python3.12 VENV=.venv/3.12`.
PYTHON ?= python3
VENV ?= .venv
PYTEST ?= # more arguments for pytest, such as PYTEST='-k gate -x'
# Files of tests side by side; what a file's tests share is set up once.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile

PY := $(VENV)/bin/python

.PHONY: help demo test check bench static parties same-python clean
.DELETE_ON_ERROR:

help: ## List what there is to make
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: $(VENV)/.base ## Build a realistic estate, audit it, print where the report lies
	@$(PY) -m quaestor demo quaestor-demo
	@echo "To type quaestor as above: . $(VENV)/bin/activate"

test: static parties ## Everything: format, lint, types, contracts, policies, all tests
	$(PY) -m pytest $(SIDE_BY_SIDE) $(PYTEST)

check: static ## The fast part: all but the tests that need a real service
	$(PY) -m pytest $(SIDE_BY_SIDE) -m 'not real' $(PYTEST)

bench: $(VENV)/.dev ## Measure against what is physically possible; writes bench-results/
	$(PY) tests/bench/run.py

clean: ## Remove what was made here, the environments included
	rm -rf $(VENV) .parties .pages .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf build dist quaestor-demo bench-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

static: $(VENV)/.dev
	$(PY) -m ruff format --check src tests
	$(PY) -m ruff check src tests
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m quaestor policy test policies

# Each party looks for itself and does nothing where all is there.
parties: $(VENV)/.dev
	@$(PY) tests/set_up.py

# Stamps: what is installed stays so until pyproject.toml changes. One after the other, also
# with `make -j`, because two pips must not write into one environment.
$(VENV)/.made: | same-python
	@mkdir -p $(VENV)
	sh .ci/venv $(VENV) $(PYTHON)
	@touch $@

$(VENV)/.base: $(VENV)/.made pyproject.toml
	$(PY) -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PY) -m pip install --quiet --editable '.[dev]'
	@touch $@

# A PYTHON that was asked for by name is used, or the reason why not is said.
same-python:
ifneq ($(origin PYTHON),file)
	@test ! -x $(PY) || test "$$($(PY) -V)" = "$$($(PYTHON) -V 2>&1)" || { \
	    echo "error: $(VENV) is of $$($(PY) -V), not of $(PYTHON)" >&2; \
	    echo "  fix: make clean, or give the other one its own: VENV=.venv/other" >&2; exit 1; }
endif
