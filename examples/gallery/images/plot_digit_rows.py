"""
Rows of handwritten digits
==========================

Eight rows of eight pixels: how many rows of the image does a network need to tell the digits apart,
and which?
"""

# %%
# From all rows to two
# --------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from sgnn import SGINClassifier
from sgnn.datasets import load_digit_rows

digits = load_digit_rows()
X_train, X_test, y_train, y_test = train_test_split(
    digits.data, digits.target, test_size=0.3, stratify=digits.target, random_state=0
)
models = {
    rows: SGINClassifier(digits.groups, lam=0, max_groups=rows, max_epochs=20, random_state=0)
    for rows in (8, 6, 4, 2)
}
for model in models.values():
    model.fit(X_train, y_train)

# %%
# One image as each network sees it
# ---------------------------------

figure, axes = plt.subplots(1, len(models), figsize=(8, 2.8), layout="constrained")
for ax, (rows, model) in zip(axes, models.items(), strict=True):
    kept = model.get_support().reshape(8, 8)
    ax.imshow(np.where(kept, X_test[0].reshape(8, 8), np.nan), cmap="gray_r", vmin=0, vmax=1)
    for row in np.flatnonzero(~kept[:, 0]):
        ax.axhspan(row - 0.5, row + 0.5, facecolor="0.9", hatch="///", edgecolor="C3", lw=0)
    ax.set(xticks=[], yticks=[], title=f"{rows} rows\naccuracy {model.score(X_test, y_test):.3f}")
plt.show()
