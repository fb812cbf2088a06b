# Two commands on a fresh machine: `make demo` and `make test`. Everything goes into .venv and build/.

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2
READY := .venv/ready
KIT := autograder/release/templates/kit
KERNELS := $(wildcard cs231n/fast/_*.pyx cs231n/fast/kernels/*.[ch])
# The tests run side by side; threads of a BLAS in each would only fight over the processors.
PYTEST := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) -q

# Install Debian packages where that is allowed without asking; a failure is for the caller to explain.
ROOT := $(if $(filter 0,$(shell id -u)),,sudo -n)
APT_INSTALL := $(ROOT) apt-get install -y -qq --no-install-recommends
APT = { command -v apt-get >/dev/null && { $(APT_INSTALL) $(1) || \
	{ $(ROOT) apt-get update -qq && $(APT_INSTALL) $(1); }; } >/dev/null 2>&1; }

.PHONY: help demo check test test-all lint format public requirements wheel extras clean sandbox browser

help:  ## Say what each target does.
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
		printf '  %-14s %s\n' "$$target" "$$text"; done

demo: $(READY) sandbox  ## Grade a demo class from end to end.
	$(BIN)/autograder demo --course build/demo

check: $(READY)  ## Run the tests that need no process, no nbgrader and no sandbox: under a minute.
	$(PYTEST) -m unit

test: lint sandbox  ## Check style and types, then run the quick tests.
	@$(BIN)/python -c "import torch" 2>/dev/null || \
		echo "PyTorch is not installed: tests that compare with it are skipped (pip install torch==2.13.0)"
	$(PYTEST) -m "not slow"

test-all: $(READY) sandbox browser  ## Run the long suites: every notebook, attacks, kills, browser.
	$(PYTEST) -m slow

lint: $(READY)  ## Check style, format and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## Format the code and mend what can be mended without asking.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

public: $(READY)  ## Ask the reference again for what ships in its place.
	$(BIN)/python -m autograder.reference.public_results

requirements:  ## Pin the dependencies of pyproject.toml in requirements.txt; what is pinned stays.
	$(BIN)/python -m pip install -q "uv>=0.8"
	$(BIN)/uv pip compile -q pyproject.toml --extra test --extra dev --universal --python-version 3.11 \
		--no-annotate --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make requirements" --output-file requirements.txt

wheel: $(READY)  ## Build a source distribution, and from it a wheel with compiled kernels, in dist/.
	$(BIN)/python -m build --no-isolation --outdir dist

$(READY): requirements.txt setup.py pyproject.toml $(KIT)/build_fast_layers.py $(KERNELS)
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Python 3.11 or newer is needed; name it with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c "import ensurepip" 2>/dev/null || $(call APT,python3-venv) || \
		{ echo "Python cannot make virtual environments; run: sudo apt install python3-venv"; exit 1; }
	@$(PYTHON) -c "import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path('include') + '/Python.h'))" || \
		$(call APT,python3-dev) || echo "Python.h is missing (sudo apt install python3-dev): the fast layers will run in NumPy"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --progress-bar on -q -r requirements.txt
	$(BIN)/python -m pip install -q --no-build-isolation --no-deps -e .
	@touch $@

extras: $(READY)  ## Install what only graders on a cluster, or with PostgreSQL, need.
	$(BIN)/python -m pip install -q --no-build-isolation -e '.[cluster,postgresql]'
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || $(call APT,postgresql) || \
		echo "PostgreSQL is not installed: tests with it are skipped (sudo apt install postgresql)"

clean:  ## Remove what was built, but not .venv.
	rm -rf build dist cs231n/fast/*.so cs231n/fast/*.c

sandbox:
	@command -v bwrap >/dev/null || $(call APT,bubblewrap) || \
		echo "There is no sandbox here. Get one with: sudo apt install bubblewrap"
	@$(BIN)/python -c "import pyseccomp" 2>/dev/null || $(call APT,libseccomp2) || \
		echo "Sandboxes will not filter system calls. Let them with: sudo apt install libseccomp2"

browser:
	@command -v chromium >/dev/null || $(call APT,chromium chromium-driver) || \
		echo "Chromium is not installed: tests in a browser are skipped (sudo apt install chromium chromium-driver)"
