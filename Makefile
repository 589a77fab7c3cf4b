# Two commands do everything: `make demo` and `make test`.  Each creates what it needs in .venv.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test slow lint clean

demo: $(VENV)/demo  ## install the package and run the quickstart
	$(VENV)/bin/python examples/quickstart.py

# One thread a process: on small tensors more of them only wait for each other.
demo test slow: export OMP_NUM_THREADS = 1

test: $(VENV)/test  ## install the package with the test extras and run the tests
	$(VENV)/bin/python -m pytest --numprocesses auto --dist loadgroup --durations 20

slow: $(VENV)/test  ## the tests that take minutes
	$(VENV)/bin/python -m pytest --numprocesses auto --dist loadgroup -m slow

lint: $(VENV)/dev  ## ruff, mypy and codespell, as pre-commit runs them
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy sgnn
	$(VENV)/bin/codespell
	$(VENV)/bin/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'sgnn/estimators/*.py')

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# A stamp per set of extras: made again when what is installed may have changed.
$(VENV)/demo: EXTRAS = plot
$(VENV)/test: EXTRAS = test
$(VENV)/dev: EXTRAS = dev
$(VENV)/demo $(VENV)/test $(VENV)/dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable ".[$(EXTRAS)]"
	@touch $@
