# Two commands do everything: `make demo` and `make test`.  Each creates what it needs in .venv.
PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS = constraints.txt
BIN = $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS)

.DELETE_ON_ERROR:
.PHONY: demo test slow lowest lint wheel installed docs doctest clean

demo: $(VENV)/demo  ## install the package and run the quickstart
	$(BIN)/python examples/quickstart.py

# One thread a process: on small tensors more of them only wait for each other.
demo test slow installed docs doctest: export OMP_NUM_THREADS = 1

test: $(VENV)/test  ## install the package with all extras and run the tests
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup --durations 20 $(TESTS)

slow: $(VENV)/test  ## the tests that take minutes
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup -m slow

lowest:  ## the tests with the lowest versions that pyproject.toml allows
	$(MAKE) test VENV=$(VENV)-lowest CONSTRAINTS=constraints-lowest.txt TESTS="tests sgnn"

lint: $(VENV)/dev  ## what pre-commit runs, numpydoc's validation, and the layout of the repository
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/rumdl check --quiet
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/python -m pytest -q --numprocesses 0 tests/site/test_docstrings.py
	$(BIN)/repo-review --show errskip .

wheel: $(VENV)/dev  ## build the distributions (TAG=v1.2.3: of that version), and test the wheel
	rm -rf dist $(VENV)-wheel
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(if $(TAG),test -e dist/sgnn-$(TAG:v%=%).tar.gz)
	$(MAKE) installed VENV=$(VENV)-wheel

# Outside the source tree: first with what the wheel requires alone, then with its extras.
installed: $(VENV)/pip
	$(PIP) dist/*.whl
	cd / && $(abspath $(BIN))/python -I $(CURDIR)/.ci/smoke.py
	$(PIP) "$$(echo dist/*.whl)[all]" --group test
	cd / && $(abspath $(BIN))/python -I -m pytest -W error -p no:cacheprovider --doctest-modules --numprocesses auto --pyargs sgnn

docs: $(VENV)/docs docs/_static/tex-svg.js  ## the site in docs/_build/html, and tests of its pages
	$(BIN)/python -m sphinx -W --keep-going docs docs/_build/html
	$(BIN)/python -m pytest -m "not slow" tests/site

doctest: $(VENV)/test  ## the code of every page and docstring
	$(BIN)/python -m pytest --numprocesses auto sgnn README.md docs/*.md docs/guide docs/papers

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-wheel dist docs/_build docs/_static/tex-svg.js docs/api/generated docs/api/backreferences docs/gallery

$(VENV)/pip:
	$(PYTHON) -m venv $(VENV)
	$(PIP) "pip>=25.1"  # the first with --group
	@touch $@

# A stamp per set of packages: made again when what is installed may have changed.
$(VENV)/demo: PACKAGES = ".[plot]" pandas
$(VENV)/test: PACKAGES = ".[all]" --group test
$(VENV)/dev: PACKAGES = ".[all]" --group dev
$(VENV)/docs: PACKAGES = ".[all]" --group docs
$(VENV)/demo $(VENV)/test $(VENV)/dev $(VENV)/docs: Makefile pyproject.toml $(CONSTRAINTS) | $(VENV)/pip
	$(PIP) --editable $(PACKAGES)
	@touch $@

# One file of MathJax, from its npm package, so that no page loads anything from another host.
MATHJAX = mathjax-3.2.2
docs/_static/tex-svg.js: | $(VENV)/pip
	npm pack --silent --pack-destination $(VENV) $(subst -,@,$(MATHJAX))
	tar -xzOf $(VENV)/$(MATHJAX).tgz package/es5/tex-svg.js > $@
