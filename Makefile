# Each target is what a person could type. Settings: DATA=folder or INPUT=file.yml
# (own data), TARGET=spark or postgres (another engine or source), PYTHON=python3.12,
# CUSTOMERS=100000 (sample).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INPUT ?= $(DATA)
EXTRAS := spark postgres semantic
# Further ones, which no test needs: builds would search for discords, and compile first.
OPTIONAL := discords

.PHONY: build test test-night lint bench docs sample pages locks sbom clean

build: $(VENV)/.ready $(patsubst %,$(VENV)/.ready-%,$(filter $(EXTRAS),$(TARGET))) ## load, build, test, publish, draw the pages
	TRAJECTORIES_INPUT="$(INPUT)" $(BIN)/dbt build $(TARGET:%=--target %)

test: lint $(EXTRAS:%=$(VENV)/.ready-%) ## lint and all tests but those of test-night
	$(BIN)/python -m pytest --numprocesses 2 --durations 20 -m "not night"

test-night: $(VENV)/.ready-dev $(EXTRAS:%=$(VENV)/.ready-%) ## engines, tools and shops that take minutes
	$(BIN)/python -m pytest --numprocesses 2 --durations 20 -m night

# One build folder for all of them: dbt parses anew when its name changes.
lint: export TRAJECTORIES_BUILD = build/test
lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry .
	cd adapters/dbt-sparksession && $(abspath $(BIN))/deptry .
	$(BIN)/dbt --warn-error parse
	$(BIN)/dbt-bouncer run
	$(BIN)/dbt-score lint --manifest target/manifest.json
	$(BIN)/dbt seed --quiet
	$(BIN)/sqlfluff lint models tests analyses --processes 2

bench: $(VENV)/.ready-dev ## the numbers of the README
	$(BIN)/python -m benchmarks

docs: $(VENV)/.ready ## dbt's documentation, linked from the pages
	$(BIN)/dbt docs generate --static
	$(BIN)/python -m dashboards --documentation target/static_index.html

sample: $(VENV)/.ready ## make the sample shop anew, in any size
	$(BIN)/python -m sample_shop $(if $(CUSTOMERS),--customers $(CUSTOMERS) --out build/sample --format parquet)

pages: $(VENV)/.ready ## draw the pages again from what is published
	$(BIN)/python -m dashboards

# uv (pip install uv) makes the locks. Versions that stand in one stay; without the
# file all are the newest.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-annotate --no-emit-index-url --custom-compile-command 'make locks'
LOCKED := sed -n 's/^\([[:alnum:]._-]*\).*==.*/--no-emit-package \1/p' requirements.lock

locks: ## exact versions with hashes, from pyproject.toml and requirements/*.in
	$(LOCK) pyproject.toml --output-file requirements.lock
	for extra in dev $(EXTRAS) $(OPTIONAL); do $(LOCK) pyproject.toml --extra $$extra $$($(LOCKED)) \
		--constraint requirements.lock --constraint requirements/dev.lock \
		--output-file requirements/$$extra.lock || exit; done
	$(LOCK) requirements/superset.in --output-file requirements/superset.lock
	$(LOCK) pyproject.toml requirements/dagster.in --constraint requirements.lock \
		--output-file requirements/dagster.lock

clean: ## what builds and tests have made; whatever else lies in build stays
	cd build 2>/dev/null && rm -rf .published .trajectories-reading-* work.duckdb \
		work.duckdb.wal bench dagster environments sample spark sbom.json superset.zip test || true
	rm -rf target logs
	for link in published site; do case "$$(readlink build/$$link)" in \
		.published/*|published/site) rm build/$$link;; esac; done
	[ ! -d build ] || rmdir build 2>/dev/null || ls -A build

sbom: $(VENV)/.ready-dev $(EXTRAS:%=$(VENV)/.ready-%) ## what the locks hold, with hashes and licences
	$(BIN)/python requirements/sbom.py build/sbom.json

$(VENV)/.ready: requirements.lock pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

# An extra, such as pip install '.[spark]' gives it, in exact versions; the Spark
# adapter, which no registry has, from its folder.
$(VENV)/.ready-%: requirements/%.lock $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --require-hashes \
		--requirement requirements.lock --requirement $<
	$(if $(filter spark,$*),$(BIN)/python -m pip install --quiet --no-deps \
		--editable adapters/dbt-sparksession)
	touch $@
