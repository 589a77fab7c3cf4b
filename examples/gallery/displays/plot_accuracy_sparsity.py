"""
Accuracy against sparsity
=========================

Three penalties on a network for digits, at two lam each: how many input pixels and hidden units
become zero, and what does that cost?
"""

from sgnn import GroupLassoMLP
from sgnn.datasets import load_digit_rows
from sgnn.inspection import AccuracySparsityDisplay

digits = load_digit_rows()
X, y = digits.data, digits.target
models = {
    f"{regularizer}, lam={lam:g}": GroupLassoMLP(
        regularizer=regularizer, lam=lam, hidden_layer_sizes=(50, 50), max_epochs=50, refit=True,
        random_state=0,
    ).fit(X[:1200], y[:1200])
    for regularizer in ("l1", "group_lasso", "sgl_l1")
    for lam in (0.001, 0.003)
}  # fmt: skip

display = AccuracySparsityDisplay.from_estimators(models, X[1200:], y[1200:], of="neurons")
display.ax_.set(title="Three penalties on a network for digits", ylabel="accuracy on 597 images")
