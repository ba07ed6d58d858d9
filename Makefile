# The README's commands. Everything they need beyond cargo, python3 and node is fetched and built here.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := $(abspath .venv)
PY := $(VENV)/bin/python
NODE_DIR := bindings-node
BIOME := $(NODE_DIR)/node_modules/.bin/biome
# Not `npm ci`: it refuses a lock file that lacks the packages of other platforms, which some mirrors do not carry.
npm-install = npm install --silent --no-save --no-audit --no-fund
say = @printf '\033[1m==> %s\033[0m\n' "$(1)"

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# ---- what the rest stands on -------------------------------------------------------------------------------------

$(VENV)/.ready: bindings-python/pyproject.toml
	$(call say,a virtual environment in .venv)
	@$(PYTHON) -m venv $(VENV) || { echo "python3 needs its venv module: sudo apt-get install python3-venv"; exit 1; }
	@$(PY) -m pip install --quiet --upgrade 'maturin>=1.16,<2'
	@scripts/quietly env VIRTUAL_ENV=$(VENV) $(VENV)/bin/maturin develop --manifest-path bindings-python/Cargo.toml --extras dev
	@touch $@

.PHONY: python
python: $(VENV)/.ready ## build the Python package into .venv
	$(call say,the Python package)
	@scripts/quietly env VIRTUAL_ENV=$(VENV) $(VENV)/bin/maturin develop --manifest-path bindings-python/Cargo.toml

$(NODE_DIR)/node_modules/.ready: $(NODE_DIR)/package-lock.json
	$(call say,npm packages of bindings-node)
	@cd $(NODE_DIR) && $(npm-install)
	@touch $@

.PHONY: node
node: $(NODE_DIR)/node_modules/.ready ## build the npm package in bindings-node
	$(call say,the npm package)
	@cd $(NODE_DIR) && ../scripts/quietly npm run --silent build:debug

examples/express/node_modules/.ready: examples/express/package-lock.json
	@cd examples/express && $(npm-install)
	@touch $@

tests/browser/node_modules/.ready: tests/browser/package-lock.json
	@cd tests/browser && $(npm-install)
	@touch $@

tests/runners/node_modules/.ready: tests/runners/package-lock.json
	@cd tests/runners && $(npm-install)
	@touch $@

tests/once/node_modules/.ready: tests/once/package-lock.json
	@cd tests/once && $(npm-install)
	@touch $@

.PHONY: shops
shops: python node examples/express/node_modules/.ready

# ---- the demo ----------------------------------------------------------------------------------------------------

.PHONY: demo
demo: shops ## two shops, one checkout, a simulated gateway; CHECK=1 drives them by itself; PORTS=a,b,c,d chooses ports
	@$(PY) examples/demo.py $(if $(CHECK),--check) $(if $(PORTS),--ports $(PORTS))

# ---- tests -------------------------------------------------------------------------------------------------------

.PHONY: test
test: test-rust test-python test-node test-once test-torture test-shops test-browser ## everything that is promised, checked
	$(call say,all tests passed)

.PHONY: test-rust
test-rust:
	$(call say,Rust)
	@cargo test --quiet --package paymento --all-features
	@cargo test --quiet --package paymento-house

.PHONY: test-python
test-python: python
	$(call say,Python)
	@cd bindings-python && $(PY) -m pytest -q
	@$(PY) -m pytest -q -p no:cacheprovider tests/conformance_test.py
	@$(PY) -m pytest -q -p no:cacheprovider tests/side_by_side

.PHONY: test-node
test-node: node tests/runners/node_modules/.ready
	$(call say,Node.js)
	@cd $(NODE_DIR) && npm test --silent
	@node --test tests/conformance.test.mjs tests/side_by_side/*.test.mjs
	@cd tests/runners && ../../scripts/quietly npm test --silent

.PHONY: test-once
test-once: python node tests/once/node_modules/.ready
	$(call say,once in the shop's own database: SQLite$(comma) PostgreSQL$(comma) MariaDB)
	@$(PY) tests/once/servers.py $(MAKE) test-once-drivers

.PHONY: test-once-drivers
test-once-drivers:
	@$(PY) -m pytest -q -p no:cacheprovider tests/once
	@cd tests/once && npm test --silent

.PHONY: test-torture
test-torture: ## two minutes of `make torture`
	@$(MAKE) torture SHORT=1

.PHONY: test-shops
test-shops: shops
	$(call say,the shops and the quickstarts)
	@$(PY) examples/demo.py --check --free-ports
	@$(PY) -m pytest -q -p no:cacheprovider tests/forged_callbacks_test.py tests/shops_test.py tests/one_checkout_test.py tests/demo_test.py tests/quickstart_test.py

.PHONY: test-browser
test-browser: shops tests/browser/node_modules/.ready
	$(call say,a real browser)
	@CHROME_PATH="$$(scripts/browser)" && export CHROME_PATH && cd tests/browser && npm test --silent

# ---- quality -----------------------------------------------------------------------------------------------------

.PHONY: lint
lint: lint-rust lint-python lint-node ## formatting, lints, types, generated files fresh
	$(call say,lint passed)

.PHONY: lint-rust
lint-rust:
	$(call say,Rust: format and lints$(comma) each feature alone)
	@cargo fmt --all --check
	@for features in "" client sqlite postgres simulator cli testing sqlite,postgres,simulator,cli,testing; do \
	    cargo clippy --quiet --package paymento --no-default-features --features "$$features" --all-targets -- -D warnings; \
	done
	@cargo clippy --quiet --package paymento-house --package paymento-python --package paymento-node --all-targets -- -D warnings
	@RUSTDOCFLAGS="-D warnings" cargo doc --quiet --package paymento --no-deps --all-features
	@scripts/walls
comma := ,

.PHONY: lint-python
lint-python: python
	$(call say,Python: format$(comma) lints$(comma) types$(comma) stubs)
	@cd bindings-python && $(VENV)/bin/ruff format --quiet --check . && $(VENV)/bin/ruff check --quiet .
	@cd bindings-python && ../scripts/quietly $(VENV)/bin/mypy && ../scripts/quietly $(PY) -m mypy.stubtest paymento._native
	@scripts/quietly $(PY) bindings-python/scripts/generate.py --check
	@$(VENV)/bin/ruff format --quiet --check tests examples bench && $(VENV)/bin/ruff check --quiet tests examples bench

.PHONY: lint-node
lint-node: node
	$(call say,Node.js: format$(comma) lints$(comma) types$(comma) generated files)
	@cd $(NODE_DIR) && npm run --silent lint && npm run --silent fresh
	@for folder in tests examples bench; do (cd $$folder && ../$(BIOME) ci --error-on-warnings .); done

.PHONY: soak
soak: ## 100,000 payments, 64 at once, with a gateway that misbehaves; PAYMENTS=n for fewer
	@PAYMENTS=$(or $(PAYMENTS),100000) cargo test --quiet --package paymento-house --profile soak --test soak

.PHONY: chaos
chaos: ## 20,000 durable payments while the gateway misbehaves, on both databases; PAYMENTS=n, DATABASE=sqlite or postgres
	@PAYMENTS=$(or $(PAYMENTS),20000) cargo test --quiet --package paymento-house --profile soak --test chaos

.PHONY: torture
torture: python node tests/once/node_modules/.ready ## kill a shop's processes 1,000 times on each database; SHORT=1, DATABASE=…, KILLS=n, SEED=n
	$(call say,a shop is killed$(comma) and killed again)
	@scripts/quietly cargo build --package paymento-house --example torture_shop
	@$(PY) tests/torture/torture.py $(if $(SHORT),--short) $(if $(DATABASE),--database $(DATABASE)) \
	    $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

.PHONY: bench
bench: ## measure against what shops use today; writes bench/RESULTS.md
	@bench/run

.PHONY: scale
scale: ## ten thousand payments beside ten million: how long each call takes, query plans; ROWS=n for fewer
	@bench/scale

.PHONY: clean
clean: ## remove what was built and fetched
	rm -rf target build $(VENV) $(NODE_DIR)/{node_modules,dist} examples/*/node_modules tests/{browser,once,runners}/node_modules bench/node_modules
