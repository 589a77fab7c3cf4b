"""Algorithms 1 and 2 of paper 1 written down naively: plain torch, whole forward passes.

Nothing here comes from sgnn, so that agreement means something.
"""

from __future__ import annotations

import torch
from torch import nn


def network(thetas: list, biases: list) -> nn.Sequential:
    """The network with copies of these weights, ReLU between; biases of the last layers."""
    layers: list[nn.Module] = []
    biases = [None] * (len(thetas) - len(biases)) + biases
    for W, b in zip(thetas, biases, strict=True):
        layer = nn.Linear(W.shape[1], W.shape[0], bias=b is not None, dtype=W.dtype)
        with torch.no_grad():
            layer.weight.copy_(W)
            if b is not None:
                layer.bias.copy_(b)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class NaiveSGIN:
    """One network, its active groups, and epochs of Algorithm 1 ("a") or 2 ("b").

    Parameters
    ----------
    net : nn.Sequential
        First module: the linear layer whose columns are grouped.
    groups : list of tensors
        Column indices of each group.
    lam, bar, algorithm
        As in `SGINClassifier`.
    optimizer : callable parameters -> torch optimizer
    loss : callable (outputs, targets) -> loss of each row
    """

    def __init__(self, net, groups, lam, *, bar="lam_tau", algorithm="a", optimizer, loss=None):
        self.net, self.groups, self.lam = net, groups, lam
        self.bar, self.algorithm = bar, algorithm
        self.loss = loss or nn.CrossEntropyLoss(reduction="none")
        self.optimizer = optimizer(net.parameters())
        self.active = [True] * len(groups)

    def tau(self, i):
        block = self.net[0].weight[:, self.groups[i]]
        return len(self.groups[i]) ** 0.5 * block.norm()

    def without(self, X, i):
        """f with the connections of group i removed: its columns set to zero."""
        X = X.clone()
        X[:, self.groups[i]] = 0
        return self.net(X)

    def mean(self, out, y, w):
        losses = self.loss(out, y)
        losses = losses.reshape(len(losses), -1).sum(1)
        return losses.mean() if w is None else (losses * w).sum() / len(losses)

    def differences(self, X, y, w, i):
        with torch.no_grad():
            loss1 = self.mean(self.net(X), y, w)
            loss2 = self.mean(self.without(X, i), y, w)
        return (loss2 - loss1).clamp_min(0)

    def visit(self, batches, i, remove=True):
        """Lines 4 to 13, for batches [(X', y', weights or None), ...]."""
        theta = self.net[0].weight
        others = torch.ones_like(theta)
        others[:, self.groups[i]] = 0
        arr, sizes = [], []
        for X, y, w in batches:
            if self.algorithm == "a":
                arr.append(self.differences(X, y, w, i))
                sizes.append(len(X))
            still = theta.detach().clone()
            self.optimizer.zero_grad()
            (self.mean(self.net(X), y, w) + self.lam * self.tau(i)).backward()
            theta.grad *= 1 - others
            self.optimizer.step()
            with torch.no_grad():
                theta.copy_(torch.where(others.bool(), still, theta))
        if self.algorithm == "b":
            arr = [self.differences(X, y, w, i) for X, y, w in batches]
            sizes = [len(X) for X, _, _ in batches]
        mean = sum(a * n for a, n in zip(arr, sizes, strict=True)) / sum(sizes)
        bar = self.lam * self.tau(i) if self.bar == "lam_tau" else self.lam
        if remove and sum(self.active) > 1 and mean < bar:
            with torch.no_grad():
                theta[:, self.groups[i]] = 0
            self.active[i] = False

    def epoch(self, batches, order, remove=True):
        """One epoch over the active groups, visited in that order."""
        for i in order:
            if self.active[i]:
                self.visit(batches, i, remove)
