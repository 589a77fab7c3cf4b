"""The estimators that users import."""

from .sgin import SGINClassifier, SGINRegressor

__all__ = ["SGINClassifier", "SGINRegressor"]
