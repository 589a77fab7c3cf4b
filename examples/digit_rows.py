"""Which rows of a digit's image can a network do without?

    python examples/digit_rows.py

Fits SGIN to scikit-learn's 8 x 8 digits for several lam, prints which rows were removed and what
accuracy is left on images it has not seen, and saves the picture digit_rows.png.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from sgnn import SGINClassifier
from sgnn.datasets import load_digit_rows

LAMS = (0.0, 0.3, 0.6, 0.8, 1.2)


def main() -> None:
    digits = load_digit_rows()
    X_train, X_test, y_train, y_test = train_test_split(
        digits.data, digits.target, test_size=0.3, stratify=digits.target, random_state=0
    )
    models, scores = [], []
    for lam in LAMS:
        print(f"\nlam = {lam:g}", flush=True)
        model = SGINClassifier(
            groups=digits.groups, lam=lam, refit=True, verbose=1, random_state=0
        ).fit(X_train, y_train)
        models.append(model)
        scores.append(model.score(X_test, y_test))

    print(f"\n{'lam':>5}  {'accuracy':>8}  rows that can go")
    for lam, model, score in zip(LAMS, models, scores, strict=True):
        gone = [
            name
            for name, kept in zip(model.groups_.names, model.group_support_, strict=True)
            if not kept
        ]
        print(f"{lam:5g}  {score:8.3f}  {', '.join(gone) or 'none'}")
    draw(models, scores, X_test[0])


def draw(models: list, scores: list, image: np.ndarray) -> None:
    """One image as each model sees it, the removed rows hatched, above its accuracy."""
    figure, axes = plt.subplots(1, len(models), figsize=(2.2 * len(models), 3))
    for ax, model, score in zip(axes, models, scores, strict=True):
        kept = model.get_support().reshape(8, 8)
        ax.imshow(np.where(kept, image.reshape(8, 8), np.nan), cmap="gray_r", vmin=0, vmax=1)
        for row in np.flatnonzero(~kept[:, 0]):
            ax.axhspan(row - 0.5, row + 0.5, facecolor="0.9", hatch="///", edgecolor="C3", lw=0)
        ax.set(xticks=[], yticks=[])
        ax.set_title(
            f"lam = {model.lam:g}\n{model.group_support_.sum()} of 8 rows\naccuracy {score:.3f}",
            fontsize=10,
        )
    figure.tight_layout()
    figure.savefig("digit_rows.png", dpi=100, bbox_inches="tight")
    print("\nSaved digit_rows.png: the hatched rows are not looked at.")


if __name__ == "__main__":
    main()
