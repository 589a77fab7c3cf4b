"""
Which sensors, of signals?
==========================

Six sensors record a signal each. Two of them have a wave, upright or upside down, and the class is
whether the two agree: one sensor alone says nothing. A convolutional network finds both, wherever
in the signal the wave is.
"""

# %%
# Made-up signals
# ---------------
#
# Channels come first: (rows, sensors, time).

import matplotlib.pyplot as plt
import numpy as np

from sgnn import SparseGroupCNN

rng = np.random.default_rng(0)
n, length = 600, 32
signs = rng.choice([-1, 1], size=(2, n))
y = (signs[0] == signs[1]).astype(int)
X = rng.normal(size=(n, 6, length))
wave = 2 * np.sin(np.arange(length) / 2)
for sensor, sign in zip((1, 4), signs, strict=True):
    for row in range(n):
        X[row, sensor] += sign[row] * np.roll(wave, rng.integers(4))

figure, axes = plt.subplots(6, 2, sharex=True, sharey=True, figsize=(7, 5), layout="constrained")
for column, label in enumerate((0, 1)):
    for sensor in range(6):
        axes[sensor, column].plot(X[y == label][0, sensor])
        axes[sensor, column].set_ylabel(f"sensor {sensor}" if column == 0 else "")
    axes[0, column].set_title(f"a signal of class {label}")
    axes[-1, column].set_xlabel("time")
plt.show()

# %%
# Two sensors are to stay
# -----------------------

model = SparseGroupCNN(
    max_groups=2, algorithm="proximal", learning_rate=3e-3, max_epochs=20, random_state=0
)
model.fit(X[:400], y[:400])
print(f"sensors {model.selected_groups_}, accuracy {model.score(X[400:], y[400:]):.2f}")

# %%
# When each sensor went
# ---------------------

for epoch, row in enumerate(model.history_):
    if row["removed"]:
        print(f"epoch {epoch}: sensor {row['removed']}, loss {row['loss']:.3f}")
