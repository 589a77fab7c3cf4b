"""Programs that run in an interpreter of their own, where nothing is imported yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sgnn


def printed(program: str) -> str:
    """What the program prints; a test fails where it does."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(sgnn.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
