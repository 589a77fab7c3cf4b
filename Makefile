# Two commands do everything: `make demo` and `make test`.  Each creates what it needs in .venv.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DELETE_ON_ERROR:
.PHONY: demo test slow lint docs doctest clean

demo: $(VENV)/demo  ## install the package and run the quickstart
	$(VENV)/bin/python examples/quickstart.py

# One thread a process: on small tensors more of them only wait for each other.
demo test slow docs doctest: export OMP_NUM_THREADS = 1

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

docs: $(VENV)/docs docs/_static/tex-svg.js  ## the site in docs/_build/html, and tests of its pages
	$(VENV)/bin/python -m sphinx -W --keep-going docs docs/_build/html
	$(VENV)/bin/python -m pytest -m "not slow" tests/site

doctest: $(VENV)/test  ## the code of every page and docstring
	$(VENV)/bin/python -m pytest --numprocesses auto sgnn README.md docs/*.md docs/guide docs/papers

clean:
	rm -rf $(VENV) docs/_build docs/_static/tex-svg.js docs/api/generated docs/api/backreferences docs/gallery

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# A stamp per set of extras: made again when what is installed may have changed.
$(VENV)/demo: EXTRAS = plot
$(VENV)/test: EXTRAS = test
$(VENV)/dev: EXTRAS = dev
$(VENV)/docs: EXTRAS = docs
$(VENV)/demo $(VENV)/test $(VENV)/dev $(VENV)/docs: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable ".[$(EXTRAS)]"
	@touch $@

# One file of MathJax, from its npm package, so that no page loads anything from another host.
MATHJAX = mathjax-3.2.2
docs/_static/tex-svg.js: | $(VENV)/bin/python
	npm pack --silent --pack-destination $(VENV) $(subst -,@,$(MATHJAX))
	tar -xzOf $(VENV)/$(MATHJAX).tgz package/es5/tex-svg.js > $@
