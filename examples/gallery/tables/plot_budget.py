"""
The best tests at every price
=============================

Which medical tests are the best ones for at most 150 dollars? `BudgetSelector` finds sets of tests
at all prices at once, by networks of its own, and fits any estimator to the chosen one;
`FrontDisplay` draws what it found.
"""

# %%
# One search
# ----------

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sgnn import BudgetSelector
from sgnn.datasets import load_heart_costs
from sgnn.inspection import FrontDisplay

heart = load_heart_costs(as_frame=True)
words = make_column_selector(dtype_include="category")
encoders = make_column_transformer(
    (OneHotEncoder(handle_unknown="ignore"), words), remainder=StandardScaler()
)
model = make_pipeline(encoders, LogisticRegression(max_iter=1000))
selector = BudgetSelector(model, group_costs=heart.group_costs, max_cost=150, random_state=0)
selector.fit(heart.data, heart.target)
print(f"{', '.join(selector.selected_groups_)}: {selector.cost_:.0f} dollars")

# %%
# The front
# ---------
#
# Above, the least held-out loss at each price, with the chosen set as a star; below, what each
# efficient set holds. The loss falls in steps: where another expensive test can be had.

display = FrontDisplay.from_estimator(selector)
display.figure_.suptitle("The best tests at every price")
display.ax_.set(xlabel="cost in dollars", ylabel="held-out log loss")

# %%
# Other budgets
# -------------
#
# They are answered by the same search.

for budget in (5, 100, 250, 600):
    point = selector.choose(max_cost=budget)
    print(f"{budget} dollars: loss {point['loss']:.3f}, {', '.join(point['groups'])}")
