"""Every architecture in SparseGroupCNN: it is trained, weights vanish, and the rest is pruned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sgnn import SparseGroupCNN
from sgnn.modules import ARCHITECTURES

from ..modules.test_cnn import ROWS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("name", ROWS)
def test_the_pruned_network_says_the_same(name):
    parameters, smallest = ROWS[name]
    side = max(4, smallest)
    X = np.random.default_rng(0).normal(size=(24, 2, side, side)).astype(np.float32)
    y = (X[:, 0].mean((1, 2)) > 0).astype(int)
    model = SparseGroupCNN(
        architecture=ARCHITECTURES.made(name, **parameters),
        lam=1.0, regularizer="group_lasso", algorithm="proximal", learning_rate=0.1,
        max_epochs=5, random_state=0, dtype="float64",
    ).fit(X, y)  # fmt: skip
    assert any(layer["zero_weights"] for layer in model.sparsity_)
    small, kept = model.compact(), torch.from_numpy(model.transform(X)).double()
    with torch.no_grad():
        said = torch.softmax(small(kept), 1)
    np.testing.assert_allclose(said, model.predict_proba(X), atol=1e-8)
