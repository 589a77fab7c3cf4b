"""
Stability paths
===============

The share of bootstrap samples on which each group is selected, at every lam. A group that counts
comes early, at a large lam, and on nearly every sample.
"""

from sgnn import GroupLassoClassifier, StabilitySelector
from sgnn.datasets import make_grouped_classification
from sgnn.inspection import StabilityDisplay

data = make_grouped_classification(
    200, n_groups=10, n_informative=3, noise=0.5, correlation=0.4, random_state=0
)
model = GroupLassoClassifier(data.groups)
study = StabilitySelector(
    model, n_bootstraps=50, lams=[0.04, 0.06, 0.08, 0.1, 0.12], random_state=0
)
study.fit(data.data, data.target)
print(f"planted: {data.support.nonzero()[0]}, selected: {study.selected_groups_}")

# %%
# Groups that reach the threshold at some lam are colored. At the smallest one a group does that was
# not planted: where most groups are kept, being kept says little.

display = StabilityDisplay.from_estimator(study)
display.ax_.set_title("Stability paths of ten groups")
