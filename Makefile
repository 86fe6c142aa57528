# run: the main job on recorded data · test · check: the whole gate · fix: what can be mended by itself · bench
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
# The newest interpreter from 3.11 on; python3.13 is what AWS runs.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := $(BIN)/uv --system-certs pip

.PHONY: run test check fix bench lock
run: .venv/run
	@$(BIN)/singstat run

test: .venv/test
	@$(BIN)/pytest -n auto -m "not slow"

check: .venv/check
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && echo "format, lint: clean"
	@$(BIN)/mypy
	@sed 's/$${[A-Za-z]*Arn}/arn:aws:lambda:region:account:function:name/' statemachine/pipeline.asl.json > .venv/asl.json
	@$(BIN)/statelint .venv/asl.json && echo "state machine: clean"
	@SAM_CLI_TELEMETRY=0 $(BIN)/sam validate --lint

fix: .venv/check
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: .venv/test
	@$(BIN)/python -m benchmarks && $(BIN)/python benchmarks/worker_memory.py --10m

.venv/bin/uv:
	@test -n "$(PYTHON)" || { echo "singstat needs Python 3.11 or newer on PATH" >&2; exit 1; }
	@echo "Making .venv with $(PYTHON) ..."
	@$(PYTHON) -m venv .venv
	@grep -A99 '^uv==' requirements/run.txt | sed '1!{/^[a-z]/,$$d;}' | grep -v '^ *#' > .venv/uv.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt

# check holds all that test holds, and test all that run holds: a smaller set never takes a larger one's packages away.
.venv/run .venv/test .venv/check: .venv/%: .venv/bin/uv requirements/%.txt pyproject.toml
	@echo "Installing requirements/$*.txt ..."
	@$(UV) sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/$*.txt
	@$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch .venv/run; case $* in test|check) touch .venv/test;; esac; case $* in check) touch .venv/check;; esac

lock: .venv/bin/uv
	@for set in check test run functions; do \
		$(UV) compile pyproject.toml --extra $$set --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-package singstat-pipeline --custom-compile-command "make lock" --quiet --upgrade \
			$$(test $$set = check || echo --constraint requirements/check.txt) -o requirements/$$set.txt; done
