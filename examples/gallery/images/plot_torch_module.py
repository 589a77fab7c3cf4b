"""
A torch module of your own
==========================

`SparseGroupCNN` takes any network that torch.fx can follow, penalizes its layers, and removes what
became zero: here a small residual network for digits, whose channels are coupled by a sum.
"""

# %%
# A network
# ---------

import matplotlib.pyplot as plt
import torch
from torch import nn

from sgnn import SparseGroupCNN
from sgnn.datasets import load_digit_rows


class Residual(nn.Module):
    """Two convolutions around which the input is added."""

    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return nn.functional.relu(x + self.second(nn.functional.relu(self.first(x))))


torch.manual_seed(0)  # of its first weights
network = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.ReLU(),
    Residual(16),
    nn.MaxPool2d(2),
    Residual(16),
    nn.AdaptiveAvgPool2d(2),
    nn.Flatten(),
    nn.Linear(64, 10),
)

# %%
# Fitted as it is, and with a penalty
# -----------------------------------

digits = load_digit_rows()
X, y = digits.data, digits.target
sizes = {}
for lam in (0, 3e-3, 1e-2):
    model = SparseGroupCNN(
        image_shape=(1, 8, 8), architecture=network, lam=lam, regularizer="group_lasso",
        algorithm="proximal", learning_rate=3e-3, max_epochs=30, refit=True, random_state=0,
    )  # fmt: skip
    model.fit(X[:1200], y[:1200])
    before, after = model.savings()["parameters"]
    sizes[f"lam={lam:g}\naccuracy {model.score(X[1200:], y[1200:]):.3f}"] = after
    print(f"lam={lam:g}: {after:.0f} of {before:.0f} parameters")

# %%
# What is left
# ------------
#
# `model.compact()` is a torch module of so many parameters.

plt.figure(figsize=(5, 3.2), layout="constrained")
plt.bar(list(sizes), list(sizes.values()))
plt.ylabel("parameters that are left")
plt.title("A residual network, cut down")
plt.show()
