# What can be done here: each target is the line under it. `make` alone lists them.
# Everything is made from python3 (3.11 or newer) and its package index: .tools/uv, then .venv.
PYTHON ?= python3
BIN := .venv/bin
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help env demo test slow e2e cluster cluster-up cluster-down lint format golden bench bench-tables bench-properties bench-faults docs docs-serve check lock wheel image image-check

help: ## List the targets
	@$(PYTHON) -c "import re; [print(f'{n:12} {d}') for n, d in re.findall(r'(?m)^([a-z-]+):.*?## (.*)', open('Makefile').read())]"

env: ## Make .tools/uv and .venv, or bring them up to date
	@$(PYTHON) scripts/environment.py ensure

demo: env ## Train digits_cnn on a chief and a worker of this machine
	$(BIN)/tfjob-kit run model=digits_cnn gpus=2 --engine local

test: env ## All tests but the slow ones and those on a real node
	$(BIN)/pytest -m "not slow and not node" $(ARGS)

slow: env ## The slow tests: whole runs with replicas killed on the way
	$(BIN)/pytest -m slow $(ARGS)

e2e: env ## The runtime in real pods on a real node of this machine; needs root, installs containerd from Debian
	PYTHONPATH=tests/cluster $(BIN)/python -m harness build all
	$(BIN)/pytest -m node $(ARGS)

cluster: env ## Build the test cluster's programs with Go into the cache; ARGS=node: those of a real node
	PYTHONPATH=tests/cluster $(BIN)/python -m harness build $(ARGS)

cluster-up: cluster ## Leave a cluster running with fake GPU nodes, to try things by hand
	@PYTHONPATH=tests/cluster:. $(BIN)/python -m harness up

cluster-down: env ## End the cluster that cluster-up left
	@PYTHONPATH=tests/cluster:. $(BIN)/python -m harness down

lint: env ## Style, types, who may import whom, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell

format: env ## Rewrite the sources in the house's layout
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

golden: env ## Accept what the code now makes as the expected manifests and texts
	$(BIN)/pytest tests/golden tests/cli --accept-golden -q

bench: bench-tables bench-properties bench-faults ## Measure all that benchmarks/README.md tells: an hour

bench-tables: env ## Start-up, composing, submission, reading, fan-out, following: eight minutes
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/composing.py
	$(BIN)/python benchmarks/submit.py
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/fanout.py
	$(BIN)/python benchmarks/following.py

bench-properties: env ## Ten thousand examples of each property of the config language; ARGS=--hypothesis-seed=1
	$(BIN)/pytest -q --hypothesis-profile=properties --hypothesis-seed=0 \
		tests/unit/config/test_config_properties.py tests/unit/config/test_composing_properties.py $(ARGS)

bench-faults: env ## Two thousand schedules of faults on a real API server
	$(BIN)/python benchmarks/faults.py $(ARGS)

docs: env ## Write the reference pages from the code and build the site into site/
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/manifest_page.py
	$(BIN)/mkdocs build --strict --quiet

docs-serve: env ## The site on this machine, built anew at each change
	$(BIN)/mkdocs serve

check: lint test ## What must hold before a commit

lock: ## Write requirements/*.txt anew; ARGS=--upgrade takes newer releases
	@$(PYTHON) scripts/environment.py lock $(ARGS)

wheel: env ## Build dist/tfjob_kit-*.whl, bundled conf and models inside
	$(BIN)/python -m hatchling build --target wheel

image: ## Build the image of a replica; needs docker
	docker build --target runtime --tag tfjob-kit/runtime:0.1.0 $(ARGS) .

image-check: env ## Run the image's install script into an empty root and train 20 steps from it
	image/check.sh
