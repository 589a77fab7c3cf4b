"""A fit as a task, with tasks in it, of which scikit-learn's callbacks are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

__all__ = ["CallbackSupportMixin", "FitTask", "with_callbacks"]

F = TypeVar("F", bound=Callable)

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9: no estimator has `set_callbacks`
    CallbackSupportMixin = object

    def with_callbacks(method: F) -> F:
        """The method as it is."""
        return method


@dataclass(frozen=True)
class FitTask:
    """A task of a fit; made only where callbacks are set.

    Attributes
    ----------
    estimator : estimator
        The one that has the callbacks.
    context : CallbackContext
        The place of the task in the tree of tasks.
    data : dict
        X, y and metadata, as the hooks get them.
    """

    estimator: Any
    context: Any
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, estimator: Any, X: Any, y: Any, sample_weight: Any, *, max_subtasks: int = 0
    ) -> Self:
        """The whole fit of an estimator, begun; the method has to be decorated `with_callbacks`."""
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        context = estimator._init_callback_context(max_subtasks=max_subtasks)
        task = cls(estimator, context, {"X": X, "y": y, "metadata": metadata})
        task.begin()
        return task

    def subtask(self, name: str, **data: Any) -> FitTask:
        """The next of its tasks, not begun."""
        return FitTask(self.estimator, self.context.subcontext(task_name=name), data)

    def begin(self) -> None:
        """Call the hooks of the beginning."""
        self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """The next of its tasks is what is done within."""
        task = self.subtask(name)
        task.begin()
        yield
        task.end()

    def end(self, fitted: dict | Callable[[], dict] | None = None) -> bool:
        """Call the hooks of the end; return whether one asks for an end of the tasks beside it.

        `fitted` are the attributes by which a copy of the estimator is fitted, or a callable that
        returns them where a hook asks for that copy.
        """
        return self.context.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=fitted, **self.data
        )
