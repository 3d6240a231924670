# Everything anybody does here is one of these targets; “make help” lists them.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras \
	--allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

# Every page in a browser, and whole tasks done in one, take minutes.
SWEEP := tests/browser tests/journeys
# These kill servers and count processes: nothing else may run beside them.
ALONE := tests/work tests/kpiapp/test_servers.py tests/kpiapp/test_supervisor.py tests/house/test_deployment.py

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-long check check-css sizes bench demo-reset screenshots css messages lock

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: setup ## Start everything on PORT (8000) with its data in DATA_DIR (.data); Ctrl-C stops it
	@$(BIN)/python -m kpiapp.supervisor

setup: .venv/installed ## Create .venv from the lock file

test: setup-dev ## Run the tests against throw-away servers, on two cores
	$(BIN)/pytest -n 2 --dist loadfile $(addprefix --ignore=,$(ALONE) $(SWEEP))

test-long: setup-dev ## The tests that take long: pages and journeys in a browser, servers and workers that are killed
	for tests in $(SWEEP) $(ALONE); do $(BIN)/pytest $$tests || exit 1; done

check: setup-dev check-css ## Style, format, migrations, templates, imports, types, catalogue, stylesheet, sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	$(MANAGE) makemigrations --check --dry-run
	$(BIN)/pytest -q tests/house
	@$(MAKE) --silent sizes

sizes: ## How large files, functions and templates are, one line per figure
	@$(PYTHON) -m tests.house.sizes

check-css:
	@if command -v npm >/dev/null; then $(MAKE) --silent node_modules && npm run --silent check; \
	elif [ "$$CI" = true ]; then echo "Node is missing: the stylesheet cannot be checked."; exit 1; \
	else echo "The stylesheet was not checked: that needs Node."; fi

bench: setup-dev ## Measure; one JSON line per figure, and a failure when one does not hold
	@$(BIN)/python -m benchmarks

demo-reset: setup ## Forget all data in DATA_DIR; the next “make run” loads the demo companies anew
	@$(BIN)/python -m kpiapp.supervisor forget

screenshots: setup-dev ## Write pictures of the main pages to docs/screenshots
	$(BIN)/python -m tests.browser.screenshots

css: node_modules ## Build static/dist/app.css (needs Node)
	npm run build

messages: setup-dev ## Collect the texts for translation and compile them (needs gettext)
	$(MANAGE) makemessages --locale vi --no-obsolete --add-location file \
		--ignore node_modules --ignore .venv --ignore tests --ignore benchmarks
	$(MANAGE) compilemessages --locale vi --ignore .venv

lock: setup-dev ## Write the lock files anew after a change in pyproject.toml
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

setup-dev: .venv/installed-dev

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. Install it, or name it: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python lacks its venv module. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Creating .venv"
	@$(PYTHON) -m venv .venv

.venv/installed: requirements.lock | .venv/bin/python
	@echo "Installing what the product needs"
	@$(PIP) --requirement requirements.lock
	@touch $@

.venv/installed-dev: requirements-dev.lock | .venv/bin/python
	@echo "Installing what the tests need"
	@$(PIP) --requirement requirements-dev.lock
	@touch $@

node_modules: package-lock.json
	@npm install --silent --no-fund --no-audit
	@touch $@
