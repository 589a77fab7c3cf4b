"""scikit-learn's callbacks: what they are told of the fits of every estimator, and by whom."""

from __future__ import annotations

import copy
import pickle
import runpy
import sys
import threading

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.linear_model import Lasso
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sgnn
from sgnn import (
    BudgetSelector,
    GroupLassoClassifier,
    GroupLassoRegressor,
    GroupSelectFromModel,
    LambdaSearchCV,
    SGINClassifier,
    StabilitySelector,
)
from sgnn.selection import lambda_path
from sgnn.training import fit_task

from .estimators.instances import CASES, CNN, SGIN, VARIANTS, outputs

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")


def name_of(estimator):
    return type(estimator).__name__


# several batches a visit, and nothing that depends on how many epochs are to come
SHORT = {"batch_size": 40, "max_groups": None, "max_epochs": 4}
LINEAR = [GroupLassoClassifier(SGIN[0].made.groups), GroupLassoRegressor(SGIN[1].made.groups)]
X, Y = SGIN[0].X, SGIN[0].y

each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*could not remove a group", "ignore:.*by rule", "ignore:No lam up to"
)


class Seen:
    """Keeps what it is told, in this process; no copy can be made of it."""

    def __init__(self):
        self.lock, self.hooks, self.data, self.fitted = threading.Lock(), [], [], []

    def setup(self, estimator, context):
        self.hooks.append("setup")

    def teardown(self, estimator, context):
        self.hooks.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.hooks.append(("begin", name_of(estimator), context.task_name, context.task_id))

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        self.hooks.append(("end", name_of(estimator), context.task_name, context.task_id))
        self.data.append((X, y, metadata))
        self.fitted.append(fitted_estimator)


class Everywhere(Seen):
    """Is propagated to what is fitted inside."""

    max_propagation_depth = None


class Acts(Seen):
    """Does something at the end of one epoch; they are counted from 1."""

    def __init__(self, epoch, action):
        super().__init__()
        self.epoch, self.action, self.n_ended = epoch, action, 0

    def on_fit_task_end(self, estimator, context):
        super().on_fit_task_end(estimator, context)
        if context.task_name != "epoch":
            return None
        self.n_ended += 1
        return self.action() if self.n_ended == self.epoch else None


def monitor(estimator):
    return callback.ScoringMonitor(scoring="accuracy" if is_classifier(estimator) else "r2")


def scores(told, estimator):
    (name,) = ["accuracy" if is_classifier(estimator) else "r2"]
    return [row[name] for row in told.get_logs().data]


def tasks(name, epochs):
    """The hooks of a fit with so many epochs."""
    inside = [(hook, name, "epoch", i) for i in range(epochs) for hook in ("begin", "end")]
    return ["setup", ("begin", name, "fit", 0), *inside, ("end", name, "fit", 0), "teardown"]


def press():
    raise KeyboardInterrupt


def fail():
    raise OSError("the disk is full")


# one fit ------------------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize("refit", [False, True])
def test_epochs_are_tasks_of_the_fit(case, refit):
    seen, weight = Seen(), np.linspace(1, 2, len(case.X))
    model = case(**SHORT, refit=refit).set_callbacks(seen)
    model.fit(case.X, case.y, sample_weight=weight)
    assert model.n_iter_ == SHORT["max_epochs"] * (1 + refit)
    assert seen.hooks == tasks(case.kind.__name__, model.n_iter_)
    for X, y, metadata in seen.data:
        assert X is case.X
        assert y is case.y
        assert metadata["sample_weight"] is weight


@each_variant
@pytest.mark.parametrize("refit", [False, True])
def test_callbacks_change_no_bit(variant, refit):
    seen = Seen()
    model = variant(refit=refit, **SHORT).set_callbacks(seen).fit(variant.X, variant.y)
    plain = variant(refit=refit, **SHORT).fit(variant.X, variant.y)
    np.testing.assert_array_equal(outputs(model, variant.X), outputs(plain, variant.X))
    assert [row["loss"] for row in model.history_] == [row["loss"] for row in plain.history_]
    whole = seen.fitted[-1]
    np.testing.assert_array_equal(outputs(whole, variant.X), outputs(plain, variant.X))


@each_variant
def test_the_estimator_of_an_epoch_is_that_of_a_fit_that_ended_with_it(variant):
    seen = Seen()
    variant(**SHORT).set_callbacks(seen).fit(variant.X, variant.y)
    expected = variant(**SHORT | {"max_epochs": 2}).fit(variant.X, variant.y)
    of_epoch = seen.fitted[1]
    np.testing.assert_array_equal(outputs(of_epoch, variant.X), outputs(expected, variant.X))
    np.testing.assert_array_equal(of_epoch.transform(variant.X), expected.transform(variant.X))
    np.testing.assert_array_equal(of_epoch.group_norms_, expected.group_norms_)
    losses = [[row["loss"] for row in fit.history_] for fit in (of_epoch, expected)]
    assert losses[0] == losses[1]
    assert len(of_epoch.net_.history) == of_epoch.n_iter_ == 2


def test_the_estimator_of_an_epoch_goes_back_to_the_best_one():
    case, seen = SGIN[0], Seen()
    model = case(early_stopping=True, learning_rate=0.3, lam=0.0).set_callbacks(seen)
    model.fit(case.X, case.y)
    losses = [row["valid_loss"] for row in model.history_]
    rising = next(i for i in range(1, len(losses)) if losses[i] > losses[i - 1])
    before, after = seen.fitted[rising - 1 : rising + 1]
    np.testing.assert_array_equal(outputs(after, case.X), outputs(before, case.X))


@each_case
def test_a_hook_ends_the_training(case):
    model = case().set_callbacks(Acts(3, lambda: True)).fit(case.X, case.y)
    assert model.n_iter_ == 3
    again = case(refit=True).set_callbacks(Acts(3, lambda: True)).fit(case.X, case.y)
    assert again.n_iter_ == 3 + case.settings["max_epochs"]


@each_case
def test_scores_of_every_epoch(case):
    told = monitor(case())
    model = case().set_callbacks(told).fit(case.frame, case.y)
    assert len(scores(told, model)) == 1 + model.n_iter_
    assert scores(told, model)[0] == model.score(case.frame, case.y)
    assert len(set(scores(told, model))) > 1


@each_case
def test_a_fit_that_fails_is_torn_down(case):
    seen = Acts(2, fail)
    model = case().set_callbacks(seen)
    with pytest.raises(OSError, match="full"):
        model.fit(case.X, case.y)
    assert seen.hooks[-1] == "teardown"
    assert vars(model).keys() - vars(case()).keys() <= {"_skl_callbacks", "n_features_in_"}
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.full_like(case.X, np.nan), case.y)
    assert seen.hooks.count("setup") == seen.hooks.count("teardown") == 1


@each_case
def test_ctrl_c_in_a_hook_keeps_the_epoch(case):
    seen = Acts(2, press)
    with pytest.warns(UserWarning, match="interrupted: the network of epoch 2 was kept"):
        model = case(refit=True).set_callbacks(seen).fit(case.X, case.y)
    assert model.n_iter_ == 2
    assert seen.hooks == tasks(case.kind.__name__, 2)


def test_ctrl_c_before_the_first_epoch_is_torn_down(monkeypatch):
    seen = Seen()
    monkeypatch.setattr("sgnn.training.loop._sweep", lambda *_: press())
    with pytest.raises(KeyboardInterrupt):
        SGIN[0]().set_callbacks(seen).fit(X, Y)
    assert seen.hooks[-2:] == [("begin", "SGINClassifier", "epoch", 0), "teardown"]


@pytest.mark.parametrize("model", LINEAR, ids=name_of)
def test_a_linear_fit_is_one_task(model):
    case = next(case for case in SGIN if is_classifier(case()) == is_classifier(model))
    told, seen = monitor(model), Seen()
    fitted = clone(model).set_callbacks(told, seen).fit(case.X, case.y)
    assert seen.hooks == tasks(name_of(model), 0)
    assert scores(told, model) == [fitted.score(case.X, case.y)]
    np.testing.assert_array_equal(fitted.coef_, clone(model).fit(case.X, case.y).coef_)


@pytest.mark.parametrize("model", [*LINEAR, *(case(**SHORT) for case in CASES)], ids=name_of)
def test_each_of_several_fits_is_told_of(model):
    lams, seen = [0.02, 0.001, 0.02], Seen()
    case = next(case for case in CASES if case.kind is type(model) or model in LINEAR)
    fits = clone(model).set_callbacks(seen).fit_replicas(case.X, case.y, lams)
    assert seen.hooks.count("setup") == seen.hooks.count("teardown") == len(lams)
    assert [fit.lam for fit in fits] == lams
    for fit, plain in zip(fits, clone(model).fit_replicas(case.X, case.y, lams), strict=True):
        np.testing.assert_allclose(outputs(fit, case.X), outputs(plain, case.X), rtol=1e-4)


# what is left of it -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [*LINEAR, *(case(**SHORT) for case in CASES)], ids=name_of)
def test_copies_and_files_of_a_fitted_estimator(model, tmp_path):
    case = next(case for case in CASES if case.kind is type(model) or model in LINEAR)
    told = monitor(model)
    plain = clone(model).fit(case.X, case.y)
    fitted = clone(model).set_callbacks(told).fit(case.X, case.y)
    assert vars(fitted).keys() - vars(plain).keys() == {"_skl_callbacks"}
    assert fitted.get_params().keys() == plain.get_params().keys()
    assert clone(fitted)._skl_callbacks == [told]
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(outputs(again, case.X), outputs(plain, case.X))
        assert len(again._skl_callbacks) == 1
    sgnn.save(fitted.set_callbacks(told, Seen()), tmp_path / "model.sgnn")
    loaded = sgnn.load(tmp_path / "model.sgnn")
    np.testing.assert_array_equal(outputs(loaded, case.X), outputs(plain, case.X))
    assert not hasattr(loaded, "_skl_callbacks")


# searches -----------------------------------------------------------------------------------------


def searches(model, **settings):
    """Searches, and how many fits they make besides those that find the ends of a grid."""
    all_groups = {"lams": [0.0, 0.01], "select": 5}
    return [
        (LambdaSearchCV(model, lams=3, cv=3, **settings), 3 * 3 + 1),
        (LambdaSearchCV(model, cv=3, **all_groups, **settings), 2 * (3 + 1)),
        (StabilitySelector(model, 4, lams=[0.01, 0.03], random_state=0, **settings), 4 * 2),
    ]


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("model", [SGIN[0](**SHORT), LINEAR[0], CNN(**SHORT)], ids=name_of)
def test_every_planned_fit_is_a_task_of_the_search(model, which):
    (search, n_fits), seen = searches(clone(model))[which], Seen()
    told = clone(search).set_callbacks(seen).fit(X, Y)
    inside = [hook for hook in seen.hooks if hook[2] == "fit"][1:-1]
    assert sorted(task for *_, task in inside) == sorted([*range(n_fits)] * 2)
    assert (seen.hooks[0], seen.hooks[-1]) == ("setup", "teardown")
    np.testing.assert_array_equal(told.supports_, search.fit(X, Y).supports_)
    assert seen.fitted[:-1] == [None] * n_fits
    np.testing.assert_array_equal(seen.fitted[-1].transform(X), search.transform(X))


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("model", [SGIN[0](**SHORT), LINEAR[0]], ids=name_of)
def test_scores_of_every_planned_fit_are_one_log(model, n_jobs):
    told = monitor(model)
    inner = clone(model).set_callbacks(told)
    for search, n_fits in searches(inner, n_jobs=n_jobs):
        search.fit(X, Y)
        log = told.get_logs().data
        assert told.get_logs().estimator_name == name_of(search)
        of_fits = [row for row in log if row["task_name"] == "fit"]
        assert [row["task_id_path"] for row in of_fits] == [(0, i) for i in range(n_fits)]
        epochs = {row["parent_task_id_path"] for row in log} - {(0,)}
        assert len(epochs) == (n_fits if hasattr(model, "max_epochs") else 0)
        assert hasattr(search, "best_estimator_") == isinstance(search, LambdaSearchCV)
    assert len(told.get_logs(select="all")) == 3


def test_a_pipeline_in_a_search_is_told_of_every_fit():
    seen = Seen()
    model = make_pipeline(StandardScaler().set_callbacks(seen), SGIN[0](**SHORT))
    LambdaSearchCV(model, lams=[0.01, 0.03], cv=3).fit(X, Y)
    assert seen.hooks.count(("end", "StandardScaler", "fit", 0)) == 2 * 3 + 1


def test_callbacks_are_propagated_to_fits_that_are_made_alone():
    seen = Everywhere()
    search = LambdaSearchCV(CNN(**SHORT), lams=[0.01, 0.03], cv=3).set_callbacks(seen).fit(X, Y)
    fits = [hook for hook in seen.hooks if hook[:3] == ("end", "SparseGroupCNN", "fit")]
    assert sorted(fits) == [("end", "SparseGroupCNN", "fit", i) for i in range(7)]
    assert seen.hooks.count("setup") == 1
    assert not hasattr(search.best_estimator_, "_skl_callbacks")
    with pytest.raises(TypeError, match="auto-propagated"):
        LambdaSearchCV(CNN(**SHORT).set_callbacks(seen), lams=[0.01], cv=3).fit(X, Y)


def test_fits_that_start_from_the_one_before_are_told_of():
    seen, scaler = Seen(), StandardScaler().set_callbacks(Seen())
    model = SGIN[0](**SHORT, warm_start=True).set_callbacks(seen)
    for estimator, n_fits in ((model, 2), (make_pipeline(scaler, model), 4)):
        lambda_path(estimator, X, Y, [0.0, 0.001])
        ended = [hook[:3] for hook in seen.hooks]
        assert ended.count(("end", "SGINClassifier", "fit")) == n_fits


def test_a_search_that_fails_is_torn_down():
    seen = Seen()
    inner = CNN(**SHORT).set_callbacks(Acts(2, fail))
    with pytest.raises(OSError, match="full"):
        LambdaSearchCV(inner, lams=[0.01], cv=3).set_callbacks(seen).fit(X, Y)
    inner.set_callbacks(Acts(2, press))
    search = LambdaSearchCV(inner, lams=[0.01], cv=3).set_callbacks(seen)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert seen.hooks.count("setup") == seen.hooks.count("teardown") == 2
    assert not hasattr(search, "_callback_fit_ctx")


@pytest.mark.parametrize("which", [1, 2])  # the grid of the other has made one of its fits before
def test_a_memory_does_not_depend_on_callbacks(which, tmp_path):
    model = CNN(**SHORT)
    (plain, n_fits) = searches(model, memory=tmp_path)[which]
    plain.fit(X, Y)
    seen, told = Seen(), monitor(model)
    for inner in (model, clone(model).set_callbacks(told)):
        search = searches(inner, memory=tmp_path)[which][0].set_callbacks(seen).fit(X, Y)
        np.testing.assert_array_equal(search.supports_, plain.supports_)
    assert seen.hooks == tasks(name_of(plain), 0) * 2
    search = searches(inner, memory=tmp_path / "other")[which][0].fit(X, Y)
    log = told.get_logs().data
    assert sum(row["task_name"] == "fit" for row in log) == n_fits
    np.testing.assert_array_equal(search.supports_, plain.supports_)


def test_the_phases_of_a_budget_selector(tmp_path):
    inner, seen = SGIN[0](**SHORT), Seen()
    plain = BudgetSelector(inner, max_groups=2, random_state=0, memory=tmp_path).fit(X, Y)
    selector = clone(plain).set_callbacks(seen, told := monitor(plain)).fit(X, Y)
    ended = [hook[2:] for hook in seen.hooks if hook[0] == "end"]
    assert ended == [("search", 0), ("score", 1), ("fit", 2), ("fit", 0)]
    assert scores(told, selector) == [plain.score(X, Y)]
    np.testing.assert_equal(selector.front_, plain.front_)
    selector.estimator.set_callbacks(Acts(2, fail))
    with pytest.raises(OSError, match="full"):
        selector.set_params(memory=None).fit(X, Y)
    assert seen.hooks[-2:] == [("begin", "BudgetSelector", "score", 1), "teardown"]


def test_a_selection_from_a_model_is_one_task():
    seen = Seen()
    selector = GroupSelectFromModel(Lasso(0.1), groups=SGIN[0].made.groups).set_callbacks(seen)
    selector.fit(X, Y)
    assert seen.hooks == tasks("GroupSelectFromModel", 0)
    np.testing.assert_array_equal(seen.fitted[0].transform(X), selector.transform(X))


# inside of scikit-learn's -------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_grid_searches_and_pipelines_around(case, n_jobs):
    told, lams = monitor(case()), [0.01, 0.03]
    pipeline = make_pipeline(StandardScaler(), case(**SHORT).set_callbacks(told))
    name = f"{pipeline.steps[-1][0]}__lam"
    search = GridSearchCV(pipeline, {name: lams}, cv=2, n_jobs=n_jobs).fit(case.X, case.y)
    assert told.get_logs().estimator_name == "GridSearchCV"
    log = told.get_logs().data
    assert sum(row["task_name"] == "epoch" for row in log) == (2 * 2 + 1) * SHORT["max_epochs"]
    assert search.best_estimator_.score(case.X, case.y) in scores(told, case())


@pytest.mark.parametrize(
    "model",
    [SGIN[0](**SHORT), LINEAR[0], LambdaSearchCV(LINEAR[0], lams=[0.01], cv=3)],
    ids=name_of,
)
def test_callbacks_of_a_pipeline_reach_its_last_step(model):
    seen = Everywhere()
    pipeline = make_pipeline(StandardScaler(), clone(model)).set_callbacks(seen).fit(X, Y)
    assert ("end", name_of(model), "fit", 1) in seen.hooks
    assert seen.hooks.count("setup") == seen.hooks.count("teardown") == 1
    assert not hasattr(pipeline[-1], "_skl_callbacks")


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_bars(n_jobs, capsys):
    pytest.importorskip("rich", reason="scikit-learn's ProgressBar needs rich")
    model = SGIN[0](**SHORT)
    grid = GridSearchCV(model, {"lam": [0.01, 0.03]}, cv=2, n_jobs=n_jobs)
    around = (grid, *(search for search, _ in searches(model, n_jobs=n_jobs)))
    for estimator in (clone(model), *around):
        estimator.set_callbacks(callback.ProgressBar()).fit(X, Y)
        assert f"{name_of(estimator)} - fit" in capsys.readouterr().out


def test_nothing_changes_where_scikit_learn_has_no_callbacks(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    found = runpy.run_path(fit_task.__file__)
    assert found["CallbackSupportMixin"] is object
    assert found["with_callbacks"](press) is press


def test_what_is_no_callback_is_refused():
    with pytest.raises(TypeError, match="protocol"):
        SGINClassifier().set_callbacks("rich")
