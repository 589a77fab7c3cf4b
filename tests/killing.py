"""A process that is killed: a fork of the test's own, so that nothing is imported anew."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable

__all__ = ["end_of"]


def end_of(work: Callable[[], object]) -> int:
    """How a child process ends that does the work: 0, 1 after an error, or minus the signal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside other threads
        child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
