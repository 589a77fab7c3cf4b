"""Which algorithms train many networks at once, and how."""

from __future__ import annotations

from collections.abc import Sequence

from .base import Algorithm
from .blockwise import Blockwise
from .full_gradient import FullGradient
from .joint import Joint, JointFullGradient, NewOptimizer
from .joint_blockwise import JointBlockwise

__all__ = ["join"]

JOINTS: dict[type[Algorithm], type[Joint]] = {
    Blockwise: JointBlockwise,
    FullGradient: JointFullGradient,
}


def join(members: Sequence[Algorithm], new_optimizer: NewOptimizer) -> Joint:
    """The joint training of members of one kind, enrolled in problems on the same rows."""
    made = next(joint for kind, joint in JOINTS.items() if isinstance(members[0], kind))
    return made(members, new_optimizer)
