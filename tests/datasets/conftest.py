"""Tests of data sets use neither the network nor the user's cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Make every download fail, hide $SGNN_DATA, and put the user's cache into `tmp_path`."""
    pooch = pytest.importorskip("pooch")

    def refuse(url, *args, **kwargs):
        raise ConnectionError(f"no network for {url}")

    monkeypatch.setattr(pooch, "retrieve", refuse)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.delenv("SGNN_DATA", raising=False)


@pytest.fixture
def real_data():
    """Return a function that skips the test unless $SGNN_DATA holds a file."""

    def require(name: str) -> Path:
        folder = os.environ.get("SGNN_DATA")
        if not folder:
            pytest.skip("SGNN_DATA is not set")
        if not (path := Path(folder) / name).is_file():
            pytest.skip(f"SGNN_DATA holds no {name}")
        return path

    return require
