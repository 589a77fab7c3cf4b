"""Which functions of sgnn a fit calls until its optimizer makes the first step.

    python -m tests.hops [SGINClassifier]

prints how many functions there are, in how many files, for every estimator of `CASES`; with a name,
the functions themselves in the order of their first call.

Counted is a function once, by its file and qualified name.  Lambdas and comprehensions are not
counted, nor what runs before `fit`: the constructor.
"""

from __future__ import annotations

import argparse
import os
import sys
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from torch.optim.optimizer import register_optimizer_step_pre_hook

import sgnn
from sgnn import GroupLassoMLP, LambdaSearchCV, SGINClassifier, SparseGroupCNN

__all__ = ["CASES", "Hop", "n_files", "route", "route_of"]

ROOT = os.path.dirname(sgnn.__file__) + os.sep
IMAGE = (1, 8, 8)
CASES = {
    "SGINClassifier": SGINClassifier(random_state=0),
    "GroupLassoMLP": GroupLassoMLP(random_state=0),
    "SparseGroupCNN": SparseGroupCNN(image_shape=IMAGE, random_state=0),
    "LambdaSearchCV": LambdaSearchCV(SGINClassifier(random_state=0)),
}

Hop = tuple[str, str]  # the file, from sgnn/ on, and the qualified name in it


class FirstStep(BaseException):
    """Ends a fit; no Exception, which the fit might handle as one of its own."""


def route(estimator: BaseEstimator, X: NDArray, y: NDArray) -> list[Hop]:
    """The functions of sgnn in the order of their first call.

    Parameters
    ----------
    estimator : estimator
        Is left as it was: a clone is fitted.
    X : ndarray of shape (n_samples, n_features)
        The rows.
    y : ndarray of shape (n_samples,)
        Their classes.

    Returns
    -------
    route : list of (str, str)
        File and qualified name of each.

    Raises
    ------
    RuntimeError
        If the fit ends without a step of a torch optimizer.
    """
    hops: dict[Hop, None] = {}
    profile = sys.getprofile()

    def record(frame: FrameType, event: str, arg: Any) -> None:
        code = frame.f_code
        if (
            event == "call"
            and code.co_filename.startswith(ROOT)
            and not code.co_name.startswith("<")
        ):
            hops.setdefault((code.co_filename.removeprefix(ROOT), code.co_qualname))

    def stop(*_: object) -> None:
        sys.setprofile(profile)  # what handles the exception is not on the way to the step
        raise FirstStep

    model = clone(estimator)
    hook = register_optimizer_step_pre_hook(stop)
    try:
        sys.setprofile(record)
        model.fit(X, y)
    except FirstStep:
        return list(hops)
    finally:
        sys.setprofile(profile)
        hook.remove()
    raise RuntimeError(f"{model} was fitted without a step of a torch optimizer")


def route_of(name: str) -> list[Hop]:
    """The route of a case, on 60 rows of two classes: images for the CNN, else 6 columns."""
    rng = np.random.default_rng(0)
    n_features = int(np.prod(IMAGE)) if name == "SparseGroupCNN" else 6
    return route(CASES[name], rng.normal(size=(60, n_features)), np.arange(60) % 2)


def n_files(hops: list[Hop]) -> int:
    """In how many files they are."""
    return len({file for file, _ in hops})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", choices=CASES)
    name = parser.parse_args().name
    for case in [name] if name else CASES:
        hops = route_of(case)
        print(f"{case}: {len(hops)} functions in {n_files(hops)} files")
        for file, function in hops if name else ():
            print(f"    {file} {function}")


if __name__ == "__main__":
    main()
