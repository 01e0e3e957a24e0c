# The entry points; CI calls the same ones. `make help` lists them.
PYTHON ?= python3
SCENARIO ?= happy
HOST ?= emulator
TOPOLOGY ?= single
PORTS ?= default
API ?=
DAY ?=
STATE ?=
CALL ?=
TESTS ?= tests
SET ?=
CALLS ?= 1000
WORKERS ?= 2
PLAN ?= docs/plans/menu-then-transfer.json
AT ?=
KEYS ?=
ANSWERS ?=
CALLER ?=
CUSTOMER ?=
CONTEXT ?=
FORMAT ?= svg
OUT ?=

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
VENV := .venv/$(VERSION)
RUN := $(VENV)/bin/python
AZURITE := emulator/azurite/node_modules/.installed
CONSOLE := console/node_modules/.installed
CONSOLE_BUILT := console/dist/.built
KUSTO := tests/infra/kusto/node_modules/.installed
POLICY := .local/policy
CHECKOV := 3.3.30
ZIZMOR := 1.32.0

# Compiled files are kept, also where the environment says not to: hundreds of processes import the same modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo serve console doctor calls watch dry-run draw test test-failed check format bench bench-media lists crowd queue faults package policy docs lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.installed $(AZURITE)  ## install what the other targets need (they do it themselves)

$(VENV)/.installed: requirements.txt requirements-dev.txt
	@test -n "$(VERSION)" || { echo "$(PYTHON) cannot be run: name another with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make … PYTHON=python3.12")'
	@echo "Setting up, once: a virtual environment of Python $(VERSION) in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing the $$(grep -c '==' requirements-dev.txt) packages of requirements-dev.txt (a minute or two) …"
	@$(RUN) -m pip install --disable-pip-version-check --progress-bar off -r requirements-dev.txt
	@touch $@

$(AZURITE): emulator/azurite/package-lock.json
	@command -v npm > /dev/null || { echo "Node.js 20 or newer is needed, with npm, for Azurite."; exit 1; }
	@echo "Installing Azurite in emulator/azurite/node_modules, once (about a minute) …"
	@npm ci --prefix emulator/azurite --ignore-scripts --no-audit --no-fund --loglevel=error
	@echo "Everything is set up."
	@touch $@

$(CONSOLE): console/package-lock.json
	@echo "Installing the packages of the web console, once (a minute or two) …"
	@npm ci --prefix console --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(CONSOLE_BUILT): $(CONSOLE) docs/openapi.json $(shell find console/src console/public console/*.ts console/*.json console/index.html -type f 2>/dev/null)
	@echo "Building the web console in console/dist …"
	@npm run --silent build --prefix console -- --logLevel warn
	@touch $@

$(KUSTO): tests/infra/kusto/package-lock.json
	@echo "Installing Microsoft's Kusto parser, for the tests (once) …"
	@npm ci --prefix tests/infra/kusto --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

demo: setup  ## one call, end to end (SCENARIO=happy | transfer | consult | api | recording-fails-then-recovers | recording-never-starts | duplicates-and-disorder | missed-call | menu | agent-answers | nobody-answers | waiting | your-own-step | crm | outbound | on-behalf-of | interop | transcript | echo)
	@$(RUN) -m local.demo --scenario $(SCENARIO) --host $(HOST) --topology $(TOPOLOGY) --ports $(PORTS) --set "$(SET)"

serve: setup  ## the same system, left running (HOST=func for Azure Functions Core Tools, HOST=none for the platform alone, TOPOLOGY=flex for a process for each function, SET="RECORDING=off" for other settings)
	@$(RUN) -m local.serve --host $(HOST) --topology $(TOPOLOGY) --ports $(PORTS) --set "$(SET)"

console: setup $(CONSOLE_BUILT)  ## make serve, with the web console at http://localhost:4280, opened in a browser
	@$(RUN) -m local.serve --console --topology $(TOPOLOGY) --ports $(PORTS) --set "$(SET)"

doctor: setup  ## check everything that a call depends on, in the app of `make serve` (JSON=yes)
	@$(RUN) -c 'import socket; socket.create_connection(("127.0.0.1", 7071), 2)' 2> /dev/null || \
	  { echo "Nothing answers at http://127.0.0.1:7071: run make serve first, with its default ports."; exit 1; }
	@$(RUN) -m shared.doctor --api http://127.0.0.1:7071/api/keyed/v1 $(if $(JSON),--json)

calls: setup  ## list the calls of a running app (DAY=2026-11-21, STATE=connected, API=https://… with FUNCTIONS_KEY)
	@$(RUN) -m local.calls --api "$(API)" list --day "$(DAY)" --state "$(STATE)"

watch: setup  ## print the events of a call as they happen (CALL=… for another than the newest)
	@$(RUN) -m local.calls --api "$(API)" watch $(CALL)

dry-run: setup  ## the way of a call through a plan (PLAN=plan.json AT=2026-11-22T19:00 KEYS="2 1234" ANSWERS="sales=declined,accepted" CALLER=+49… CUSTOMER=known CONTEXT="name=value")
	@$(RUN) -m local.dry_run --plan "$(PLAN)" --at "$(AT)" --keys "$(KEYS)" --answers "$(ANSWERS)" \
	  --caller "$(CALLER)" --customer "$(CUSTOMER)" --context "$(CONTEXT)"

draw: setup  ## a plan as a picture (PLAN=plan.json, FORMAT=mermaid, OUT=plan.svg)
	@$(RUN) -m local.draw --plan "$(PLAN)" --format "$(FORMAT)" --out "$(OUT)"

test: setup $(KUSTO) $(CONSOLE_BUILT)  ## all tests (PYTHON=python3.13 for another Python, TESTS=tests/calls for a part, WORKERS=0 for one process)
	@for each in $(TESTS); do test -e "$${each%%::*}" || { echo "TESTS: there is no $$each"; exit 1; }; done
	@$(RUN) -m local.browser
	@$(RUN) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

test-failed: setup  ## the tests that failed last, in one process
	@$(RUN) -m pytest --last-failed --last-failed-no-failures none

check: setup  ## linters and types
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@$(RUN) -m local.sdk_names

format: setup  ## format the code
	@$(RUN) -m ruff check --fix --quiet --exit-zero .
	@$(RUN) -m ruff format --quiet .
	@$(RUN) -m ruff check .

bench: setup  ## measure the budgets
	@$(RUN) -m local.bench

bench-media: setup  ## what the media service costs, for a frame and for a call (CALLS=500)
	@$(RUN) -m local.media_bench --calls $(if $(filter-out 1000,$(CALLS)),$(CALLS),500)

lists: setup  ## write 10,000 calls, and count what a page of each list costs
	@$(RUN) -m local.lists

crowd: setup  ## 1,000 calls within a second (CALLS=… for as many as wanted)
	@$(RUN) -m local.crowd --calls $(CALLS)

queue: setup  ## 500 calls in a menu at once; 200 callers and 20 agents for an hour, in virtual time (two minutes)
	@PYTHONPATH=. $(RUN) -m local.queue

faults: setup  ## the app under every fault, in virtual time (SEEDS=20000, DAYS=8, PAIRS=all, SEED=17, MUTANT=all)
	@PYTHONPATH=. $(RUN) -m local.faults $(if $(SEEDS),--seeds $(SEEDS)) $(if $(DAYS),--days $(DAYS)) \
	  $(if $(PAIRS),--pairs $(PAIRS)) $(if $(SEED),--seed $(SEED)) $(if $(MUTANT),--mutant $(MUTANT))

package: setup  ## build dist/app.zip, import it, print its size (CLEAN=yes to install its requirements anew)
	@$(RUN) -m local.package $(if $(CLEAN),--clean)

policy: setup $(POLICY)/.installed  ## policy scanners over infra/ and the workflows, offline
	@$(RUN) -m local.policy $(POLICY)/bin

$(POLICY)/.installed: Makefile
	@echo "Installing checkov and zizmor in $(POLICY) (once) …"
	@$(PYTHON) -m venv $(POLICY)
	@$(POLICY)/bin/pip install --quiet --disable-pip-version-check checkov==$(CHECKOV) zizmor==$(ZIZMOR)
	@touch $@

docs: setup  ## generate pages of docs/, and all files that follow from the table of settings
	@$(RUN) -m local.docs

lock: setup  ## pin the newest versions that requirements*.in allow
	@$(RUN) -m pip install --quiet --disable-pip-version-check uv
	@for each in requirements requirements-dev media/requirements; do \
	  $(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url \
	    --custom-compile-command "make lock" $$each.in -o $$each.txt; done

clean:  ## remove everything that was installed or generated
	rm -rf .venv .local dist emulator/azurite/node_modules tests/infra/kusto/node_modules console/node_modules console/dist
