"""Which tests are left to `make slow`, and which share a process."""

from __future__ import annotations

import pytest

from .estimators.instances import Case


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A law of several settings runs over every estimator; over the algorithms that are not an
    estimator's first it runs once, with its first setting, and in `make slow` with all.
    """
    for item in items:
        if item.path.parent.name == "inspection":
            item.add_marker(pytest.mark.xdist_group("inspection"))  # pyplot is imported once
        callspec = getattr(item, "callspec", None)
        if callspec is None:
            continue
        cases = [name for name, value in callspec.params.items() if isinstance(value, Case)]
        others = [name for name in cases if not callspec.params[name].by_first_algorithm]
        first = all(index == 0 for name, index in callspec.indices.items() if name not in cases)
        shared = any(callspec.params[name].shares_its_code for name in others)
        if shared or (others and not first):
            item.add_marker(pytest.mark.slow)
