"""
A small network, and ONNX
=========================

What is left of a network after a selection: a torch module without the removed columns and units,
and a file for other runtimes with equal outputs.
"""

# %%
# Train
# -----

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime

from sgnn import GroupLassoMLP
from sgnn.datasets import load_digit_rows

digits = load_digit_rows()
X, y = digits.data.astype(np.float32), digits.target
model = GroupLassoMLP(digits.groups, lam=0.003, refit=True, max_epochs=50, random_state=0)
model.fit(X[:1200], y[:1200])
print(f"{model.get_support().sum()} of 64 pixels, accuracy {model.score(X[1200:], y[1200:]):.3f}")

# %%
# Before and after
# ----------------
#
# The same outputs, with fewer parameters and operations.

small = model.compact()
savings = model.savings()
figure, axes = plt.subplots(1, 3, figsize=(8, 2.6), layout="constrained")
for ax, name in zip(axes, ("parameters", "flops", "bytes"), strict=True):
    ax.bar(["whole", "compact"], savings[name])
    ax.set_title(name)
plt.show()

# %%
# ONNX
# ----
#
# The file takes the kept columns, `transform(X)`, and any number of rows.

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "digits.onnx"
    model.to_onnx(path, probabilities=True)
    session = onnxruntime.InferenceSession(path)
    (name,) = (put.name for put in session.get_inputs())
    (found,) = session.run(None, {name: model.transform(X[1200:])})
print(f"largest difference {np.abs(found - model.predict_proba(X[1200:])).max():.0e}")
