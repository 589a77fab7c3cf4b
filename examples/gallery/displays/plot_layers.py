"""
Zeros layer by layer
====================

Which layers of a convolutional network are sparse: single weights, and whole filters or units? Only
the latter make the network smaller.
"""

from sgnn import SparseGroupCNN
from sgnn.datasets import load_digit_rows
from sgnn.inspection import LayerSparsityDisplay

digits = load_digit_rows()
model = SparseGroupCNN(
    image_shape=(1, 8, 8), lam=1e-2, algorithm="proximal", learning_rate=3e-3, max_epochs=30,
    refit=True, random_state=0,
)  # fmt: skip
model.fit(digits.data[:1200], digits.target[:1200])
accuracy = model.score(digits.data[1200:], digits.target[1200:])

display = LayerSparsityDisplay.from_estimator(model)
print(f"accuracy {accuracy:.3f}")
