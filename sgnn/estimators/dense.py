"""Estimators whose network is a multi-layer one: the table makes it, the groups cut its theta."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from ..algorithms import DenseNetwork, Problem, Term, in_order
from ..groups import Blocks
from ..losses import Loss
from ..modules import MLP
from ..pruning import prune_mlp
from .base import Table
from .replicas import Replicated
from .rows import input_transform_of, target_scale_of

__all__ = ["DenseNet"]


class DenseNet(Replicated):
    """A multi-layer network that selects groups of columns; see its subclasses."""

    first_bias = False  # whether the first hidden layer has a bias

    def _terms(self, module: MLP, theta: Term) -> list[Term]:
        """What is penalized; `theta` is the first layer cut into its groups."""
        return [theta]

    def _new_module(self, table: Table, loss: Loss, rng: np.random.Generator) -> MLP:
        X, targets, weight, rows = table
        scale = target_scale_of(loss, targets, weight, rows, standardize=self.standardize)
        y, mass = (torch.from_numpy(a[rows]) for a in (scale.scaled(targets), weight))
        columns = input_transform_of(
            X, weight, rows, standardize=self.standardize, missing=self.missing
        )
        module = MLP(
            columns,
            self.hidden_layer_sizes,
            self._n_outputs,
            self.activation,
            first_bias=self.first_bias,
            dtype=self._dtype(len(rows)),
            generator=torch.Generator().manual_seed(int(rng.integers(2**63))),
            target_scale=scale,
        )
        with torch.no_grad():
            module.biases[-1].copy_(loss.start(y, mass, self._n_outputs))
        return module.to(self._device())

    def _make_network(self, module: MLP, problem: Problem) -> DenseNetwork:
        theta = in_order(module.theta, problem.rows.order)
        labels = torch.from_numpy(problem.groups.labels[problem.rows.order]).to(theta.device)
        weights = torch.from_numpy(problem.groups.penalties).to(theta)
        blocks = Blocks.columns(theta.shape, labels, weights)
        problem.terms = self._terms(module, Term(theta, blocks, self._regularizer()))
        return DenseNetwork(problem, module, theta)

    def _check_warm(self) -> None:
        sizes = [len(W) for W in [self.module_.theta, *self.module_.weights]][:-1]
        if sizes != list(self.hidden_layer_sizes):
            raise ValueError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} is not the {sizes} of the fit "
                f"that warm_start=True goes on with: give the same, or set warm_start=False."
            )

    def _dtype(self, n: int) -> torch.dtype:
        # a linear model is solved exactly
        if self.dtype == "auto" and len(self.hidden_layer_sizes) == 0:
            return torch.float64
        return super()._dtype(n)

    def compact(self) -> MLP:
        """The network of the kept columns alone: a torch module with equal outputs.

        Returns
        -------
        module : torch.nn.Module
            Takes `transform(X)` as a tensor, (n, n_kept), and returns the outputs of
            `module_` (logits for a classifier).
        """
        check_is_fitted(self)
        return prune_mlp(self.module_)
