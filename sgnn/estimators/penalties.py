"""What is penalized: a user's regularizer, and the blocks into which weights are cut."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..algorithms import InputWeight, Term
from ..algorithms.problem import JoinedTerm
from ..groups import Blocks, Groups
from ..modules import MLP, Coupling, Layer, Pair
from ..regularizers import L1L2, REGULARIZERS, OnLayers, Regularizer
from ..regularizers.oicsr import join_units
from ..regularizers.scalar import Entrywise
from ..regularizers.sparse_group import Sum

__all__ = ["GROUPINGS", "dense_terms", "input_weights_of", "made", "terms_of"]

WHOLE_TENSOR = (Entrywise, L1L2)  # regularizers that do not depend on the blocks
GROUPINGS = ("neuron", "channel", "filter", "oicsr")


def made(regularizer: str | Regularizer, alpha: float | None) -> Regularizer:
    """The regularizer of that name, with that mix if it has one; or an instance, checked."""
    if not isinstance(regularizer, str):
        return regularizer.fresh()
    found = REGULARIZERS[regularizer]()
    mixed = alpha is not None and hasattr(found, "alpha")
    return REGULARIZERS[regularizer](alpha=alpha) if mixed else found


def dense_terms(
    module: MLP,
    theta: Term,
    R: Regularizer,
    places: Sequence[str],
    *,
    sized: bool,
) -> list[Term]:
    """Paper 2's groups: those of the input, outgoing weights of the hidden units, biases.

    `theta` is the first layer, cut by the groups of the input.  The biases of the outputs are the
    model's intercepts and stay free.
    """
    theta.regularizer, *above = R.for_layers(1 + len(module.weights))
    terms = [theta] * ("input" in places)
    # the weights that leave a hidden layer, and its bias
    pairs = [*zip(module.weights, above, strict=True)] * ("hidden" in places)
    pairs += [*zip(module.biases[:-1], above, strict=False)] * ("bias" in places)
    for tensor, regularizer in pairs:
        factors = None if sized else torch.ones(tensor.shape[-1])
        blocks = Blocks(tensor.shape, (-1,), None, factors).to(tensor)
        terms.append(Term(tensor, blocks, regularizer))
    return terms


def input_weights_of(coupling: Coupling, channels: Groups) -> list[InputWeight]:
    """The weights that read the input, cut by the groups of its channels."""
    group_of = torch.full((coupling.n_units,), len(channels))
    group_of[coupling.units[coupling.trace.input]] = torch.from_numpy(channels.labels.copy())
    factors = torch.tensor(channels.penalties)
    input_weights = []
    for layer in coupling.layers:
        labels = group_of[layer.reads]
        if (labels < len(channels)).any() and layer.kind != "depthwise":
            blocks = Blocks(layer.weight.shape, (1 - layer.weight.ndim,), labels)
            # where it reads other units too, these are one block more, of no weight
            blocks.weights = torch.cat([factors, torch.zeros(1)])[: blocks.n_blocks]
            input_weights.append(InputWeight(layer.weight, blocks.to(layer.weight)))
    if not input_weights:
        raise ValueError(
            "architecture has no convolution or dense layer that reads the input's channels: give "
            "a network whose first layer is one."
        )
    return input_weights


def terms_of(
    coupling: Coupling,
    input_weights: list[InputWeight],
    R: Regularizer,
    *,
    grouping: str,
    sized: bool,
    by_input: bool,
    inside: bool,
) -> list[Term]:
    """The penalized weights: those that read the input by its groups, the others by `grouping`."""
    conv_only = R.layers == "conv"
    if grouping == "oicsr":
        return _pairs(coupling, R, conv_only) if inside else []
    layers = [layer for layer in coupling.layers if not conv_only or layer.kind != "dense"]
    input_blocks = {id(reader.weight): reader.blocks for reader in input_weights if by_input}
    terms = []
    for layer, regularizer in zip(layers, R.for_layers(len(layers)), strict=True):
        blocks = input_blocks.get(id(layer.weight))
        if blocks is None and inside:
            blocks = _blocks(layer, grouping, sized)
        if blocks is not None:
            terms.append(Term(layer.weight, blocks, regularizer))
    return terms


def _blocks(layer: Layer, grouping: str, sized: bool) -> Blocks:
    """Of the factor sqrt(number of weights), or 1."""
    if grouping == "neuron" or layer.kind == "depthwise":
        blocks = layer.neurons
    else:
        cut = Blocks.filters if grouping == "filter" else Blocks.channels
        blocks = cut(layer.weight.shape)
    if not sized:
        blocks.weights = torch.ones(blocks.n_blocks)
    return blocks.to(layer.weight)


def _pairs(coupling: Coupling, regularizer: Regularizer, conv_only: bool) -> list[Term]:
    """The weights into and out of the units between two layers, one block for each unit.

    Layers that stand in two pairs have each entry in two blocks.  What a regularizer says of
    single entries is said of each layer, so that it counts every entry once.
    """
    pairs = [
        p for p in coupling.pairs() if not conv_only or "dense" not in (p.lower.kind, p.upper.kind)
    ]
    weights = {id(layer.weight): layer.weight for p in pairs for layer in (p.lower, p.upper)}

    def of_entries(part: Regularizer, share: float) -> list[Term]:
        return [Term(w, Blocks(w.shape, (-1,)).to(w), part, share=share) for w in weights.values()]

    if isinstance(regularizer, OnLayers):
        regularizer = regularizer.inner
    if isinstance(regularizer, WHOLE_TENSOR):
        return of_entries(regularizer, 1.0)
    if isinstance(regularizer, Sum) and isinstance(regularizer.element, WHOLE_TENSOR):
        a, b = regularizer.mix
        joined: list[Term] = [_pair(pair, regularizer.group, a) for pair in pairs]
        return joined + of_entries(regularizer.element, b)
    return [_pair(pair, regularizer, 1.0) for pair in pairs]


def _pair(pair: Pair, regularizer: Regularizer, share: float) -> JoinedTerm:
    lower, upper = pair.lower.weight, pair.upper.weight
    shape = join_units(lower.detach(), upper.detach()).shape
    blocks = Blocks(shape, (-2,), None, torch.ones(shape[0]))
    return JoinedTerm(lower, blocks.to(lower), regularizer, upper, share=share)
