"""
How sure is a selection?
========================

The same estimator on bootstrap samples of the same patients: how often is each test selected? A
selection is an estimate like any other, and has a spread.
"""

# %%
# A hundred bootstrap samples
# ---------------------------
#
# One-hot columns of one categorical column become a group by `source_columns`.

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.preprocessing import OneHotEncoder

from sgnn import GroupLassoClassifier, StabilitySelector, source_columns
from sgnn.datasets import load_heart_costs
from sgnn.inspection import StabilityDisplay

heart = load_heart_costs(as_frame=True)
words = make_column_selector(dtype_include="category")
encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
encoders = make_column_transformer((encoder, words), remainder="passthrough")
X = encoders.set_output(transform="pandas").fit_transform(heart.data)
model = GroupLassoClassifier(source_columns(heart.data.columns), lam=0.08)
study = StabilitySelector(model, n_bootstraps=100, threshold=0.9, random_state=0)
study.fit(X, heart.target)
print(", ".join(study.selected_groups_))

# %%
# A bar is the share of the samples
# ---------------------------------

display = StabilityDisplay.from_estimator(study)
display.ax_.set_title("On how many samples each test is selected")

# %%
# One number for the agreement
# ----------------------------
#
# 1 is the same set on every sample, 0 for Nogueira's measure is chance.

low, high = study.stability_["nogueira_interval"][0]
print(f"Jaccard {study.stability_['jaccard'][0]:.2f}")
print(f"Nogueira {study.stability_['nogueira'][0]:.2f}, from {low:.2f} to {high:.2f} (95 %)")
