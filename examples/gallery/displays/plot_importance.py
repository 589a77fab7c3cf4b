"""
Norms and permutation importances of groups
===========================================

Two questions about the groups that a network has kept: how large are its weights, and how much
worse does it predict when a group is shuffled, all its columns by the same permutation?
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import train_test_split

from sgnn import SGINClassifier
from sgnn.datasets import make_grouped_classification
from sgnn.inspection import GroupImportanceDisplay

data = make_grouped_classification(800, n_groups=8, n_informative=3, random_state=1)
X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, random_state=0)
model = SGINClassifier(data.groups, lam=0.1, random_state=0).fit(X_train, y_train)
print(f"planted: {data.support.nonzero()[0]}, selected: {model.selected_groups_}")

figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
GroupImportanceDisplay.from_estimator(model, ax=axes[0])
axes[0].set_title("Norms of the weights")
GroupImportanceDisplay.from_permutations(model, X_test, y_test, random_state=0, ax=axes[1])
axes[1].set_title("Permutations of test rows")
plt.show()
