"""scikit-learn's own check_estimator passes for every selector around an estimator."""

from __future__ import annotations

import pytest
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from sgnn import GroupLassoClassifier, GroupLassoRegressor, SGINClassifier
from sgnn.selection import (
    BudgetSelector,
    GroupSelectFromModel,
    LambdaSearchCV,
    StabilitySelector,
    SubsetSearch,
)

# three epochs without removal, enough to separate the classes
NETWORK = SGINClassifier(max_epochs=3, hidden_layer_sizes=(4,), learning_rate=0.1)

QUICK_SEARCH = SubsetSearch((8,), max_steps=30)
LOGISTIC = LogisticRegression()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:No features were selected")  # of a Lasso by default
@pytest.mark.parametrize(
    "estimator",
    [
        LambdaSearchCV(Lasso(), [1e-4, 1e-3], cv=2),
        LambdaSearchCV(NETWORK, [0.001, 0.01], cv=2, select="one_se"),
        pytest.param(
            LambdaSearchCV(GroupLassoClassifier(), [1e-4, 1e-3], cv=2), marks=pytest.mark.slow
        ),
        StabilitySelector(Lasso(1e-3), 3),
        pytest.param(StabilitySelector(GroupLassoRegressor(lam=1e-3), 3), marks=pytest.mark.slow),
        StabilitySelector(NETWORK, 2, subsample="half"),
        GroupSelectFromModel(Lasso(1e-3)),
        # keep: a check asks for an error about NaN in the first column, which may not be chosen
        BudgetSelector(LOGISTIC, keep=[0], search=QUICK_SEARCH, evaluate=None),
        pytest.param(
            BudgetSelector(NETWORK, keep=[0], search=QUICK_SEARCH), marks=pytest.mark.slow
        ),
        # true defaults
        pytest.param(LambdaSearchCV(Lasso()), marks=pytest.mark.slow),
        pytest.param(StabilitySelector(Lasso()), marks=pytest.mark.slow),
    ],
    ids=lambda estimator: f"{type(estimator).__name__}-{type(estimator.estimator).__name__}",
)
def test_check_estimator(estimator):
    results = check_estimator(estimator, on_skip=None, on_fail=None)
    failed = {row["check_name"]: row["exception"] for row in results if row["status"] == "failed"}
    assert failed == {}


@pytest.mark.parametrize("selector", [LambdaSearchCV, StabilitySelector])
@pytest.mark.parametrize("estimator", [StandardScaler(), LinearRegression(), Lasso])
def test_an_estimator_without_lam_raises(numbers, selector, estimator):
    with pytest.raises(TypeError, match=r"^estimator must be an instance with the parameter lam,"):
        selector(estimator).fit(numbers.data, numbers.target)
