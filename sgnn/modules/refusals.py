"""What forward may not do, if its channels are to be followed: refused with what to do instead."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .operations import Role, name_of

__all__ = ["BATCH", "NOT_FOLLOWED", "check", "check_called_once", "refusal"]

BATCH = 2  # rows of the example: two, so that their axis is told from one of size 1

NOT_FOLLOWED = (
    "channels are not followed through it: build forward from convolutions, dense layers, batch "
    "norms, activations, poolings, flatten(1), sums, products and torch.cat(..., 1)"
)

Shape = tuple[int, ...]


def check(
    node: fx.Node, role: Role, module: nn.Module | None, before: list[Shape], after: Shape
) -> None:
    """Refuse a call that reads tensors of the shapes `before` and returns one of shape `after`."""
    objection = (
        _to_axes(role, before, after)
        or _to_channels(role, [shape[1] for shape in before], before[0], after)
        or _to_layer(module, before[0])
        or (module is None and _to_arguments(node, role, before))
        or (not node.users and "its result is not used: assign it to a name, or leave the call out")
    )
    if objection:
        raise refusal(node, module, objection)


def refusal(node: fx.Node, module: nn.Module | None, objection: str) -> ValueError:
    """The error for a call, or for a tensor that belongs to no layer."""
    if module is not None:
        called = f"the layer {node.target} ({type(module).__name__})"
    else:
        called = f"the tensor {node.target}" if node.op == "get_attr" else f"{name_of(node)}()"
    return ValueError(f"module uses {called} in forward, but {objection}.")


def check_called_once(calls: list[fx.Node]) -> None:
    """Refuse a layer with parameters that is called more than once."""
    layers = [call.target for call in calls]
    for layer in layers:
        if layers.count(layer) > 1:
            raise ValueError(
                f"module uses the layer {layer} {layers.count(layer)} times in forward, but its "
                f"weights can be cut in one way only: give each call a layer of its own."
            )


def _to_axes(role: Role, before: list[Shape], after: Shape) -> str | None:
    if any(len(shape) < 2 or shape[0] != BATCH for shape in (*before, after)):
        return "it moves axis 0, the rows, or axis 1, the channels: leave them where they are"
    if role not in {Role.JOIN, Role.CAT} and len(before) > 1:
        return f"it reads {len(before)} tensors: give it one"
    if len({len(shape) for shape in before}) > 1:
        return f"it reads tensors of {[len(shape) for shape in before]} axes: give it equally many"
    return None


def _to_channels(role: Role, counts: list[int], read: Shape, after: Shape) -> str | None:
    if role is Role.CAT and sum(counts) != after[1]:
        return "it does not run along the channels: call torch.cat(..., 1)"
    if role in {Role.KEEP, Role.JOIN, Role.SCALE, Role.HOLD} and set(counts) != {after[1]}:
        return f"it makes {after[1]} channels of {counts}: give it tensors of equally many"
    if role is Role.RESHAPE:
        positions, left = torch.Size(read[2:]).numel(), torch.Size(after[2:]).numel()
        if positions % left or after[1] * left != counts[0] * positions:
            return "it cuts channels up: let it join each channel's positions alone, flatten(1)"
    return None


def _to_layer(module: nn.Module | None, read: Shape) -> str | None:
    if isinstance(module, nn.Linear) and len(read) != 2:
        return f"it reads {len(read)} axes and not rows of features: call flatten(1) before"
    if isinstance(module, _BatchNorm) and module.running_mean is None:
        return "it has no running statistics: make it with track_running_stats=True"
    return None


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
