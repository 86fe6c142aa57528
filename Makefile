# run: the main job on recorded data · test · check: the whole gate · fix: what can be mended by itself · bench
# docs, pictures: the pages as a site, and their pictures · build: what `sam deploy` takes
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
# python3.13, which AWS runs, on PATH or one of pyenv's; if there is none, another from 3.11 on.
PYTHON ?= $(shell for p in python3.13 "$$(pyenv root 2>/dev/null)"/versions/3.13.*/bin/python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := $(BIN)/uv --system-certs pip

CHECKED := tests/template tests/unit/test_layers.py tests/unit/test_docstrings.py
unexport PYTHONDONTWRITEBYTECODE # or every process would compile the project and the tests again

.PHONY: run test check check-code check-tests check-types check-scan check-template check-machine .venv/translated fix bench docs pictures build coverage lock
run: .venv/run
	@$(BIN)/singstat run

# Three test processes on two cores: a run of the pipeline waits between polls. REST=1 leaves out what check has run.
test: .venv/test
	@$(BIN)/pytest -n $$(($$($(BIN)/python -c "import os; print(os.cpu_count())") * 3 / 2)) --dist worksteal -m "not slow" \
		$(if $(REST),$(addprefix --ignore=,$(CHECKED)))

check: .venv/check .venv/scan/ready .venv/node/ready
	@$(MAKE) -j2 $(if $(filter output-sync,$(.FEATURES)),-O) check-code check-tests check-types check-scan check-template check-machine docs

check-code:
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && echo "format, lint: clean"
	@$(BIN)/zizmor --offline --quiet --no-progress --strict-collection --persona pedantic .github && echo "workflows, zizmor: clean"

check-types:
	@$(BIN)/mypy

check-machine:
	@sed 's/$${[A-Za-z]*Arn}/arn:aws:lambda:us-east-1:123456789012:function:name/' statemachine/pipeline.asl.json > .venv/asl.json
	@# Label and InputType are AWS's, the specification that statelint follows has neither
	@sed '/"Label": /d; s/"InputType": "JSON"//' .venv/asl.json > .venv/asl.specified.json
	@$(BIN)/statelint .venv/asl.specified.json && echo "state machine, statelint: clean"
	@if test -x .venv/node/node_modules/.bin/asl-validator; then .venv/node/node_modules/.bin/asl-validator --json-path .venv/asl.json; \
		else echo "state machine, asl-validator: not checked, it needs Node.js"; fi

check-template: .venv/translated
	@SAM_CLI_TELEMETRY=0 $(BIN)/sam validate --lint
	@# WS1004 looks for a log group per function, ours is one for all. W1028, W1030: statements of a role repeat the
	@# condition of the role, which the untranslated template needs.
	@$(BIN)/cfn-lint --ignore-checks WS1004 --append-rules cfn_lint_serverless.rules -- template.yaml quicksight/template.yaml && echo "template, cfn-lint: clean"
	@$(BIN)/cfn-lint --ignore-checks WS1004 W1028 W1030 --append-rules cfn_lint_serverless.rules -- .venv/translated.json && echo "translated, cfn-lint: clean"

check-scan: .venv/translated
	@for file in template.yaml quicksight/template.yaml .venv/translated.json; do if test -x .venv/scan/bin/checkov; \
		then LOG_LEVEL=ERROR .venv/scan/bin/checkov --file $$file > .venv/checkov.txt \
			|| { cat .venv/checkov.txt; exit 1; }; echo "$$file, checkov: $$(grep '^Passed' .venv/checkov.txt || echo 'none of its checks applies')"; \
		else echo "$$file, checkov: not checked, it does not run on this Python"; fi; done

check-tests:
	@$(BIN)/pytest --collect-only -qq > .venv/tests.txt || { cat .venv/tests.txt; exit 1; }; echo "tests, imports: clean"
	@$(BIN)/pytest $(CHECKED)

.venv/translated:
	@$(BIN)/python tests/template/translate.py > .venv/translated.json

fix: .venv/check
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

# All of docs/performance.md; PARTS="imports cost" measures some of it.
bench: .venv/test
	@$(BIN)/python -m benchmarks $(PARTS)

# README.md and docs/ as a site; fails if a link leads nowhere.
docs: .venv/check
	@$(BIN)/python -m tools.pages

# The pictures of README.md and docs/; with Node.js and Chromium.
pictures: .venv/check .venv/node/ready
	@$(BIN)/python -m tools.pictures

# WITH="--parameter-overrides Architecture=x86_64" is for SAM.
build:
	@PATH="$(CURDIR)/$(BIN):$$PATH" && sam build $(WITH) && python3.13 tools/finish_build.py .aws-sam/build

coverage: .venv/check
	@$(BIN)/python -m benchmarks.branches -m "not slow" tests/unit tests/workflow tests/faults

.venv/bin/uv:
	@test -n "$(PYTHON)" || { echo "singstat needs Python 3.11 or newer on PATH" >&2; exit 1; }
	@echo "Making .venv with $(PYTHON) ..."
	@$(PYTHON) -m venv .venv
	@grep -A99 '^uv==' requirements/run.txt | sed '1!{/^[a-z]/,$$d;}' | grep -v '^ *#' > .venv/uv.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt

# check holds all that test holds, and test all that run holds: a smaller set never takes a larger one's packages away.
# So the largest set that is asked for or installed is what is brought up to date.
.venv/run .venv/test .venv/check: .venv/%: .venv/bin/uv requirements/%.txt pyproject.toml
	@case "$*,$(wildcard .venv/test .venv/check)" in check,*|*.venv/check*) set=check;; test,*|*.venv/test*) set=test;; *) set=run;; esac; \
	echo "Installing requirements/$$set.txt ..."; \
	$(UV) sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/$$set.txt; \
	$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	touch .venv/run; case $$set in test|check) touch .venv/test;; esac; case $$set in check) touch .venv/check;; esac

.venv/scan/ready: .venv/bin/uv requirements/scan.txt
	@echo "Installing requirements/scan.txt ..."
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/scan
	@$(UV) sync --quiet --compile-bytecode --python .venv/scan/bin/python --require-hashes requirements/scan.txt || rm -f .venv/scan/bin/checkov
	@touch $@

.venv/node/ready: requirements/node/package-lock.json
	@mkdir -p .venv/node && cp requirements/node/package*.json requirements/node/.npmrc .venv/node/
	@if command -v npm > /dev/null; then echo "Installing requirements/node ..."; \
		npm ci --prefix .venv/node --silent --ignore-scripts > /dev/null 2>&1 || rm -rf .venv/node/node_modules; fi
	@touch $@

lock: .venv/bin/uv
	@for set in check test run functions report scan; do \
		$(UV) compile pyproject.toml --extra $$set --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-package singstat-pipeline --custom-compile-command "make lock" --quiet --upgrade \
			$$(case $$set in check|scan) ;; *) echo --constraint requirements/check.txt;; esac) -o requirements/$$set.txt; done
