"""Quality, sparsity and stability of selections: functions of numpy arrays."""

from .correlation import max_correlation_coefficient
from .similarity import group_similarity, similarity_stability
from .sparsity import count_flops, group_sparsity, neuron_sparsity, weight_sparsity
from .stability import jaccard_stability, nogueira_interval, nogueira_stability

__all__ = [
    "count_flops",
    "group_similarity",
    "group_sparsity",
    "jaccard_stability",
    "max_correlation_coefficient",
    "neuron_sparsity",
    "nogueira_interval",
    "nogueira_stability",
    "similarity_stability",
    "weight_sparsity",
]
