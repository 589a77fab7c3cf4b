"""
Categories, numbers and prices
==============================

Thirteen medical tests of 303 patients, four of them categorical, and what each test costs. These
are encoded, so that the 13 tests become 22 columns; `source_columns` keeps what was made of a test
together. Which tests does a network keep, with and without a look at the prices?
"""

# %%
# The table
# ---------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sgnn import GroupLassoMLP, source_columns
from sgnn.datasets import load_heart_costs

heart = load_heart_costs(as_frame=True)
X, y, prices = heart.data, heart.target, heart.group_costs
X.head()

# %%
# Two networks
# ------------
#
# The penalty of a group is lam times its cost: with prices in dollars, 46 on average, lam is
# divided by about as much.

words = make_column_selector(dtype_include="category")
encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
encoders = make_column_transformer((encoder, words), remainder="passthrough")
encoders.set_output(transform="pandas")
groups = source_columns(X.columns)
models = {
    "without prices": GroupLassoMLP(groups, lam=0.01, random_state=0),
    "with prices": GroupLassoMLP(groups, lam=0.0003, group_costs=prices, random_state=0),
}
models = {name: make_pipeline(encoders, model).fit(X, y) for name, model in models.items()}
for name, model in models.items():
    tests = model[-1].selected_groups_
    cost = sum(prices[test] for test in tests)
    score = cross_val_score(model, X, y, cv=4).mean()
    print(f"{name}: {cost:.0f} dollars, accuracy {score:.2f}: {', '.join(tests)}")

# %%
# What is left
# ------------
#
# Norms of the groups, with the cheapest tests on top. To spend a given amount of money, ask
# `BudgetSelector`: :ref:`sphx_glr_gallery_tables_plot_budget.py`.

tests = sorted(X.columns, key=prices.get, reverse=True)
figure, axes = plt.subplots(1, 2, sharey=True, figsize=(8, 4), layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    network = model[-1]
    norms = dict(zip(network.groups_.names, network.group_norms_, strict=True))
    ax.barh(np.arange(len(tests)), [norms[test] for test in tests])
    ax.set(title=name, xlabel="norm of the weights")
axes[0].set_yticks(np.arange(len(tests)), [f"{test}, {prices[test]:.0f} dollars" for test in tests])
plt.show()
