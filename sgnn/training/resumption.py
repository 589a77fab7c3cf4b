"""A training as a checkpoint holds it: everything that its next epoch depends on."""

from __future__ import annotations

import json
from typing import Any

from skorch.callbacks import LRScheduler

from .early_stopping import EarlyStopping

__all__ = ["state_of", "take_state"]


def state_of(net: Any) -> dict[str, Any]:
    """The state of a net after an epoch, of tensors, numbers, strings, lists and dicts."""
    problem, schedule = net.problem_, net.callback(LRScheduler)
    rows = [
        {name: value for name, value in row.items() if name != "batches"} for row in net.history
    ]
    return {
        "module": problem.module.state_dict(),
        "active": problem.active.tolist(),
        "optimizer": net.optimizer_.state_dict(),
        "algorithm": net.algorithm_.state(),
        "schedule": schedule and schedule.lr_scheduler_.state_dict(),
        "patience": net.callback(EarlyStopping).state(),
        "history": json.dumps(rows),
        "first": net.first_,
    }


def take_state(net: Any, state: dict[str, Any]) -> None:
    """Put a net whose algorithm has begun in the state that `state_of` has returned.

    Raises
    ------
    KeyError, TypeError, ValueError, RuntimeError, IndexError, AttributeError
        Where the state is not that of such a net.
    """
    problem, schedule = net.problem_, net.callback(LRScheduler)
    problem.module.load_state_dict(state["module"])
    if len(state["active"]) != len(problem.active):
        raise ValueError("another number of groups")
    problem.active[:] = state["active"]
    net.optimizer_.load_state_dict(state["optimizer"])
    net.algorithm_.resume(state["algorithm"])
    if schedule is not None:
        schedule.lr_scheduler_.load_state_dict(state["schedule"])
    net.callback(EarlyStopping).resume(state["patience"])
    for row in json.loads(state["history"]):
        net.history.new_epoch()
        for name, value in row.items():
            net.history.record(name, value)
    net.first_ = state["first"]
