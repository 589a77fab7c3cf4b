"""Which medical tests are worth having for 150 dollars?

    python examples/quickstart.py

Searches the 13 tests of the heart data for the best ones that cost at most 150 dollars together,
prints them, their price and how well they do, and saves the picture front.png.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")
import numpy as np
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sgnn import BudgetSelector
from sgnn.datasets import load_heart_costs

BUDGET = 150


def main() -> None:
    heart = load_heart_costs(as_frame=True)
    prices = heart.group_costs
    words = make_column_selector(dtype_include="category")
    encoders = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), words), remainder=StandardScaler()
    )
    model = make_pipeline(encoders, LogisticRegression(max_iter=1000))
    print(f"{len(prices)} tests of {len(heart.data)} patients cost {sum(prices.values()):.0f}.")

    selector = BudgetSelector(
        model, group_costs=prices, max_cost=BUDGET, verbose=1, random_state=0
    ).fit(heart.data, heart.target)
    print(f"\nFor {BUDGET}, have these {len(selector.selected_groups_)}:")
    for test in selector.selected_groups_:
        print(f"  {test:<10}{prices[test]:>8.2f}")
    print(f"  {'together':<10}{selector.cost_:>8.2f}")
    for other in (5, 250, 500):
        point = selector.choose(max_cost=other)
        print(f"For {other}: {', '.join(point['groups'])} ({point['cost']:.0f})")

    print("\nAccuracy of a logistic regression, by cross-validation (searching 5 times ...)")
    report("all tests", cross_val_score(model, heart.data, heart.target))
    point = selector.choose(max_cost=BUDGET)
    print(f"  chosen, optimistic: {point['score']:.2f} +- {point['score_se']:.2f}"
          "  (by the rows that chose them)")  # fmt: skip
    fresh = clone(selector).set_params(evaluate=None, verbose=0)
    report("chosen, honest", cross_val_score(fresh, heart.data, heart.target))

    draw(selector)


def report(what: str, scores: np.ndarray) -> None:
    """Mean and standard error of cross-validated scores."""
    print(f"  {what}: {scores.mean():.2f} +- {scores.std() / np.sqrt(len(scores) - 1):.2f}")


def draw(selector: BudgetSelector, path: str = "front.png") -> None:
    """The best sets of tests at every price, and the one that was chosen."""
    from sgnn.inspection import FrontDisplay

    display = FrontDisplay.from_estimator(selector)
    display.ax_.set(xlabel="cost in dollars", ylabel="held-out log loss")
    display.figure_.savefig(path, dpi=100, bbox_inches="tight")
    print(f"\nSaved {path}: the best tests at every price.")


if __name__ == "__main__":
    main()
