# Two commands matter: `make report` and `make test`. Both make their own environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
export MPLBACKEND := Agg
# Reports and tests start some hundred processes; where the environment forbids compiled files each of them would compile
# fifteen hundred modules again, four seconds of every start.
export PYTHONDONTWRITEBYTECODE :=
# Two test processes with two threads of linear algebra each wait for one another on two cores.
test fast: export OPENBLAS_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help env report test fast coverage lint quick docs reference validate portability newest readme bench bench-peers constraints clean

help:            ## print this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

env: $(STAMP)    ## make the environment .venv and install survsim into it

# uv installs in a tenth of the time that pip takes; where it cannot be had, or INSTALLER=pip says so, pip does the work.
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
INSTALLER = uv
INSTALL = install() { \
	if [ '$(INSTALLER)' = uv ] && $(PIP) uv; then \
		$(BIN)/uv pip install --quiet --python $(BIN)/python "$$@" && return; \
		echo 'uv could not install; pip goes on' >&2; \
	fi; $(PIP) "$$@"; }; install

$(STAMP): setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "survsim needs Python 3.11 or later; set PYTHON=..."; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m survsim.kernels.warm
	@touch $@

report: env      ## check the data, run every analysis, write notebooks and HTML, say where they are
	$(BIN)/survsim data check
	$(BIN)/survsim report

test: env lint   ## everything the continuous check runs
	$(BIN)/python -m pytest -n 2 --dist worksteal $(COVERAGE)
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -n 2 tests/unit/kernels $(if $(COVERAGE),$(COVERAGE) --cov-append)

fast: env        ## under a minute: tests of what changed since main, and of the house
	$(BIN)/python -m tests.fast

coverage: env    ## the same, and the share of lines and branches the tests reach (a quarter slower)
	$(MAKE) --no-print-directory test COVERAGE='--cov --cov-report='
	@echo "coverage: $$($(BIN)/python -m coverage report --format=total) per cent of lines and branches"

lint: env        ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

quick: env       ## every report in quick mode, below build/quick
	$(BIN)/survsim report --quick

docs: env        ## build the manual, every block of it run: build/manual/index.html
	$(INSTALL) --constraint constraints.txt --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "build/manual/index.html"

reference: env   ## make the reference values again (R with survival, metafor, lme4, riskRegression, cmprsk, msm, relsurv, etm, km.ci, mvtnorm, splines, jsonlite, loo)
	@command -v Rscript >/dev/null || { echo 'make reference needs R (Rscript), which is not installed: Debian has it as r-base-core.' >&2; exit 2; }
	@Rscript tests/reference/need.R
	for script in tests/reference/r/*.R; do Rscript $$script || exit 1; done

validate: env    ## long simulation checks (hours): coverage, type I error, closed forms; writes the records
	$(INSTALL) --constraint constraints.txt --editable '.[browser]'
	$(BIN)/python -m pytest tests/statistical --validate
	$(BIN)/python -m pytest tests --ignore tests/statistical -m long --validate
	for program in $(basename $(notdir $(wildcard tests/statistical/validate_*.py))); do \
		echo $$program; $(BIN)/python -m tests.statistical.$$program || exit 1; done
	$(BIN)/python -m tests.helpers.fuzz 20000 7
	$(BIN)/python -m tests.helpers.kills 60 1
	$(BIN)/python -m tests.helpers.full_disks
	$(BIN)/python -m tests.helpers.at_once 6

portability: env ## the suite and the reports as other processors would compute them (an hour); writes the table
	$(BIN)/python -m tests.portability

newest: env      ## the suite on every Python found, with the newest versions and the newest pandas (an hour)
	$(BIN)/python -m tests.newest

readme: env      ## draw the picture of the README from the results of report 03
	$(BIN)/python analyses/03_case_strategies/readme_picture.py

bench: env bench-peers ## time survsim beside its peers and hand-written floors: benchmarks/RESULTS.md (ten minutes)
	$(BIN)/python benchmarks/run.py

bench-peers: env ## the peers' environment, build/peers
	-$(BIN)/python -m benchmarks.environment

constraints: env ## write the versions in use to constraints.txt
	(head -1 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | grep -viE '^(pip|setuptools|wheel)==') > constraints.new
	mv constraints.new constraints.txt

clean:           ## remove what can be made again
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
