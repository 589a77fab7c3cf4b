"""
First-layer filters
===================

The kernels of the first layer of LeNet for digits, trained with and without a penalty on whole
filters. Removed kernels are hatched.
"""

from sgnn import SparseGroupCNN
from sgnn.datasets import load_digit_rows
from sgnn.inspection import FilterDisplay

digits = load_digit_rows()
models = {
    f"lam={lam:g}": SparseGroupCNN(
        image_shape=(1, 8, 8), lam=lam, regularizer="group_lasso", algorithm="proximal",
        learning_rate=3e-3, max_epochs=10, random_state=0,
    ).fit(digits.data[:1200], digits.target[:1200])
    for lam in (0, 3e-3)
}  # fmt: skip
for name, model in models.items():
    print(f"{name}: accuracy {model.score(digits.data[1200:], digits.target[1200:]):.3f}")

FilterDisplay.from_estimators(models)
