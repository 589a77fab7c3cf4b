"""Settings of the machine, which change no result: how much memory a fit may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

from .rules import check_parameters, number

__all__ = ["CONFIG", "config_context", "get_config", "set_config"]

RULES = {"cache_size": number(0)}


class Config(local):
    """The settings: an attribute of the class holds everywhere, one of the instance in a thread."""

    cache_size: float = 1000


CONFIG = Config()


def get_config() -> dict[str, Any]:
    """The settings that hold here.

    Returns
    -------
    config : dict
        cache_size: MiB of X above which a memory map is read batch by batch, not loaded, and that
        SGIN may take to keep the product of the rows with the first layer.

    Examples
    --------
    >>> import sgnn
    >>> sgnn.get_config()
    {'cache_size': 1000}
    """
    return {name: getattr(CONFIG, name) for name in RULES}


def set_config(*, cache_size: float) -> None:
    """Change the settings of the process.

    Parameters
    ----------
    cache_size : float
        See `get_config`; 1000 from the start.

    Raises
    ------
    ValueError
        If it is negative or no number.

    Examples
    --------
    >>> import sgnn
    >>> sgnn.set_config(cache_size=1000)
    """
    check_parameters({"cache_size": cache_size}, RULES)
    Config.cache_size = cache_size


@contextmanager
def config_context(*, cache_size: float) -> Iterator[None]:
    """Other settings within a `with` block, in this thread and in the jobs of its searches.

    Parameters
    ----------
    cache_size : float
        See `get_config`.

    Yields
    ------
    None

    Raises
    ------
    ValueError
        If it is negative or no number.

    Examples
    --------
    >>> import sgnn
    >>> with sgnn.config_context(cache_size=50):
    ...     sgnn.get_config()
    {'cache_size': 50}
    """
    check_parameters({"cache_size": cache_size}, RULES)
    before = dict(vars(CONFIG))
    CONFIG.cache_size = cache_size
    try:
        yield
    finally:
        vars(CONFIG).clear()
        vars(CONFIG).update(before)
