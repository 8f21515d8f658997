# make demo   set everything up and serve the running city at http://127.0.0.1:8000
# make test   set everything up (browser and fonts too) and pass all tests
# make check  format, lint, types, import contracts, words, migrations, templates, dependencies
# make wheel  build the installable package into dist/
# make setup  prepare the checkout: .venv with the `ecobureau` command

PYTHON ?= python3
BIN := .venv/bin
# One more than the cores of a small machine: a third of the tests mostly wait for programs that they kill and start.
JOBS ?= 3
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all:
STATIC := $(shell find src/ecobureau/web/static -type f -not -path '*/vendor/*' 2>/dev/null)
.DEFAULT_GOAL := help
.PHONY: help setup dev demo test check wheel lock clean fmt bench

help:
	@sed -n 's/^# //p' Makefile

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit("ecobureau needs Python 3.11 or newer, this is %s. Say which: make PYTHON=python3.12 …" % sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python has no venv here. Run: sudo apt-get install -y python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.setup: .venv/.made requirements/setup.txt pyproject.toml
	$(PIP) -r requirements/setup.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/.dev: .venv/.setup requirements/dev.txt
	$(PIP) -r requirements/dev.txt
	@touch $@

.venv/.npm: .venv/.setup package.json package-lock.json
	node=$$(tools/node.sh) && PATH="$$node:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.venv/.vendor: .venv/.npm tools/vendor.py tools/icons.txt $(wildcard src/ecobureau/web/static/eb/marks/*.svg)
	$(BIN)/python tools/vendor.py
	@touch $@

src/ecobureau/locale/en/LC_MESSAGES/django.mo: .venv/.setup src/ecobureau/locale/en/LC_MESSAGES/django.po tools/messages.py
	$(BIN)/python tools/messages.py compile

.venv/.static: .venv/.vendor $(STATIC)
	ECOBUREAU_SECRET_KEY=collect $(BIN)/python -m django collectstatic --noinput --clear --settings ecobureau.web.settings --verbosity 0
	@touch $@

setup: .venv/.static src/ecobureau/locale/en/LC_MESSAGES/django.mo

dev: setup .venv/.dev

demo: setup
	$(BIN)/ecobureau demo

test: dev
	ECOBUREAU_CHROMIUM=$$(tools/browser.sh) && export ECOBUREAU_CHROMIUM && $(BIN)/pytest -n $(JOBS) $(ARGS)

# Side by side, each part's words together; one that fails does not keep the others from saying what they found.
check: dev
	@$(MAKE) --no-print-directory --keep-going --jobs 2 --output-sync=target \
		check-types check-words check-templates check-style check-scripts

.PHONY: check-types check-words check-templates check-style check-scripts
check-types:
	$(BIN)/mypy src/ecobureau

check-words:
	$(BIN)/python tools/messages.py check
	ECOBUREAU_SECRET_KEY=check DATABASE_URL= $(BIN)/python -W ignore::RuntimeWarning tools/migrations.py

check-templates:
	$(BIN)/djlint src/ecobureau --check
	$(BIN)/djlint src/ecobureau --lint

check-style:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check --no-cache .
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry src
	$(BIN)/python tools/hygiene.py

check-scripts:
	node=$$(tools/node.sh) && PATH="$$node:$$PATH" npm run --silent types

fmt: dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	-$(BIN)/djlint src/ecobureau --reformat --quiet
	$(BIN)/python tools/messages.py update

wheel: setup
	$(BIN)/python -m hatchling build -t wheel -d dist

lock:
	tools/lock.sh

bench: setup
	for file in bench/*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf .venv node_modules .cache src/ecobureau/web/static/vendor src/ecobureau/web/core/paper/vendor src/ecobureau/web/staticfiles
