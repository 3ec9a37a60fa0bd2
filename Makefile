# `make sweep` and `make test` need nothing but Python >= 3.11 and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# where it is set, each process of tests would compile every module and rewrite every assertion again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: sweep test lint types unit lowest installed docs bench clean

sweep: $(VENV)/.installed
	$(BIN)/seqcompare sweep quick --out reports/quick

test: lint types unit

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test
	$(BIN)/mypy seqcompare

# A process of tests for each core, so none has use for threads that wait for each other. First a test of each
# estimator: at the beginning of all tests both processes would need, and so compile, much the same kernels.
unit: export OMP_NUM_THREADS = 1
unit: $(VENV)/.installed-test
	$(BIN)/pytest -n 2 --dist worksteal tests/test_contract.py -k "can_be_asked or answers_fit"
	$(BIN)/pytest -n 2 --dist worksteal

lowest: $(BIN)/python
	$(BIN)/python tests/lowest.py $(VENV)-lowest

installed: $(VENV)/.installed-test
	$(BIN)/python tests/installed.py $(VENV)-installed

docs: $(VENV)/.installed
	$(PIP) -e '.[docs]'
	rm -rf docs/generated
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/.installed
	$(PIP) -e '.[bench]'
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "seqcompare needs Python >= 3.11; choose one with 'make PYTHON=python3.12'"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "this Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[test]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) $(VENV)-* build dist docs/_build docs/generated reports/quick .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
