"""
Counts
======

How many bicycles are hired an hour depends on the weather and the season, and is a count: the
Poisson loss is made for it, and predictions are never negative. The counts here are made up, and
so it is known which of six groups of columns they depend on.
"""

# %%
# Made-up counts
# --------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import mean_poisson_deviance
from sklearn.model_selection import train_test_split

from sgnn import SGINRegressor

rng = np.random.default_rng(0)
n = 2000
hour, temperature = rng.uniform(0, 24, n), rng.normal(15, 8, n)
groups = {
    "hour": [0, 1],  # on a circle
    "temperature": [2],
    "wind": [3, 4],
    "pressure": [5],
    "air quality": [6, 7, 8],
    "noise": [9, 10],
}
angle = 2 * np.pi * hour / 24
X = np.column_stack([np.sin(angle), np.cos(angle), temperature, rng.normal(size=(n, 8))])
mean = np.exp(1.5 - np.cos(angle) - ((temperature - 20) / 15) ** 2)
y = rng.poisson(mean)
X_train, X_test, y_train, y_test, _, mean_test = train_test_split(X, y, mean, random_state=0)

# %%
# The same network with two losses
# --------------------------------
#
# Both keep the two groups that count. The deviance asks how likely the counts are under the
# predicted means, which have to be positive for that.

models = {
    loss: SGINRegressor(groups, loss=loss, lam=0.1, refit=True, random_state=0)
    for loss in ("poisson", "squared_error")
}
figure, axes = plt.subplots(1, 2, sharex=True, sharey=True, figsize=(8, 3.8), layout="constrained")
for ax, (loss, model) in zip(axes, models.items(), strict=True):
    found = model.fit(X_train, y_train).predict(X_test)
    deviance = mean_poisson_deviance(y_test, found.clip(0.01))
    print(f"{loss}: {model.selected_groups_}, least prediction {found.min():.2f}, "
          f"deviance {deviance:.2f}")  # fmt: skip
    ax.scatter(mean_test, found, s=6)
    ax.axline((0, 0), slope=1, color="black", linewidth=0.8)
    ax.axhline(0, color="0.7", linewidth=0.8)
    ax.set(title=f"loss={loss!r}", xlabel="true mean", ylabel="prediction")
plt.show()
