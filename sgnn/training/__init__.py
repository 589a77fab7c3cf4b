"""The loop, the same for every algorithm and for many trainings at once; it alone knows skorch."""

from .joint import train_jointly
from .net import Net, train
from .settings import OPTIMIZERS, Settings, is_callback

__all__ = ["OPTIMIZERS", "Net", "Settings", "is_callback", "train", "train_jointly"]
