# Each target is what a person could type. Settings: DATA=folder or INPUT=file.yml
# (own data), TARGET=spark or postgres (another engine or source), PYTHON=python3.12,
# CUSTOMERS=100000 (sample).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INPUT ?= $(DATA)
EXTRAS := spark postgres semantic

.PHONY: build test lint bench docs sample pages clean

build: $(VENV)/.ready $(patsubst %,$(VENV)/.ready-%,$(filter $(EXTRAS),$(TARGET))) ## load, build, test, publish, draw the pages
	TRAJECTORIES_INPUT="$(INPUT)" $(BIN)/dbt build $(TARGET:%=--target %)

test: lint $(EXTRAS:%=$(VENV)/.ready-%) ## everything that guards the project
	$(BIN)/python -m pytest --numprocesses 2 --durations 20

# One build folder for all of them: dbt parses anew when its name changes.
lint: export TRAJECTORIES_BUILD = build/test
lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/dbt --warn-error parse
	$(BIN)/dbt-bouncer run
	$(BIN)/dbt-score lint --manifest target/manifest.json
	$(BIN)/dbt seed --quiet
	$(BIN)/sqlfluff lint models tests analyses --processes 2

bench: $(VENV)/.ready ## the numbers of the README
	$(BIN)/python -m benchmarks

docs: $(VENV)/.ready ## dbt's documentation, linked from the pages
	$(BIN)/dbt docs generate --static
	$(BIN)/python -m dashboards --documentation target/static_index.html

sample: $(VENV)/.ready ## make the sample shop anew, in any size
	$(BIN)/python -m sample_shop $(if $(CUSTOMERS),--customers $(CUSTOMERS) --out build/sample --format parquet)

pages: $(VENV)/.ready ## draw the pages again from what is published
	$(BIN)/python -m dashboards

clean:
	rm -rf build target logs

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

# An extra, such as pip install '.[spark]' gives it, in exact versions.
$(VENV)/.ready-%: requirements/%.lock $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --requirement $<
	touch $@
