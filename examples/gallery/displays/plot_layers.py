"""
Zeros layer by layer
====================

Which layers of a convolutional network are sparse: single weights, and whole neurons? Only the
latter make the network smaller. The neurons of a convolution are its filters, those of a dense
layer the units that it reads: those of "output" are the last hidden units. The operations in the
title are the multiplications and additions of a prediction, once
:meth:`~sgnn.SparseGroupCNN.compact` has left out the zero neurons.
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
