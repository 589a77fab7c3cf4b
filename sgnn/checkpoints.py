"""A training on disk, as it stands after each epoch: a run that is killed loses one at most."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import torch

__all__ = ["Checkpoint"]

HEADER = b"sgnn checkpoint 3\n"  # the first line; the second is the SHA-256 of all that follows


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
        content = io.BytesIO()
        torch.save({"belongs_to": self.belongs_to, "state": state}, content)
        digest = hashlib.sha256(content.getbuffer()).hexdigest().encode()
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            with beside.open("wb") as file:
                file.write(HEADER + digest + b"\n")
                file.write(content.getbuffer())
            os.replace(beside, self.path)
        finally:
            beside.unlink(missing_ok=True)

    def load(self) -> dict[str, Any] | None:
        """What was saved last; None where there is no file.

        Raises
        ------
        ValueError
            If the file is of another training, damaged, or none at all.
        """
        if not self.path.exists():
            return None
        try:
            header, digest, content = self.path.read_bytes().split(b"\n", 2)
            if header + b"\n" != HEADER or hashlib.sha256(content).hexdigest().encode() != digest:
                raise ValueError("the content is not what was written")
            found = torch.load(io.BytesIO(content), weights_only=True)
            belongs_to, state = found["belongs_to"], found["state"]
        except Exception:
            raise self.refusal("is no checkpoint that can be read, or is damaged") from None
        if belongs_to != self.belongs_to:
            raise self.refusal("belongs to a training with other arguments or other data")
        return state

    def refusal(self, reason: str) -> ValueError:
        """The error that says why the file will not do, and what to do about it."""
        return ValueError(
            f"checkpoint={str(self.path)!r} {reason}: delete it, or name another file."
        )
