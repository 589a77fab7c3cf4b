"""A training on disk, as it stands after each epoch: a run that is killed loses one at most."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

__all__ = ["Checkpoint"]


class Checkpoint:
    """One file for one training.

    Parameters
    ----------
    path : str or path
        Written as a whole or not at all, by way of a file beside it.
    belongs_to : str
        What identifies the training: a hash of its arguments and data.
    """

    def __init__(self, path: str | os.PathLike, belongs_to: str) -> None:
        self.path, self.belongs_to = Path(path), belongs_to

    def beside(self, suffix: str) -> Checkpoint:
        """Another one, for a training that follows this one."""
        return Checkpoint(f"{self.path}.{suffix}", self.belongs_to)

    def save(self, state: dict[str, Any]) -> None:
        """Put `state`, of tensors, numbers, strings, lists and dicts, in the place of the last."""
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"belongs_to": self.belongs_to, "state": state}, beside)
        os.replace(beside, self.path)

    def load(self) -> dict[str, Any] | None:
        """What was saved last; None where there is no file.

        Raises
        ------
        ValueError
            If the file is of another training, or none at all.
        """
        if not self.path.exists():
            return None
        try:
            found = torch.load(self.path, weights_only=True)
            belongs_to, state = found["belongs_to"], found["state"]
        except Exception:
            raise ValueError(
                f"checkpoint={str(self.path)!r} is no checkpoint that can be read: delete it, or "
                f"name another file."
            ) from None
        if belongs_to != self.belongs_to:
            raise ValueError(
                f"checkpoint={str(self.path)!r} belongs to a training with other arguments or "
                f"other data: delete it, or name another file."
            )
        return state
