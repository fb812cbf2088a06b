# Two commands on a fresh machine: `make demo` and `make test`. Everything goes into .venv and build/.

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2
READY := .venv/ready
# The tests run side by side; threads of a BLAS in each would only fight over the processors.
PYTEST := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) -q

# Install Debian packages where that is allowed without asking; a failure is for the caller to explain.
ROOT := $(if $(filter 0,$(shell id -u)),,sudo -n)
APT = { command -v apt-get >/dev/null && { $(ROOT) apt-get install -y -qq --no-install-recommends $(1) || \
	{ $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq --no-install-recommends $(1); }; } >/dev/null 2>&1; }

.PHONY: demo test test-all sandbox browser extras public clean

demo: $(READY) sandbox  ## Grade a demo class from end to end.
	$(BIN)/autograder demo --course build/demo

test: $(READY) sandbox  ## Run the quick tests.
	@$(BIN)/python -c "import torch" 2>/dev/null || echo "PyTorch is not installed: tests that compare with it are skipped (pip install torch==2.13.0)"
	$(PYTEST) -m "not slow"

test-all: $(READY) sandbox browser  ## Run the long suites: every notebook, attacks, kills, browser.
	$(PYTEST) -m slow

public: $(READY)  ## Ask the reference again for what ships in its place.
	$(BIN)/python -m autograder.reference.public_results

$(READY): requirements.txt setup.py autograder/release/templates/kit/build_fast_layers.py pyproject.toml $(wildcard cs231n/fast/_*.pyx cs231n/fast/kernels/*.h)
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

sandbox:
	@command -v bwrap >/dev/null || $(call APT,bubblewrap) || \
		echo "There is no sandbox here. Get one with: sudo apt install bubblewrap"
	@$(BIN)/python -c "import pyseccomp" 2>/dev/null || $(call APT,libseccomp2) || \
		echo "Sandboxes will not filter system calls. Let them with: sudo apt install libseccomp2"

browser:
	@command -v chromium >/dev/null || $(call APT,chromium chromium-driver) || \
		echo "Chromium is not installed: tests in a browser are skipped (sudo apt install chromium chromium-driver)"

extras: $(READY)  ## Install what only graders on a cluster, or with PostgreSQL, need.
	$(BIN)/python -m pip install -q --no-build-isolation -e '.[cluster,postgresql]'
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || $(call APT,postgresql) || \
		echo "PostgreSQL is not installed: tests with it are skipped (sudo apt install postgresql)"

clean:  ## Remove what was built, but not .venv.
	rm -rf build cs231n/fast/*.so cs231n/fast/*.c
