# Everything a fresh Debian 12/13 or Ubuntu machine needs, and the two commands people type.
#
#   make demo     all set-up, then the main job on real input
#   make test     all set-up, then every check and the whole test suite
#
# With an NVIDIA GPU, once:
#   make demo TORCH=torch TORCH_INDEX= CMAKE_ARGS=-DGGML_CUDA=on

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := libsystemd-dev pkg-config gcc g++ cmake python3-venv python3-dev
APT_TEST := systemd-journal-remote rsyslog logrotate rsync procps iproute2 $(shell command -v npm >/dev/null || echo npm)
TORCH ?= torch==2.13.0+cpu
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc)
export CMAKE_ARGS
MINUTES ?= 10
QUERIES ?= ../shared/eval/similar_public.jsonl
LOGHUB ?= ../shared/loghub
NODE_TOOLS ?= build/npm
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test soak bench-ship bench-store bench-memory bench-galera bench-embed bench-similar bench-agent bench-doors \
	mcpb check setup setup-test mariadb galera format clean

demo: setup
	DEVMESH_STATE_DIR=$(CURDIR)/.state $(BIN)/devmesh demo

test: setup-test check
	$(BIN)/pytest -q -n 2 --dist loadfile --durations 15

# The crash test for MINUTES, with MariaDB killed as well.
soak: setup-test
	SOAK_MINUTES=$(MINUTES) $(BIN)/pytest -q tests/soak tests/scale

bench-ship: setup-test
	$(BIN)/python tests/bench/ship.py

bench-store: setup-test
	$(BIN)/pip install -q --group bench
	$(BIN)/python tests/bench/store.py $(SIZES)

bench-memory: setup-test
	$(BIN)/pip install -q --group bench
	$(BIN)/python tests/bench/memory.py

bench-galera: setup-test
	PYTHONPATH=.:tests/soak $(BIN)/python tests/bench/galera.py

bench-embed: setup-test
	$(BIN)/python tests/bench/embed_load.py

# LOGHUB: the 2k samples of github.com/logpai/loghub; QUERIES: judged queries over them.
bench-similar: setup-test
	$(BIN)/pip install -q --group bench
	$(BIN)/python tests/bench/similar.py $(QUERIES) $(LOGHUB)

bench-agent: setup-test
	$(BIN)/python tests/bench/agent.py $(if $(LIMIT),--limit $(LIMIT)) $(if $(MODEL),--model $(MODEL))

bench-doors: setup-test
	$(BIN)/python tests/bench/doors.py

# The bundle that Claude Desktop installs with a click: build/devmesh.mcpb. It holds what pip would
# build from, and nothing else of this folder.
mcpb: $(NODE_TOOLS)/node_modules/.bin/mcpb
	rm -rf build/mcpb && mkdir -p build/mcpb
	tar -c --exclude=__pycache__ server tools shipper prompts sql pyproject.toml README.md LICENSE \
		| tar -x -C build/mcpb
	cp server/clients/manifest.json build/mcpb/
	PATH="$(abspath $(NODE_TOOLS))/node_modules/.bin:$$PATH" mcpb pack build/mcpb build/devmesh.mcpb

# node comes from npm too: that of Debian 12 is too old for it.
$(NODE_TOOLS)/node_modules/.bin/mcpb:
	npm install --silent --no-fund --no-audit --prefix $(NODE_TOOLS) node@22.23.3 @anthropic-ai/mcpb@2.1.2

check:
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format:
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

setup: $(VENV)/.apt $(VENV)/.installed mariadb

setup-test: setup $(VENV)/.apt-test $(VENV)/.installed-test galera

mariadb:
	@sh sql/install_mariadb.sh .mariadb

# For the tests that start a cluster.
galera: mariadb
	@sh sql/install_mariadb.sh .mariadb galera

# Packages are asked for only when one is missing, so that a second run needs neither net nor root.
define apt_install
	@missing=$$(for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "installing" $$missing; \
		$(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	@mkdir -p $(VENV) && touch $@
endef

$(VENV)/.apt: Makefile
	$(call apt_install,$(APT))

$(VENV)/.apt-test: Makefile $(VENV)/.apt
	$(call apt_install,$(APT_TEST))

$(BIN)/pip: $(VENV)/.apt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --upgrade pip setuptools
	@touch $(BIN)/pip

# The CPU build of torch first: left to itself, pip would take gigabytes of CUDA.
$(VENV)/.installed: pyproject.toml $(BIN)/pip
	@echo "installing Python packages; llama.cpp is compiled once, which takes minutes"
	$(BIN)/pip install -q "$(TORCH)" || $(BIN)/pip install -q "$(TORCH)" --index-url $(TORCH_INDEX)
	$(BIN)/pip install -q -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/pip install -q --group dev
	@touch $@

clean:
	rm -rf $(VENV) .mariadb .state build *.egg-info
