# Everything starts here. Needs python3 (3.11 to 3.13), nothing else; PYTHON=python3.12 chooses another.
PYTHON ?= python3
VENV := .venv/bin
UV ?= uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: help demo demo-reset dev story chaos crawl test bench requirements contracts lint format lock environment

help:
	@echo "make demo          the product with a demo company and a real ERP, on http://127.0.0.1:8000"
	@echo "make demo-reset    throw the demo's data away, to start over with make demo"
	@echo "make dev           the demo, restarting by itself when code changes"
	@echo "make story         an RFQ to its paid invoice through all the real parts, checked"
	@echo "make chaos         300 orders while everything is killed and the line to the ERP is bad, checked"
	@echo "make crawl         every page, API address and page of the back office as every role at every company's things, checked"
	@echo "make test          everything: linters, types, tests (real PostgreSQL, Tryton, browser)"
	@echo "make bench         the measured figures against their limits"
	@echo "make contracts     publish the contracts under docs/contracts anew"
	@echo "make requirements  each requirement with the tests that show it"
	@echo "make lint          linters and types alone;  make format  writes what they want"
	@echo "make lock          resolve the lock files anew (needs uv)"

demo:
	@exec $(PYTHON) demo/launch.py

dev:
	@exec $(PYTHON) demo/launch.py --dev

demo-reset:
	@exec $(PYTHON) demo/launch.py --reset

story: environment
	@exec $(VENV)/python demo/story.py

chaos: environment
	@exec $(VENV)/python -m tests.chaos

crawl: environment
	@exec $(VENV)/python -m tests.crawl

bench: environment
	@exec $(VENV)/python -m tests.bench

test: environment
	@exec $(VENV)/python -m tests.run

contracts: environment
	@PORTAL_EMBEDDED_DB=1 $(VENV)/python manage.py contracts

requirements: environment
	@exec $(VENV)/python -m tests.requirements

lint: environment
	@exec $(VENV)/python -m tests.run --lint

format: environment
	$(VENV)/ruff check --fix --quiet . ; $(VENV)/ruff format . ; $(VENV)/djhtml --tabwidth 2 templates

environment:
	@$(PYTHON) demo/environment.py dev erp

# The locks name versions and hashes only: no index, no host.
lock:
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) pyproject.toml --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	cd demo/erp && $(LOCK) requirements.in --output-file requirements.lock
