# Every command a person types. `make` alone lists them. Works with GNU make 3.81 and later.

VENV ?= .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
# Twice the cores of a small machine: what takes long in the tests is waiting, for servers and for quotas.
WORKERS ?= 4
PYTHONS := $(if $(PYTHON),$(PYTHON),python3.13 python3.12 python3.11 python3)

# What `make demo` puts in its pool
USERS ?= 300
GROUPS ?= 12
MEMBERSHIPS ?= $(USERS)
SEED ?= 1

# What `make bench` measures; USERS given on the command line or in the environment counts here too
BENCH_USERS = $(if $(filter file,$(origin USERS)),2000,$(USERS))
LATENCY_MS ?= 150

# Which kinds of pool `make fidelity` looks at (all if empty), and how often `make kill-points` kills
KINDS ?=
POINTS ?= 20

# How many changes `make bench-live` and `make live-soak` make
bench-live: CHANGES ?= 500
live-soak: CHANGES ?= 1000

# Which stacks `make redrive` looks at; without a Region in that of your AWS profile
STACK ?= cognito-lifeboat
REGION ?=

export SAM_CLI_TELEMETRY := 0

# Where nothing compiled is kept, each of the tests' processes compiles all of them anew.
unexport PYTHONDONTWRITEBYTECODE

PYTEST := $(PY) -m pytest
LOCK := $(PY) -m uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help setup format lint types check test test-unit local demo fidelity kill-points bench bench-growth bench-live live-soak scale-model screenshots redrive lock clean

help:  ## List the commands
	@sed -n 's/^\([a-z][a-z-]*\):.*##  *\(.*\)/\1|\2/p' Makefile | awk -F'|' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: $(INSTALLED) $(VENV)/bin/lifeboat  ## Make .venv, install the locked requirements in it and the command .venv/bin/lifeboat (PYTHON=… chooses the interpreter)

format: $(INSTALLED)  ## Format the code and mend what ruff can mend
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

lint: $(INSTALLED)  ## Look at format, code and template, and change nothing
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(VENV)/bin/cfn-lint template.yaml
	AWS_DEFAULT_REGION=us-east-1 $(PY) -m samcli validate --lint --template-file template.yaml

types: $(INSTALLED)  ## Check the types (mypy --strict)
	$(PY) -m mypy

check: lint types test  ## Everything that CI runs

test: $(INSTALLED)  ## Run all tests
	$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-unit: $(INSTALLED)  ## Run the tests that need no server
	$(PYTEST) tests/unit

local: $(INSTALLED)  ## Start the embedded AWS, deploy to both Regions, stay until Ctrl-C
	$(PY) -m local

demo: $(INSTALLED)  ## Export, lose the Region, import, compare (USERS=300 GROUPS=12 MEMBERSHIPS=300 SEED=1)
	$(PY) -m local.demo --users $(USERS) --groups $(GROUPS) --memberships $(MEMBERSHIPS) --seed $(SEED)

fidelity: $(INSTALLED)  ## Take every kind of pool and user through export and import, write docs/fidelity.md (KINDS=email,custom)
	$(PY) -m local.fidelity --kinds "$(KINDS)"

bench: $(INSTALLED)  ## Measure exports and an import against Cognito's quotas, write docs/benchmarks.md (USERS=2000 LATENCY_MS=150)
	$(PY) -m benchmarks --users $(BENCH_USERS) --latency-ms $(LATENCY_MS) --seed $(SEED)

bench-growth: $(INSTALLED)  ## The same for 1,000, 5,000 and 20,000 users: time and requests a user must not grow
	$(PY) -m benchmarks --users 1000 5000 20000 --latency-ms $(LATENCY_MS) --seed $(SEED)

bench-live: $(INSTALLED)  ## Measure how soon changes are in the other Region, and a first sign-in, write docs/bench-live.md (CHANGES=500)
	$(PY) -m benchmarks.bench_live --changes $(CHANGES) --seed $(SEED) --keep

live-soak: $(INSTALLED)  ## Change a pool at random under faults while exports run; table and standby pool must end equal (CHANGES=1000)
	$(PY) -m local.live_soak --changes $(CHANGES) --seed $(SEED)

scale-model: $(INSTALLED)  ## Reckon time, cost, payloads and history events for 1 and 40 million users
	PYTHONPATH=layers/lifeboat $(PY) -m benchmarks.scale_model

kill-points: $(INSTALLED)  ## Kill an import at random points, resume it, compare (POINTS=20 SEED=1)
	$(PY) -m local.fidelity.kill_points --points $(POINTS) --seed $(SEED)

screenshots: $(INSTALLED)  ## Take the pictures of the README anew (docs/images), of a pool that is lost and restored
	$(PY) -m local.screenshots

redrive: $(INSTALLED)  ## Give the messages in a stack's dead-letter queues another try (STACK=cognito-lifeboat REGION=us-east-1)
	PYTHONPATH=layers/lifeboat $(PY) -m cli failed --redrive --stack "$(STACK)" $(if $(REGION),--region "$(REGION)")

lock: $(INSTALLED)  ## Resolve both requirements.in again into requirements.txt with hashes
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) layers/lifeboat/requirements.in --output-file layers/lifeboat/requirements.txt

clean:  ## Remove everything the other commands made
	rm -rf $(VENV) .local .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements.txt
	@for candidate in $(PYTHONS); do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Setting up $(VENV) with $$("$$candidate" --version); this takes about a minute"; \
	    exec "$$candidate" -m venv "$(VENV)"; \
	  fi; \
	done; \
	echo "Python 3.11 or later, with its venv module, is needed. Tried: $(PYTHONS)." >&2; \
	echo "Install one (on Debian and Ubuntu also python3-venv), or name it: make setup PYTHON=/path/to/python3" >&2; \
	exit 1
	@# The lock is complete, so nothing is left to resolve; pip 23.2 cannot match extras against it.
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --requirement requirements.txt
	@touch $@

$(VENV)/bin/lifeboat: $(INSTALLED) Makefile
	@printf '%s\n' '#!/bin/sh' 'PYTHONPATH="$(CURDIR):$(CURDIR)/layers/lifeboat" exec "$(abspath $(PY))" -m cli "$$@"' > $@
	@chmod +x $@
