"""The loop, the same for every algorithm and for many trainings at once; it alone knows skorch."""

from .callbacks import check_callbacks, is_callback
from .joint import train_jointly
from .net import Net, train
from .settings import OPTIMIZERS, Settings

__all__ = [
    "OPTIMIZERS",
    "Net",
    "Settings",
    "check_callbacks",
    "is_callback",
    "train",
    "train_jointly",
]
