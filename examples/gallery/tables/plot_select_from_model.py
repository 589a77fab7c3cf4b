"""
Selection in front of boosting
==============================

A network chooses the groups, and gradient boosting predicts: every estimator here is a selector,
and stands in a pipeline in front of any other model, alone or in scikit-learn's
`SelectFromModel`. `GroupSelectFromModel` goes the other way, and keeps whole groups by the
importances of a forest.
"""

# %%
# A table with many useless groups
# --------------------------------

import time

import matplotlib.pyplot as plt
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sgnn import GroupSelectFromModel, SGINClassifier
from sgnn.datasets import make_grouped_classification

data = make_grouped_classification(
    600, n_groups=20, n_informative=3, nonlinear=True, random_state=0
)
X, y, groups = data.data, data.target, data.groups

# %%
# Three ways to the same model
# ----------------------------

boosting = HistGradientBoostingClassifier(max_iter=50, random_state=0)
network = SGINClassifier(groups, max_groups=3, random_state=0)
forest = RandomForestClassifier(200, random_state=0)
models = {
    "all columns": boosting,
    "SelectFromModel(SGIN)": make_pipeline(SelectFromModel(network), boosting),
    "GroupSelectFromModel(forest)": make_pipeline(
        GroupSelectFromModel(forest, max_groups=3, groups=groups), boosting
    ),
}
scores = {}
for name, model in models.items():
    start = time.perf_counter()
    scores[name] = cross_val_score(model, X, y, cv=5)
    print(f"{name}: {scores[name].mean():.3f}, {time.perf_counter() - start:.0f} s")

plt.figure(figsize=(7, 2.6), layout="constrained")
plt.boxplot(list(scores.values()), orientation="horizontal", tick_labels=list(scores))
plt.xlabel("accuracy in each of five folds")
plt.title("Boosting with and without a selection")
plt.show()
