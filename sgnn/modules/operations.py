"""What layers, functions and methods do to the channels of the tensors they read, if they may."""

from __future__ import annotations

from enum import Enum
from typing import Any

import torch
from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["BATCH", "NOT_FOLLOWED", "Role", "check", "name_of", "refusal", "role_of"]

BATCH = 2  # rows of the example: two, so that their axis is told from one of size 1

NOT_FOLLOWED = (
    "channels are not followed through it: build forward from convolutions, dense layers, batch "
    "norms, activations, poolings, flatten(1), sums, products and torch.cat(..., 1)"
)

Shape = tuple[int, ...]


class Role(Enum):
    """What an operation makes of the channels, the entries along axis 1, of what it reads."""

    MIX = "new channels, each a weighted sum over all"
    DEPTHWISE = "each channel convolved alone, into one or more"
    SCALE = "each channel by itself, with parameters of its own"
    KEEP = "each channel by itself, all alike"
    RESHAPE = "positions of a channel moved to the channel axis"
    JOIN = "the channels of several tensors, pair by pair"
    CAT = "the channels of several tensors, one after the other"
    HOLD = "each channel of the result depends on all"


_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)

# By exact type, for a subclass may compute something else.
_MODULES = {
    Role.MIX: (nn.Linear, *_CONVOLUTIONS),
    Role.SCALE: (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.PReLU),
    Role.KEEP: (
        *(nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU),
        *(nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.Sigmoid, nn.Tanh),
        *(nn.LogSigmoid, nn.Softplus, nn.Softsign),
        *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout),
        *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
        *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
        *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
        *(nn.ZeroPad1d, nn.ZeroPad2d, nn.ReflectionPad1d, nn.ReflectionPad2d, nn.Upsample),
    ),
    Role.RESHAPE: (nn.Flatten,),
    Role.HOLD: (nn.Softmax, nn.LogSoftmax),
}

# Functions of torch, torch.nn.functional and operator, and methods of tensors, by name.
_NAMES = {
    Role.KEEP: """
        relu relu_ relu6 leaky_relu elu celu selu gelu silu mish hardswish hardsigmoid hardtanh
        sigmoid sigmoid_ tanh tanh_ logsigmoid softplus softsign
        neg abs exp square sqrt pow clamp contiguous clone interpolate
        dropout dropout1d dropout2d dropout3d alpha_dropout
        max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d
        adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
        adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d mean sum amax amin
    """,
    Role.RESHAPE: "flatten view reshape squeeze unsqueeze",
    Role.JOIN: "add add_ sub sub_ mul mul_ div truediv maximum minimum",
    Role.CAT: "cat concat concatenate",
    Role.HOLD: "softmax log_softmax",
}

_BY_TYPE = {kind: role for role, kinds in _MODULES.items() for kind in kinds}
_BY_NAME = {name: role for role, names in _NAMES.items() for name in names.split()}


def name_of(node: fx.Node) -> str:
    """What a call of a function or method calls."""
    return node.target if isinstance(node.target, str) else node.target.__name__


def role_of(node: fx.Node, module: nn.Module | None) -> Role | None:
    """The role of a call, None where it has none of them; `module` is the layer it calls."""
    if module is None:
        return None if node.op == "get_attr" else _BY_NAME.get(name_of(node))
    if isinstance(module, nn.PReLU) and module.num_parameters == 1:
        return Role.KEEP
    if isinstance(module, _CONVOLUTIONS) and module.groups > 1:
        return Role.DEPTHWISE if module.groups == module.in_channels else None
    return _BY_TYPE.get(type(module))


def check(
    node: fx.Node, role: Role, module: nn.Module | None, before: list[Shape], after: Shape
) -> None:
    """Refuse a call that reads tensors of the shapes `before` and returns one of shape `after`."""
    objection = _objection(role, module, before, after)
    if objection is None and module is None:
        objection = _to_arguments(node, role, before)
    if objection is None and not node.users:
        objection = "its result is not used: assign it to a name, or leave the call out"
    if objection is not None:
        raise refusal(node, module, objection)


def _objection(
    role: Role, module: nn.Module | None, before: list[Shape], after: Shape
) -> str | None:
    """What speaks against following the channels through a call, by its shapes and layer."""
    if any(len(shape) < 2 or shape[0] != BATCH for shape in (*before, after)):
        return "it moves axis 0, the rows, or axis 1, the channels: leave them where they are"
    n_axes, counts, read = [len(s) for s in before], [s[1] for s in before], before[0]
    if role not in {Role.JOIN, Role.CAT} and len(before) > 1:
        return f"it reads {len(before)} tensors: give it one"
    if len(set(n_axes)) > 1:
        return f"it reads tensors of {n_axes} axes: give it equally many"
    if role is Role.CAT and sum(counts) != after[1]:
        return "it does not run along the channels: call torch.cat(..., 1)"
    if role in {Role.KEEP, Role.JOIN, Role.SCALE, Role.HOLD} and set(counts) != {after[1]}:
        return f"it makes {after[1]} channels of {counts}: give it tensors of equally many"
    if role is Role.RESHAPE:
        positions, left = torch.Size(read[2:]).numel(), torch.Size(after[2:]).numel()
        if positions % left or after[1] * left != counts[0] * positions:
            return "it cuts channels up: let it join each channel's positions alone, flatten(1)"
    if isinstance(module, nn.Linear) and len(read) != 2:
        return f"it reads {len(read)} axes and not rows of features: call flatten(1) before"
    if isinstance(module, _BatchNorm) and module.running_mean is None:
        return "it has no running statistics: make it with track_running_stats=True"
    return None


def refusal(node: fx.Node, module: nn.Module | None, objection: str) -> ValueError:
    """The error for a call, or for a tensor that belongs to no layer."""
    if module is not None:
        called = f"the layer {node.target} ({type(module).__name__})"
    else:
        called = f"the tensor {node.target}" if node.op == "get_attr" else f"{name_of(node)}()"
    return ValueError(f"module uses {called} in forward, but {objection}.")


def _to_arguments(node: fx.Node, role: Role, before: list[Shape]) -> str | None:
    """Whatever is right for this number of channels alone would be wrong for fewer."""
    given: Any = [*node.args[1:], *node.kwargs.values()]
    if given and isinstance(given[0], list | tuple):
        given = given[0]
    name = name_of(node)
    if name == "squeeze" and not given:
        return "it drops every axis of size 1: name the axes"
    if name in {"view", "reshape"} and isinstance(given[1], int) and given[1] != -1:
        return f"it writes down the number of channels, {given[1]}: call flatten(1)"
    if name in {"mean", "sum", "amax", "amin"}:
        return _to_reduction(node, len(before[0]))
    if role is Role.JOIN and len(before) < len(node.all_input_nodes):
        return "it computes with the size of a tensor: write down the number"
    return None


def _to_reduction(node: fx.Node, n_axes: int) -> str | None:
    dim = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    axes = dim if isinstance(dim, list | tuple) else [dim]
    if any(not isinstance(axis, int) or axis % n_axes < 2 for axis in axes):
        return f"it reduces dim={dim}: reduce positions alone, the axes from 2 on"
    return None
