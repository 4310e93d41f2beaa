# PYTHON=/path/to/python chooses the interpreter that .venv is made with.
export PYTHON

# Where it is set, as in many containers, every process recompiles all that it imports: 9 s of a stage.
export PYTHONDONTWRITEBYTECODE :=

# By PATH, so that the stages' own `python` is the same one. The quotes are for folders with spaces.
IN_VENV = PATH="$(CURDIR)/.venv/bin:$$PATH"
# DVC asks for the user's name, which a uid without an entry in passwd, as in a container, does not have.
export USER ?= $(shell id -un 2>/dev/null || id -u)
PORT ?= 5000

# Whether there is no git, as in a downloaded archive.
TELL_DVC = [ -e .git ] || grep -qs no_scm .dvc/config.local || $(IN_VENV) dvc config --local core.no_scm true

.PHONY: help setup setup-dev repro test test-long coverage lint check bench soak audit ui team-server demo demo-build pins clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

setup: ## make .venv and install what the pipeline needs, unless that is done
	@requirements/install run
	@$(TELL_DVC)

setup-dev: ## set up with the tools of `make check` and every extra, at their pinned versions
	@requirements/install dev
	@$(TELL_DVC)

repro: setup ## set up, then run every stage that is out of date
	@$(IN_VENV) dvc repro

# Two workers share two cores, on which the products of two threads each would take longer than one by one. Left to xdist,
# files of one long test would come last, and the other worker wait for it.
PYTEST = $(IN_VENV) OPENBLAS_NUM_THREADS=1 pytest -n 2 --dist loadfile --no-loadscope-reorder

test: lint ## all checks, and every test except those of `make test-long`
	@$(PYTEST) -m "not browser and not long"
	@$(PYTEST) tests/browser -m "not long"

test-long: setup-dev ## the tests that take minutes
	@$(PYTEST) -m long

coverage: setup-dev ## measure the coverage of `make test`, in 1.5 times its time; fails below 90 %
	@$(PYTEST) --cov --cov-report= -m "not browser and not long"
	@$(PYTEST) --cov --cov-append tests/browser -m "not long"

check: lint ## lint, and the fast tests: no training, no browser
	@$(PYTEST) -m "not slow and not browser and not long"

lint: setup-dev ## format, lint, types and layers
	@$(IN_VENV) ruff format --check
	@$(IN_VENV) ruff check
	@$(IN_VENV) mypy
	@$(IN_VENV) lint-imports --no-logo

bench: setup-dev ## run the benchmarks, or one of them: make bench ONLY=name
	@set -- $(if $(ONLY),benchmarks/$(ONLY).py,$(filter-out benchmarks/gpu.py,$(sort $(wildcard benchmarks/[a-z]*.py)))); \
	if [ ! -e "$$1" ]; then echo "No benchmark at $$1."; exit 1; fi; \
	worst=0; for file; do \
		name=$${file##*/}; status=0; $(IN_VENV) python -m "benchmarks.$${name%.py}" || status=$$?; \
		[ $$status -le 1 ] || exit $$status; [ $$status -eq 0 ] || worst=1; \
	done; exit $$worst

soak: setup-dev ## kill and resume a training for MINUTES (5); fails if memory or files grow
	@MINUTES="$(MINUTES)" $(IN_VENV) python -m tests.faults.soak

audit: ## check the pins for known vulnerabilities, with pip-audit over the network
	@command -v pip-audit >/dev/null || { echo "error: pip-audit is missing: run pipx install pip-audit, then make audit again"; exit 1; }
	@for pins in run dev build; do pip-audit --disable-pip --require-hashes -r requirements/$$pins.txt || exit 1; done

ui: setup ## serve MLflow's pages of the tracked runs, at 127.0.0.1:5000 or another PORT
	@case "$$MLFLOW_TRACKING_URI" in \
		http*) echo "$$MLFLOW_TRACKING_URI has pages of its own: open it in the browser."; exit;; \
		?*) export MLFLOW_BACKEND_STORE_URI="$$MLFLOW_TRACKING_URI";; \
	esac; \
	$(IN_VENV) PYTHONWARNINGS=ignore MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --host 127.0.0.1 --port $(PORT) --workers 1

team-server: setup ## run a tracking server for a team, as docs/how-to/team.md says
	@$(IN_VENV) team/server

demo-build: setup-dev ## build the demo page, in demo/, from the trained models; needs npm
	@$(IN_VENV) python -m demo.build

demo: PORT = 8000
demo: demo-build ## build the demo page and serve it, at 127.0.0.1:8000 or another PORT
	@$(IN_VENV) python -m http.server --bind 127.0.0.1 --directory demo $(PORT)

pins: setup-dev ## write requirements/*.txt from pyproject.toml; UPGRADE=1 takes the newest versions
	@$(IN_VENV) requirements/pin

clean: ## remove .venv, build/, dist/ and caches; data, models, reports and runs stay
	@rm -rf .venv build dist *.egg-info .coverage .coverage.* htmlcov .hypothesis .import_linter_cache
	@rm -rf .mypy_cache .pytest_cache .ruff_cache
	@find hydra_plugins pipeline tests conf benchmarks demo -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
