"""Private streams of random numbers."""

from __future__ import annotations

from numbers import Integral
from typing import TypeAlias

import numpy as np
from sklearn.utils import check_random_state

RandomState: TypeAlias = int | np.random.Generator | np.random.RandomState | None


def private_generator(random_state: RandomState) -> np.random.Generator:
    """Return a new generator; None draws fresh entropy, never from numpy's global stream."""
    if random_state is None or isinstance(random_state, Integral | np.random.Generator):
        return np.random.default_rng(random_state)
    return np.random.default_rng(check_random_state(random_state).randint(2**31, size=4))
