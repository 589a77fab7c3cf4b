"""
The path over lam
=================

How many groups are left, which, and how well does the model predict, from a lam that keeps all
groups to one that keeps none?
"""

from sgnn import GroupLassoClassifier, LambdaSearchCV
from sgnn.datasets import make_grouped_classification
from sgnn.inspection import PathDisplay

data = make_grouped_classification(
    300, n_groups=10, n_informative=4, noise=0.5, correlation=0.4, random_state=0
)
search = LambdaSearchCV(GroupLassoClassifier(data.groups), lams=30, select="one_se")
search.fit(data.data, data.target)
print(f"planted: {data.support.nonzero()[0]}, selected: {search.selected_groups_}")

# %%
# The dashed line is the largest lam whose score is within one standard error of the best. Here it
# keeps one group too many, which is correlated with those that were planted.

display = PathDisplay.from_estimator(search)
display.ax_.set_title("Groups and score along lam")
