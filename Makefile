# Every target sets up what it needs; the first one to run makes .venv.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
export OMP_WAIT_POLICY := passive
# Certificates of the system, so that installs work behind a company proxy, too.
export UV_SYSTEM_CERTS ?= true
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.PHONY: help setup demo test test-soak check

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.complete ## make .venv from requirements.lock

.venv/.complete: requirements.lock pyproject.toml
	@command -v uv >/dev/null || [ -x .venv-uv/bin/uv ] || \
		( echo "installing uv into .venv-uv" && $(PYTHON) -m venv .venv-uv && .venv-uv/bin/pip install --quiet uv )
	@UV=$$(command -v uv || echo .venv-uv/bin/uv); \
		[ -x $(BIN)/python ] || $$UV venv --quiet --python $(PYTHON) .venv; \
		$$UV pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock && \
		$$UV pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## the whole pipeline on rendered items, audited against known truth; minutes on two cores
	$(BIN)/sane run configs/demo.toml

test: setup ## tests but for the long proofs; real photographs too where SANE_REAL_DATA names their folder
	$(BIN)/python -m pytest -m "not proof"

test-soak: setup ## 50 kills of runs and Dask workers and 3 of flow runs, at random moments; half an hour
	SANE_KILLS=20,20,10,3 $(BIN)/python -m pytest -s tests/resume/test_killed_at_random.py

check: setup ## format, lint, types, import rules, all tests with kills and load
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest
