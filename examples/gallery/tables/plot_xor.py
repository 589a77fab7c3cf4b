"""
A signal that linear models miss
================================

The class is the sign of a product of two columns, each hidden in a group of three. Neither column
alone says anything, so that a linear model guesses; networks find the two groups.
"""

# %%
# Ten groups, two of which count, and only together
# -------------------------------------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from sgnn import GroupLassoClassifier, GroupLassoMLP, LambdaSearchCV, SGINClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(1500, 30))
y = (X[:, 0] * X[:, 15] > 0).astype(int)  # groups 0 and 5
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

plt.figure(figsize=(4, 3.6), layout="constrained")
plt.scatter(X[:500, 0], X[:500, 15], c=y[:500], s=8, cmap="coolwarm")
plt.xlabel("first column of group 0")
plt.ylabel("first column of group 5")
plt.title("The sign of a product")
plt.show()

# %%
# Three models
# ------------
#
# The linear model has the lam that is best by cross-validation.

models = {
    "linear": LambdaSearchCV(GroupLassoClassifier(3), lams=20),
    "GroupLassoMLP": GroupLassoMLP(3, max_groups=2, random_state=0),
    "SGIN": SGINClassifier(3, max_groups=2, random_state=0),
}
for name, model in models.items():
    model.fit(X_train, y_train)
    found = model.get_group_support().nonzero()[0].tolist()
    print(f"{name}: groups {found}, accuracy {model.score(X_test, y_test):.2f}")
