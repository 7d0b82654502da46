# `make demo` and `make test` need Python 3.11 or later and nothing else: they create their environment in .venv.

SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-all docs bench clean

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
WORKERS ?= auto

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | awk -F'\t' '{ printf "make %-10s %s\n", $$1, $$2 }'

demo: .venv/demo.stamp  ## set up, then import an archive into demo/, look around in it and back it up
	@$(BIN)/python -m docs.demo

test: .venv/dev.stamp  ## set up, then lint, types and tests; fresh documents are one of them
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(PYTEST) -n $(WORKERS) -m "not slow"

test-slow: .venv/dev.stamp  ## the proofs that need minutes
	$(PYTEST) -n $(WORKERS) -m slow

test-all:  ## the tests on every CPython 3.11 to 3.14 that this machine offers
	@set -e; for python in $$(.ci/pythons); do \
		version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "== CPython $$version"; \
		folder=.venvs/$$version; \
		if ! [ $$folder/stamp -nt pyproject.toml ]; then \
			$$python -m venv --clear $$folder; \
			$$folder/bin/python -m pip install --quiet --editable '.[dev]'; \
			touch $$folder/stamp; \
		fi; \
		$$folder/bin/python -m pytest -n $(WORKERS) -m "not slow"; \
	done

docs: .venv/dev.stamp  ## write the generated documents and pictures again
	$(BIN)/python -m docs.generate

bench: .venv/bench.stamp  ## measure every promise against its peer; fails when one is missed
	@failed=0; for script in benchmarks/*.py; do \
		echo "== $$script"; $(BIN)/python $$script || failed=1; \
	done; exit $$failed

clean:  ## remove environments, caches and what the demo made
	rm -rf .venv .venvs .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@python=$$(.ci/pythons usable) || { echo "needs Python 3.11 or later with the module venv, on PATH" >&2; exit 1; }; \
	echo "creating .venv with $$python"; \
	"$$python" -m venv .venv

.venv/demo.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/dev.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

.venv/bench.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[bench,vectors]'
	@touch $@
