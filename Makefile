# Every target sets itself up: a virtual environment with the versions of constraints.txt.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SAMPLE := $(CURDIR)/.vlclip/bench-sample
export VLCLIP_HOME ?= $(CURDIR)/.vlclip
export DAGSTER_DISABLE_TELEMETRY := 1
# Without bytecode every process compiles torch and dagster anew, which takes seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test lint format dev bench chaos clean

setup: $(READY)

# uv, because it takes the builds of torch and torchvision that belong together.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

demo: $(READY)
	$(BIN)/vlclip demo

test: $(READY)
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The Dagster UI on http://127.0.0.1:3000, with an instance of its own beside the data.
dev: $(READY)
	$(BIN)/vlclip dev

bench: $(READY)
	$(BIN)/vlclip sample $(SAMPLE)
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python benchmarks/dedup_quality.py --sample $(SAMPLE)
	$(BIN)/python benchmarks/dedup_speed.py --photographs $(SAMPLE)/images
	$(BIN)/python benchmarks/dedup_scale.py
	$(BIN)/python benchmarks/grounding_iou.py --sample $(SAMPLE) --limit 250
	$(BIN)/python benchmarks/grounding_speed.py --sample $(SAMPLE)
	$(BIN)/python benchmarks/refinement_truth.py $(SAMPLE)
	$(BIN)/python benchmarks/refinement_llm.py $(SAMPLE) --limit 500
	$(BIN)/python benchmarks/landing.py
	$(BIN)/python benchmarks/fuzz_feeds.py --feeds 10000
	$(BIN)/python benchmarks/build.py
	$(BIN)/python benchmarks/incremental.py
	$(BIN)/python benchmarks/overhead.py

# Kills builds at random points, and compares their ends with a build that nobody killed.
chaos: $(READY)
	$(BIN)/python benchmarks/chaos.py --kills 50

clean:
	rm -rf $(VENV)
