"""
First-layer filters
===================

The sixteen kernels of a small convolutional network for digits, trained without a penalty, with one
on whole filters, and with one on filters and single weights. A kernel that is zero is crossed out.
"""

import torch
from torch import nn

from sgnn import SparseGroupCNN
from sgnn.datasets import load_digit_rows
from sgnn.inspection import FilterDisplay

digits = load_digit_rows()
X, y = digits.data, digits.target
torch.manual_seed(0)  # of its first weights
network = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding=2),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(256, 10),
)
models = {
    f"{regularizer}, lam={lam:g}": SparseGroupCNN(
        image_shape=(1, 8, 8), architecture=network, lam=lam, regularizer=regularizer,
        algorithm="proximal", learning_rate=0.01, max_epochs=30, random_state=0,
    ).fit(X[:1200], y[:1200])
    for regularizer, lam in (("group_lasso", 0), ("group_lasso", 0.02), ("sgl_l1", 0.01))
}  # fmt: skip
for name, model in models.items():
    print(f"{name}: accuracy {model.score(X[1200:], y[1200:]):.3f}")

display = FilterDisplay.from_estimators(models)
display.figure_.suptitle("Kernels of three networks")
