# The commands of the project. Everything is installed into .venv by the first of them; see README.md.

PYTHON ?= python3
VENV := .venv/bin/python
TESTS ?= tests

.PHONY: run test acceptance lint bench faults fuzz audit-dependencies sbom migrations clean install install-dev
.DEFAULT_GOAL := run

run: install
	@exec $(VENV) -m launcher

# The tests start the product's processes a hundred times: each should find compiled what the first one compiled.
test acceptance: export PYTHONDONTWRITEBYTECODE :=

# Everything, or what TESTS names: make test TESTS=tests/incidents
test: install-dev
	@$(VENV) -m pytest -n 2 --dist worksteal --ignore=tests/acceptance --junit-xml=.pytest_cache/report.xml $(TESTS)
ifeq ($(TESTS),tests)
	@$(MAKE) --no-print-directory acceptance
endif

# Alerts, kills and outages against a whole running house. Their limits are in seconds, so nothing runs beside them.
acceptance: install-dev
	@$(VENV) -m pytest --junit-xml=.pytest_cache/acceptance.xml tests/acceptance

# The settings ask for a key even where nothing is served.
lint: export SECRET_KEY := only-for-lint
lint: install-dev
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy apps
	$(VENV) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
	$(VENV) -m djlint --check --quiet templates
	$(VENV) manage.py makemigrations --check --dry-run
	$(VENV) manage.py spectacular --validate --fail-on-warn --file /dev/null

bench: install
	@exec $(VENV) -m benchmarks

# Everything that may break, broken; CI runs the short form with the acceptance tests. Takes root, for a small disk.
faults: install-dev
	@exec $(VENV) -m faults

# What the OpenAPI document lets one send, sent by everybody, at a greater depth than `make test` goes.
fuzz: install-dev
	@FUZZ_DEPTH=$(or $(DEPTH),50) $(VENV) -m pytest -n 2 --timeout=3600 tests/access/test_fuzzing.py

# Known holes in what the lock names; says so where it cannot reach its data, and fails for a hole alone.
audit-dependencies: install-dev
	@$(VENV) -m launcher.dependencies

# What the product is made of (CycloneDX), from the lock.
sbom: install-dev
	@mkdir -p .local
	@$(VENV) -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible -o .local/sbom.json requirements.lock
	@echo "Written: .local/sbom.json"

migrations: install-dev
	$(VENV) manage.py makemigrations

install:
	@"$(PYTHON)" --version >/dev/null 2>&1 || { echo "Python 3.11 or newer is needed; '$(PYTHON)' was not found. Try: make PYTHON=python3.12 run"; exit 1; }
	@"$(PYTHON)" launcher/install.py run

install-dev:
	@"$(PYTHON)" --version >/dev/null 2>&1 || { echo "Python 3.11 or newer is needed; '$(PYTHON)' was not found. Try: make PYTHON=python3.12 test"; exit 1; }
	@"$(PYTHON)" launcher/install.py dev

# Ends nothing that runs: a running `make run` keeps its data.
clean:
	@if [ -x $(VENV) ]; then $(VENV) -m launcher.clean; fi
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
