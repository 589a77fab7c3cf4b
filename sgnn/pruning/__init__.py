"""Physically smaller networks with equal outputs, what they save, and their export."""

from .cost import Cost, compare, layer_flops, measure
from .export import to_onnx
from .mlp import mlp_sparsity, prune_mlp
from .removal import live_units, prune
from .sparsity import layer_sparsity

__all__ = [
    "Cost",
    "compare",
    "layer_flops",
    "layer_sparsity",
    "live_units",
    "measure",
    "mlp_sparsity",
    "prune",
    "prune_mlp",
    "to_onnx",
]
