"""The calls of a module's forward, followed by torch.fx, and what each does to the channels."""

from __future__ import annotations

import copy
import math
import textwrap
import threading
from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["Role", "Step", "Trace", "copy_of", "trace"]

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
    objection, n_axes, read = None, [len(shape) for shape in before], before[0]
    positions, left = math.prod(read[2:]), math.prod(after[2:])
    alike = role in {Role.KEEP, Role.JOIN, Role.SCALE, Role.HOLD}
    if any(len(shape) < 2 or shape[0] != BATCH for shape in (*before, after)):
        objection = "it moves axis 0, the rows, or axis 1, the channels: leave them where they are"
    elif role not in {Role.JOIN, Role.CAT} and len(before) > 1:
        objection = f"it reads {len(before)} tensors: give it one"
    elif len(set(n_axes)) > 1:
        objection = f"it reads tensors of {n_axes} axes: give it equally many"
    elif role is Role.CAT and sum(shape[1] for shape in before) != after[1]:
        objection = "it does not run along the channels: call torch.cat(..., 1)"
    elif alike and any(shape[1] != after[1] for shape in before):
        counts = [shape[1] for shape in before]
        objection = f"it makes {after[1]} channels of {counts}: give it tensors of equally many"
    elif role is Role.RESHAPE and (positions % left or after[1] * left != read[1] * positions):
        objection = "it cuts channels up: let it join each channel's positions alone, flatten(1)"
    elif isinstance(module, nn.Linear) and len(read) != 2:
        objection = f"it reads {len(read)} axes and not rows of features: call flatten(1) before"
    elif isinstance(module, _BatchNorm) and module.running_mean is None:
        objection = "it has no running statistics: make it with track_running_stats=True"
    elif module is None:
        objection = _to_arguments(node, role, before)
    if objection is None and not node.users:
        objection = "its result is not used: assign it to a name, or leave the call out"
    if objection is not None:
        raise refusal(node, module, objection)


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


# torch.fx traces by changing torch for all threads: no network may run meanwhile
ONE_AT_A_TIME = threading.RLock()


WITH_PARAMETERS = {Role.MIX, Role.DEPTHWISE, Role.SCALE}


class Step(NamedTuple):
    """A call that returns a tensor.

    Attributes
    ----------
    node : fx.Node
        The call in torch.fx's graph; `node.target` names the layer, if it is one.
    role : Role
    sources : tuple of fx.Node
        The tensors read, in the order of their channels.
    channels : int
        Channels of the result.
    repeat : int
        Neighboring channels of the result that one channel read turns into: the positions that
        a flattened channel has, the filters that a depthwise convolution has for a channel.
    """

    node: fx.Node
    role: Role
    sources: tuple[fx.Node, ...]
    channels: int
    repeat: int


class Trace(NamedTuple):
    """What forward does in eval mode.

    Attributes
    ----------
    input : fx.Node
    channels : int
        Channels of the input.
    steps : list of Step
        In the order in which they run.
    outputs : list of fx.Node
        What forward returns.
    at_zero : dict from fx.Node to tensor of shape (1, channels, ...)
        What each `Role.MIX` layer reads when the input is 0.
    """

    input: fx.Node
    channels: int
    steps: list[Step]
    outputs: list[fx.Node]
    at_zero: dict[fx.Node, Tensor]


def trace(module: nn.Module, shape: Sequence[int]) -> Trace:
    """Follow the channels through `module.forward`.

    Parameters
    ----------
    module : nn.Module
        Not changed.
    shape : tuple of int
        One input, channels first: (channels, ...), or (n_features,).

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        If the shape does not fit, or forward does what cannot be followed; the message says
        where, and what to write instead.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv1d(2, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(9, 1))
    >>> [(step.role.name, step.channels, step.repeat) for step in trace(net, (2, 4)).steps]
    [('MIX', 3, 1), ('KEEP', 3, 1), ('RESHAPE', 9, 3), ('MIX', 1, 1)]
    """
    with ONE_AT_A_TIME:
        still, tracer, graph = copy_of(module).eval(), fx.Tracer(), fx.Graph()
        layers = dict(still.named_children())  # each once, even if it is called more often
        chain = type(still) is nn.Sequential and len(layers) == len(still)
        if chain and all(tracer.is_leaf_module(layer, "") for layer in layers.values()):
            # not traced: an MLP, which comes here as a Sequential, may run in another thread
            node = graph.placeholder("input")
            for name in layers:
                node = graph.call_module(name, (node,))
            graph.output(node)
        else:
            try:
                graph = tracer.trace(still)
            except Exception as error:
                raise ValueError(
                    f"module cannot be followed ({_first_line(error)}): write its forward without "
                    f"conditions, loops or len() that depend on tensors; x.size(0) will do."
                ) from error
        run = _run(still, graph, shape)
    tensors = [node for node in graph.nodes if node in run.shapes]
    inputs = [node for node in tensors if node.op == "placeholder"]
    modules = dict(still.named_modules())
    steps = [_step(node, run.shapes, modules) for node in tensors
             if node.op not in {"placeholder", "output"}]  # fmt: skip
    called = [step.node.target for step in steps if step.role in WITH_PARAMETERS]
    for layer in called:
        if called.count(layer) > 1:
            raise ValueError(
                f"module uses the layer {layer} {called.count(layer)} times in forward, but its "
                f"weights can be cut in one way only: give each call a layer of its own."
            )
    output = next(node for node in graph.nodes if node.op == "output")
    outputs = [node for node in output.all_input_nodes if node in run.shapes]
    if not outputs:
        raise ValueError("module returns no tensor: let its forward return one, (n, n_outputs).")
    return Trace(inputs[0], shape[0], steps, outputs, run.at_zero)


def copy_of(module: nn.Module) -> nn.Module:
    """A deep copy of a module whose weights are parameters, as torch needs them to be."""
    for name, layer in module.named_modules():
        if "weight_orig" in layer._parameters or "weight_g" in layer._parameters:
            raise ValueError(
                f"module has a layer {name} whose weight is computed by a hook: make it permanent "
                f"by torch.nn.utils.prune.remove or torch.nn.utils.remove_weight_norm."
            )
    return copy.deepcopy(module)


def _first_line(error: Exception) -> str:
    return textwrap.shorten(f"{type(error).__name__}: {error}".splitlines()[0], 120)


class _Run(fx.Interpreter):
    """Runs the graph and notes the shapes of all tensors and what layers read."""

    shapes: dict[fx.Node, tuple[int, ...]]
    at_zero: dict[fx.Node, Tensor]

    def run_node(self, n: fx.Node) -> Any:
        if n.op == "call_module" and role_of(n, self.fetch_attr(str(n.target))) is Role.MIX:
            args, kwargs = self.fetch_args_kwargs_from_env(n)
            # cloned, for a later step may work in place
            self.at_zero[n] = [*args, *kwargs.values()][0][:1].clone()
        result = super().run_node(n)
        if isinstance(result, Tensor):
            self.shapes[n] = tuple(result.shape)
        return result


def _run(module: nn.Module, graph: fx.Graph, shape: Sequence[int]) -> _Run:
    like = next(module.parameters(), torch.empty(0))
    run = _Run(module, graph=graph)
    run.shapes, run.at_zero = {}, {}
    try:
        with torch.no_grad():
            run.run(like.new_zeros((BATCH, *shape)))
    except Exception as error:
        raise ValueError(
            f"shape={tuple(shape)} does not fit the module ({_first_line(error)}): give the "
            f"shape of one input, channels first, without the number of rows."
        ) from error
    return run


def _step(
    node: fx.Node, shapes: dict[fx.Node, tuple[int, ...]], modules: dict[str, nn.Module]
) -> Step:
    module = modules[str(node.target)] if node.op == "call_module" else None
    role = role_of(node, module)
    if role is None:
        raise refusal(node, module, NOT_FOLLOWED)
    # all_input_nodes names a tensor once, and cat may read it twice
    given: Any = [*node.args, *node.kwargs.values()]
    read = given[0] if role is Role.CAT else node.all_input_nodes
    sources = tuple(source for source in read if source in shapes)
    before, after = [shapes[source] for source in sources], shapes[node]
    check(node, role, module, before, after)
    repeat = after[1] // before[0][1] if role in {Role.RESHAPE, Role.DEPTHWISE} else 1
    return Step(node, role, sources, after[1], repeat)
