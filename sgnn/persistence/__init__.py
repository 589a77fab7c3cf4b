"""Files of fitted estimators, without pickle."""

from .files import load, save

__all__ = ["load", "save"]
