# `make help` lists the targets. Everything runs in .venv, which is built from requirements.lock.
SHELL := /bin/bash
PYTHON ?= python3
CORES ?= all
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOLS := .venv-tools
JAX := .venv-bench
MINUTES ?= 10
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)
SCALE ?= default
RESULTS := $(if $(filter default,$(SCALE)),results,results/$(SCALE))
SCALE_CONFIG := $(if $(filter default,$(SCALE)),,--configfile config/$(SCALE).yaml)
# ONLY="grid depth" does these studies alone.
COMMA := ,
SPACE := $(subst ,, )
ONLY_CONFIG := $(if $(strip $(ONLY)),--config only='["$(subst $(SPACE),"$(COMMA)",$(strip $(ONLY)))"]')
.DEFAULT_GOAL := help
.PHONY: help setup plan run quick full figures report ui reference verify gather crate sbom trace test fuzz test-min-versions audit
.PHONY: test-slurm test-faults lint format bench bench-scale docs docs-figures lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: $(READY)  ## build the environment .venv from requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "restudy needs Python 3.11 or newer; set PYTHON=/path/to/it")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m restudy.training.compile_engine
	@touch $@

plan: $(READY)  ## say what each scale would train, and how long that takes (SCALE=... lists its groups)
	@$(BIN)/python -m restudy.commands.forecast --cores $(CORES) $(if $(filter file,$(origin SCALE)),,--scale $(SCALE))

run: $(READY)  ## run the default pipeline: data, training, tables, figures, report (ONLY="grid depth")
	$(SNAKEMAKE) $(strip $(SCALE_CONFIG) $(ONLY_CONFIG))

quick: $(READY)  ## run the quick scale: a first look in minutes
	@$(MAKE) --no-print-directory run SCALE=quick

full: $(READY)  ## run the full scale: published budgets, ten seeds, hours
	@$(MAKE) --no-print-directory run SCALE=full

figures: $(READY)  ## draw all figures again, from the tables of a run: trains nothing (SCALE=...)
	rm -rf $(RESULTS)/figures
	$(SNAKEMAKE) figures $(SCALE_CONFIG)

report: $(READY)  ## make Snakemake's HTML report of the results (SCALE=quick|default|full)
	$(SNAKEMAKE) $(SCALE_CONFIG) --report $(RESULTS)/report/snakemake.html
	@echo "Report: $(RESULTS)/report/snakemake.html"

ui: $(READY)  ## browse the runs: the MLflow UI on http://127.0.0.1:5000 (SCALE=..., PORT=...)
	@$(BIN)/python -m restudy.tracking.ui --results $(RESULTS) --port $(or $(PORT),5000)

reference: $(READY)  ## keep the tables, figures and reports of a finished run as results/reference (SCALE=...)
	@$(BIN)/python -m restudy.reference keep --scale $(SCALE)

verify: $(READY)  ## hold your own run against results/reference: what is equal, what differs (ROWS=file.csv)
	@$(BIN)/python -m restudy.reference verify $(if $(filter file,$(origin SCALE)),,--scale $(SCALE)) $(if $(ROWS),--rows $(ROWS))

gather: $(READY)  ## keep what a run found at the full scale, beside what earlier ones did (ONLY="grid depth")
	@$(BIN)/python -m restudy.reference gather --only $(ONLY)

trace: $(READY)  ## say where a number comes from (ID=PUB-S3-001, a claim, a study, a group ...; SCALE=...)
	@$(BIN)/python -m restudy.lineage.trace --results $(RESULTS) $(if $(ID),"$$ID")

crate: $(READY) $(TOOLS)/.ready sbom  ## pack a finished run as a Workflow Run RO-Crate, and validate it (SCALE=...)
	@$(BIN)/python -m restudy.lineage.crate --results $(RESULTS)
	@$(TOOLS)/bin/python -m envs.validate $(RESULTS)/crate

sbom: $(READY) $(TOOLS)/.ready  ## list what .venv is made of, as CycloneDX: sbom.cdx.json in the results (SCALE=...)
	@mkdir -p $(RESULTS)
	@$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
	  --output-file $(RESULTS)/sbom.cdx.json $(BIN)/python
	@echo "Software: $(RESULTS)/sbom.cdx.json"

$(TOOLS)/.ready: envs/tools.lock
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check -r envs/tools.lock
	@touch $@

test: $(READY)  ## run all tests, a file on each core
	$(BIN)/pytest --numprocesses $(if $(filter all,$(CORES)),logical,$(CORES)) --dist loadfile --no-loadscope-reorder

fuzz: $(READY)  ## try the readers of files on broken input (MINUTES=10)
	@$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

test-faults: $(READY)  ## break it on purpose: ten kills of the quick scale, full disks, broken stores ... (KILLS=10)
	RESTUDY_KILLS=$(or $(KILLS),10) RESTUDY_KILLS_SCALE=quick $(BIN)/pytest tests/faults -rs

OLDEST := .venv-oldest
# Each library at least once: configuration, data, training, statistics, tables, figures, MLflow, and
# the whole workflow on a tiny study.
OLDEST_TESTS := config data evidence figures mlp stats tracking training/test_parts.py training/test_train.py \
  planning/test_plan.py results/test_study_tables.py report/test_page.py report/test_paper_pdf.py \
  workflow/test_pipeline.py::test_everything_is_made workflow/test_bad_input.py
test-min-versions:  ## run part of the tests with the lowest versions that pyproject.toml declares
	rm -rf $(OLDEST) && $(PYTHON) -m venv $(OLDEST)
	$(PYTHON) -m envs.oldest > $(OLDEST)/pins
	$(OLDEST)/bin/pip install --quiet --disable-pip-version-check -r $(OLDEST)/pins
	$(OLDEST)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(OLDEST)/bin/pytest --strict-config -p no:cacheprovider $(addprefix tests/,$(OLDEST_TESTS))

CLUSTER := .venv-cluster
test-slurm: $(CLUSTER)/.ready  ## try the Slurm profile and PostgreSQL on a cluster of one node, on this machine (root, Debian)
	RESTUDY_CLUSTER=1 $(CLUSTER)/bin/python -m pytest -rs tests/cluster tests/load/test_writers.py

# .venv with the plugin beside it, and not in it: it makes every start of Snakemake slower.
$(CLUSTER)/.ready: $(READY) envs/slurm.lock
	rm -rf $(CLUSTER) && $(PYTHON) -m venv $(CLUSTER)
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(\"" + sysconfig.get_path("purelib") + "\")")' \
	  > $$(echo $(CLUSTER)/lib/python*/site-packages)/beside.pth
	$(CLUSTER)/bin/pip install --quiet --disable-pip-version-check --no-deps -r envs/slurm.lock
	@touch $@

audit: $(TOOLS)/.ready  ## are there known vulnerabilities in the lock files? (needs the network)
	@$(TOOLS)/bin/python -m envs.audit requirements.lock envs/tools.lock envs/bench.lock envs/slurm.lock

lint: $(READY)  ## check style, types and the workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: $(READY)  ## put code and workflow into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

bench: $(READY)  ## measure training speed on this machine: one network, its diagnostics, and a study
	@$(MAKE) --no-print-directory $(JAX)/.ready || echo "JAX is left out: $(JAX) could not be made"
	$(BIN)/python -m bench.training
	$(BIN)/python -m bench.diagnostics
	$(BIN)/python -m bench.study

# A peer in an interpreter of its own, since it needs nothing of .venv.
$(JAX)/.ready: envs/bench.lock
	rm -rf $(JAX) && $(PYTHON) -m venv $(JAX)
	$(JAX)/bin/pip install --quiet --disable-pip-version-check -r envs/bench.lock
	@touch $@

bench-scale: $(READY)  ## measure large runs: planning, jobs that log at once, browsing, memory
	$(BIN)/python -m bench.load

docs: $(READY)  ## make what is made of the documentation: reference of keys, diagram of the rules
	@$(BIN)/python -m restudy.docs

docs-figures: $(READY)  ## make its pictures, and what came out, from a finished run (SCALE=...)
	@$(BIN)/python -m restudy.docs --results $(RESULTS)

# torch is named apart so that its plain version is pinned and the local build's suffix is not.
lock:  ## make requirements.lock and envs/restudy.yaml anew from pyproject.toml
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check '.[dev]'
	( echo "# Made by 'make lock' from pyproject.toml; do not edit."; \
	  .venv-lock/bin/pip freeze --exclude restudy | sed -E 's/^(torch==[0-9.]+)\+.*/\1/' ) > requirements.lock
	( sed -n '1,/- pip:/p' envs/restudy.yaml; sed -E '/^#/d; s/^/      - /' requirements.lock ) > envs/restudy.yaml.new
	mv envs/restudy.yaml.new envs/restudy.yaml
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check \
	  $$($(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["tools"])')
	( echo "# Made by 'make lock' from the extra 'tools' of pyproject.toml; do not edit."; \
	  .venv-lock/bin/pip freeze ) > envs/tools.lock
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check \
	  $$($(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["bench"])')
	( echo "# Made by 'make lock' from the extra 'bench' of pyproject.toml; do not edit."; \
	  .venv-lock/bin/pip freeze ) > envs/bench.lock
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check -r requirements.lock \
	  $$($(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["slurm"])')
	( echo "# Made by 'make lock' from the extra 'slurm' of pyproject.toml: what it adds to requirements.lock."; \
	  .venv-lock/bin/pip freeze | sed -E 's/^(torch==[0-9.]+)\+.*/\1/' | grep -vxF -f requirements.lock ) > envs/slurm.lock
	rm -rf .venv-lock

clean:  ## remove the environment and the results of all scales but what is in git
	rm -rf $(VENV) $(TOOLS) $(JAX) $(OLDEST) $(CLUSTER) .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find results -mindepth 1 -maxdepth 1 ! -name reference ! -name gathered -exec rm -rf {} + 2>/dev/null || true
