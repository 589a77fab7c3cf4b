"""What an argument takes by name or as an instance: algorithms, optimizers, regularizers, ..."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, ClassVar, Self, TypeVar

from sklearn.base import BaseEstimator

from .rules import Rule, check_parameters

__all__ = ["Component", "Registry", "discover"]

T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., Any])


class Component(BaseEstimator):
    """Something with parameters of its own, which scikit-learn's searches reach.

    As in estimators, the constructor stores its arguments as they are.

    Attributes
    ----------
    rules : mapping of str to Rule
        What the parameters may be.
    """

    rules: ClassVar[Mapping[str, Rule]] = {}

    def fresh(self) -> Self:
        """A new one of the same parameters, which are checked: what a fit may write on.

        Raises
        ------
        ValueError
            Naming the parameter, what it got and what to give.
        """
        check_parameters(self, self.rules)
        return type(self)(**self.get_params(deep=False))

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        given = ", ".join(f"{k}={v!r}" for k, v in self.get_params(deep=False).items())
        return f"{type(self).__name__}({given})"


def discover(package: str) -> list[ModuleType]:
    """Import every file of the package, so that each registers what it holds."""
    files = iter_modules(import_module(package).__path__, f"{package}.")
    return [import_module(file.name) for file in files if not file.ispkg]


class Registry(dict[str, Callable[..., T]]):
    """The classes of one kind, by name.

    Parameters
    ----------
    argument : str
        The argument of estimators that takes such a name, as errors call it.
    kind : type
        The base class.
    """

    def __init__(self, argument: str, kind: type[Any]) -> None:
        super().__init__()
        self.argument, self.kind = argument, kind
        article = "an" if kind.__name__[0] in "AEIO" else "a"
        self.instance = f"{article} {kind.__name__}"

    def register(self, name: str) -> Callable[[C], C]:
        """Decorator: register a class, or a function that makes an instance, by name.

        Parameters
        ----------
        name : str
            By which estimators and `made` take it.

        Returns
        -------
        decorator : callable
            It returns what it was given.

        Examples
        --------
        >>> from sgnn.optimizers import OPTIMIZERS, SGD, register
        >>> @register("nesterov")
        ... def nesterov():
        ...     return SGD(momentum=0.9, nesterov=True)
        >>> from sgnn import SGINClassifier
        >>> SGINClassifier(optimizer="nesterov").optimizer
        'nesterov'
        >>> del OPTIMIZERS["nesterov"]
        """

        def add(made: C) -> C:
            self[name] = made
            return made

        return add

    def names(self) -> list[str]:
        """The registered names, sorted.

        Returns
        -------
        names : list of str
            In the order of the alphabet.

        Examples
        --------
        >>> from sgnn import optimizers, regularizers
        >>> "adam" in optimizers.names(), "group_lasso" in regularizers.names()
        (True, True)
        """
        return sorted(self)

    def rule(self, accepts: Callable[[Any], bool] | None = None, words: str = "") -> Rule:
        """A registered name, an instance, or what else is accepted, in words."""
        names = ", ".join(map(repr, self.names()))
        wanted = f"one of {names} or {self.instance}"
        if accepts is not None:
            wanted = f"one of {names}, {self.instance} or {words}"
        others = accepts or (lambda value: False)
        return Rule(
            lambda v: v in self if isinstance(v, str) else isinstance(v, self.kind) or others(v),
            wanted,
        )

    def made(self, name: Any, **parameters: Any) -> T:
        """The instance of that name.

        Parameters
        ----------
        name : str or instance
            One of `names()`; an instance is returned as it is.
        **parameters
            Parameters of its constructor.

        Returns
        -------
        instance : object
            Of the base class of its kind.

        Raises
        ------
        ValueError
            If the name is unknown; the message lists the valid ones.
        TypeError
            If there is no such parameter, or it is an instance.

        Examples
        --------
        >>> from sgnn import optimizers, regularizers
        >>> regularizers.get("sparse_group_lasso", alpha=0.3)
        SparseGroupLasso(alpha=0.3)
        >>> optimizers.get("sgd", momentum=0.9).momentum
        0.9
        """
        argument = self.argument
        if isinstance(name, self.kind):
            if parameters:
                raise TypeError(
                    f"{argument}={name!r} is made already and takes no {', '.join(parameters)}: "
                    f"give its name instead, or set them when making it."
                )
            return name
        if not isinstance(name, str) or name not in self:
            raise ValueError(
                f"{argument}={name!r} is unknown: give {self.instance} or one of "
                f"{', '.join(self.names())}."
            )
        known = list(inspect.signature(self[name]).parameters)
        for unknown in parameters:
            if unknown not in known:
                raise TypeError(
                    f"{argument}={name!r} has no parameter {unknown!r}: it takes "
                    f"{', '.join(known) or 'none'}."
                )
        return self[name](**parameters)
