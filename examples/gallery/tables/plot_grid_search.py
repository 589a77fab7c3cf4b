"""
A grid search over regularizers
===============================

Which penalty should the groups have? Regularizers are names, and a grid search tries them like any
other parameter.
"""

# %%
# Two parameters, one grid
# ------------------------

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV

from sgnn import GroupLassoMLP
from sgnn.datasets import make_grouped_classification
from sgnn.regularizers import SparseGroupLasso

data = make_grouped_classification(
    300, n_groups=12, n_informative=3, noise=0.3, correlation=0.5, random_state=0
)
model = GroupLassoMLP(data.groups, hidden_layer_sizes=(20,), max_epochs=30, random_state=0)
grid = {
    "regularizer": ["group_lasso", "group_mcp", "sgl_l1"],
    "lam": [0.001, 0.003, 0.01],
}
search = GridSearchCV(model, grid, cv=3).fit(data.data, data.target)
print(search.best_params_, f"{search.best_score_:.3f}")
best = search.best_estimator_
print(f"{best.group_support_.sum()} of 12 groups are left, {data.support.sum()} are informative")

# %%
# Scores of the grid
# ------------------
#
# Bars are standard deviations over three folds: most differences are within the noise. The best lam
# is the largest of the grid; half as much again, and "sgl_l1" has no group left.

results = search.cv_results_
plt.figure(figsize=(6.4, 3.6), layout="constrained")
for shift, name in enumerate(grid["regularizer"]):
    rows = results["param_regularizer"] == name
    lams = results["param_lam"][rows].astype(float) * 1.05**shift  # side by side
    scores, deviations = results["mean_test_score"][rows], results["std_test_score"][rows]
    plt.errorbar(lams, scores, deviations, marker="o", capsize=2, label=name)
plt.xscale("log")
plt.xlabel("lam")
plt.ylabel("accuracy")
plt.title("Three regularizers at three lam")
plt.legend()
plt.show()

# %%
# The parameters of a regularizer
# -------------------------------
#
# A name has the defaults of its source. An instance has parameters, and the grid reaches them: the
# sparse group lasso penalizes whole groups by the share alpha, and single weights by the rest. The
# same goes for `algorithm=`, `optimizer=` and an `architecture=`.

model.set_params(regularizer=SparseGroupLasso())
grid = {"regularizer__alpha": [0.1, 0.9], "lam": [0.003, 0.01]}
search = GridSearchCV(model, grid, cv=3).fit(data.data, data.target)
print(search.best_params_, f"{search.best_score_:.3f}")
