"""What is written differently in other versions of scikit-learn and torch."""

from __future__ import annotations

import pytest
import sklearn
import torch
from packaging.version import Version
from torch import fx

__all__ = ["L1", "needs_l1_ratio", "needs_sizes_in_tuples"]

HAS_L1_RATIO = Version(sklearn.__version__) >= Version("1.8")
# The arguments of a LogisticRegression with an l1 penalty.
L1 = {"l1_ratio": 1.0} if HAS_L1_RATIO else {"penalty": "l1"}
needs_l1_ratio = pytest.mark.skipif(
    not HAS_L1_RATIO, reason="LogisticRegression has no l1_ratio alone before scikit-learn 1.8"
)


def follows_sizes_in_tuples() -> bool:
    """Whether torch.fx follows a size through a tuple, which that of torch 2.5 does not."""
    try:
        fx.symbolic_trace(lambda x: torch.reshape(x, (x.size(0), -1)))
    except TypeError:
        return False
    return True


needs_sizes_in_tuples = pytest.mark.skipif(
    not follows_sizes_in_tuples(), reason="this torch.fx does not follow sizes in tuples"
)
