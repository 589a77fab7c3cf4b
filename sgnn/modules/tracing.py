"""The calls of a module's forward, followed by torch.fx, and the channels that each makes."""

from __future__ import annotations

import copy
import textwrap
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn

from .operations import BATCH, NOT_FOLLOWED, Role, check, refusal, role_of

__all__ = ["Step", "Trace", "copy_of", "trace"]

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
        still = copy_of(module).eval()
        graph = _graph(still)
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


def _graph(module: nn.Module) -> fx.Graph:
    layers = dict(module.named_children())  # each once, even if it is called more often
    chain = type(module) is nn.Sequential and len(layers) == len(module)
    tracer = fx.Tracer()
    if chain and all(tracer.is_leaf_module(layer, "") for layer in layers.values()):
        # not traced: an MLP, which comes here as a Sequential, may run in another thread meanwhile
        graph = fx.Graph()
        node = graph.placeholder("input")
        for name in layers:
            node = graph.call_module(name, (node,))
        graph.output(node)
        return graph
    try:
        return tracer.trace(module)
    except Exception as error:
        raise ValueError(
            f"module cannot be followed ({_first_line(error)}): write its forward without "
            f"conditions, loops or len() that depend on tensors; x.size(0) will do."
        ) from error


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
