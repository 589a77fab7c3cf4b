"""The loop, the same for every algorithm and for many trainings at once; it alone knows skorch."""

from .callbacks import check_callbacks, is_callback
from .fit_task import CallbackSupportMixin, FitTask, with_callbacks
from .loop import progress_bar, train
from .run import Run
from .settings import Settings
from .skorch_net import SkorchNet

__all__ = [
    "CallbackSupportMixin",
    "FitTask",
    "Run",
    "Settings",
    "SkorchNet",
    "check_callbacks",
    "is_callback",
    "progress_bar",
    "train",
    "with_callbacks",
]
