"""Bad input is refused before training, in one sentence that names the argument and a remedy."""

from __future__ import annotations

import functools
import re

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.base import is_classifier

import sgnn.estimators.fit
from sgnn import SparseGroupCNN
from sgnn.modules import LeNet5

from .instances import CASES, SGIN

X = np.random.default_rng(0).normal(size=(12, 6))
FRAME = pd.DataFrame(X, columns=list("abcdef"))
Y = np.tile([0, 1], 6)
FIT = {"X", "y", "sample_weight", "X_val", "y_val"}


class Undefined(torch.nn.Module):
    """A loss that is NaN at 0."""

    def __init__(self, reduction):
        super().__init__()

    def forward(self, out, y):
        return out.log() * 0 + (out - y).abs()


def spoilt(array, value):
    """The array with one entry replaced."""
    array = np.array(array, dtype=object if isinstance(value, str) else float)
    array.flat[7] = value
    return array


# what is wrong: (arguments of the constructor and of fit, what the message must say)
GROUPS = {
    "too few labels": ({"groups": [0, 1]}, "groups has 2 labels for the 6 columns"),
    "too many labels": ({"groups": ["a"] * 7}, "groups has 7 labels for the 6 columns"),
    "labels in two dimensions": ({"groups": np.zeros((2, 6), int)}, "groups.*twice"),
    "overlap": ({"groups": [[0, 1, 2], [2, 3, 4, 5]]}, "groups.*column 2.*duplicate"),
    "overlap by name": (
        {"groups": {"u": ["a", "b"], "v": ["b", "c", "d", "e", "f"]}, "X": FRAME},
        "groups.*column 'b'.*'u'.*'v'.*duplicate",
    ),
    "a column twice": ({"groups": [[0, 0, 1], [2, 3, 4, 5]]}, "groups.*twice"),
    "uncovered": ({"groups": [[0, 1], [3, 4, 5]]}, r"groups leave 1 of the 6 columns.*\(2\)"),
    "uncovered by name": (
        {"groups": {"u": ["a", "b"], "v": slice(3, 6)}, "X": FRAME},
        r"groups leave 1 of the 6 columns.*\('c'\)",
    ),
    "empty group": ({"groups": [[0, 1, 2], [], [3, 4, 5]]}, "groups has the empty group 1"),
    "no groups": ({"groups": []}, "groups has 0 labels"),
    "negative column": ({"groups": [[0, 1, 2], [3, 4, -1]]}, "groups has column -1"),
    "column out of range": ({"groups": [[0, 1, 2], [3, 4, 6]]}, "groups has column 6"),
    "negative label": ({"groups": [0, 0, 1, 1, -1, -1]}, "groups has the negative label -1"),
    "fractional labels": ({"groups": [0.5] * 6}, "groups must label"),
    "missing labels": ({"groups": [0, 0, 1, 1, None, None]}, "groups must label.*None"),
    "labels and lists": ({"groups": [0, [1, 2], 3, 4, 5, 6]}, "groups mixes"),
    "fractional columns": ({"groups": [[0.0, 1.0], [2, 3, 4, 5]]}, "groups.*float64"),
    "short mask": ({"groups": {"u": [True, False], "v": [2, 3, 4, 5]}}, "groups.*mask of length 2"),
    "block size": ({"groups": 4}, "groups=4.*divides the 6 columns"),
    "block size 0": ({"groups": 0}, "groups=0"),
    "a number": ({"groups": 2.5}, "groups must be.*float"),
    "a flag": ({"groups": True}, "groups must be.*bool"),
    "a set": ({"groups": {0, 1}}, "groups must be.*set"),
    "unknown column": (
        {"groups": {"u": ["a", "z"], "v": ["b", "c", "d", "e", "f"]}, "X": FRAME},
        "groups has the unknown column 'z' in group 'u'.*a, b, c, d, e, ...",
    ),
    "names without a data frame": (
        {"groups": {"u": ["a", "b", "c"], "v": ["d", "e", "f"]}},
        r'groups names the columns.*\.set_output\(transform="pandas"\)',
    ),
    "prefix without a data frame": (
        {"groups": "prefix"},
        r'groups=.prefix. needs column names.*\.set_output\(transform="pandas"\)',
    ),
    "unknown word": ({"groups": "suffix"}, "groups='suffix' is not understood.*'prefix:SEP'"),
    "callable returns too few": ({"groups": lambda names, n: [0] * (n - 1)}, "groups has 5 labels"),
    "costs for an unknown group": (
        {"groups": 2, "group_costs": {7: 1.0}},
        "group_costs.*unknown group 7.*the groups are 0, 1, 2",
    ),
    "too few costs": ({"groups": 2, "group_costs": [1, 2]}, "group_costs must hold.*3 groups"),
    "negative costs": ({"groups": 2, "group_costs": [1, -2, 3]}, "group_costs.*-2"),
    "missing costs": ({"groups": 2, "group_costs": {1: np.nan}}, "group_costs.*nan"),
    "costs in words": ({"groups": 2, "group_costs": ["1", "2", "3"]}, "group_costs must hold"),
    "too few weights": ({"groups": 2, "group_weights": [1.0]}, "group_weights must hold"),
    "infinite weights": ({"groups": 2, "group_weights": [1, np.inf, 1]}, "group_weights.*inf"),
    "unknown weights": (
        {"group_weights": "size"},
        "group_weights.*'sqrt_size', 'none'.*number per group",
    ),
}
DATA = {
    "NaN in X": ({"X": spoilt(X, np.nan)}, "X contains NaN in column 1.*missing='mean'"),
    "NaN in a data frame": (
        {"X": FRAME.mask(FRAME.eq(FRAME.iloc[1, 1]))},
        "X contains NaN in column 'b'.*missing='mean'",
    ),
    "infinity in X": ({"X": spoilt(X, np.inf)}, "X contains infinity.*column 1"),
    "infinity is not missing": (
        {"X": spoilt(X, -np.inf), "missing": "mean"},
        "X contains infinity.*column 1",
    ),
    "nothing to average": (
        {"X": np.where(np.arange(6) == 2, np.nan, X), "missing": "mean"},
        "X has no value at all in column 2",
    ),
    "too large for float32": (
        {"X": 1e60 * X, "dtype": "float32", "standardize": False},
        "X contains.*dtype='float64'",
    ),
    "strings in X": ({"X": spoilt(X, "high")}, "X contains strings.*OneHotEncoder"),
    "a category in X": (
        {"X": FRAME.assign(f=pd.Categorical(["low", "high"] * 6))},
        "X contains strings.*OneHotEncoder",
    ),
    "dates in X": ({"X": FRAME.assign(f=pd.date_range("2020", periods=12))}, "X contains.*[Dd]ate"),
    "complex X": ({"X": X + 1j}, "Complex data not supported.*real numbers"),
    "two columns of one name": (
        {"X": FRAME.rename(columns={"f": "a"})},
        "X has two columns called 'a': give each a name",
    ),
    "a tensor with gradients": (
        {"X": torch.tensor(X, requires_grad=True)},
        r"tensor that requires grad: give X.detach\(\)",
    ),
    "an int beyond floats": ({"X": [[10**400] * 6] * 12}, "beyond the range of floats.*scale"),
    "survival times": (
        {"y": np.array([(True, 1.0), (False, 2.0)] * 6, dtype=[("event", bool), ("time", float)])},
        "y has the fields event, time, as survival times do.*give one number or label",
    ),
    "X of one dimension": ({"X": X[:, 0]}, "X.*1D.*reshape"),
    "no rows": ({"X": X[:0], "y": Y[:0]}, "X.*n_samples = 0.*at least 2"),
    "one row": ({"X": X[:1], "y": Y[:1]}, "X.*n_samples = 1.*at least 2"),
    "y too short": ({"y": Y[:5]}, "y has 5 entries for the 12 rows"),
    "NaN in y": ({"y": spoilt(Y, np.nan)}, "y contains NaN.*drop"),
    "infinity in y": ({"y": spoilt(Y, np.inf)}, "y contains infinity.*drop"),
    "weights in words": ({"sample_weight": ["heavy"] * 12}, "sample_weight must hold numbers"),
    "too few sample weights": ({"sample_weight": [1, 1]}, r"sample_weight has shape \(2,\)"),
    "sample weights in columns": (
        {"sample_weight": np.ones((12, 2))},
        r"sample_weight has shape \(12, 2\)",
    ),
    "negative sample weight": ({"sample_weight": spoilt(np.ones(12), -1)}, "sample_weight.*-1"),
    "missing sample weight": ({"sample_weight": spoilt(np.ones(12), np.nan)}, "sample_weight.*nan"),
    "infinite sample weight": (
        {"sample_weight": spoilt(np.ones(12), np.inf)},
        "sample_weight.*inf",
    ),
    "sample weights all zero": ({"sample_weight": np.zeros(12)}, "sample_weight is zero"),
    "X_val without y_val": ({"X_val": X}, "X_val and y_val.*both"),
    "y_val without X_val": ({"y_val": Y}, "X_val and y_val.*both"),
    "X_val too narrow": ({"X_val": X[:, :5], "y_val": Y}, "X_val.*5.*6"),
    "X_val with NaN": ({"X_val": spoilt(X, np.nan), "y_val": Y}, "X_val contains NaN"),
    "y_val too short": ({"X_val": X, "y_val": Y[:5]}, "y_val.*5.*12"),
    "y_val with NaN": ({"X_val": X, "y_val": spoilt(Y, np.nan)}, "y_val contains NaN"),
}
ARGUMENTS = {
    "negative lam": ({"lam": -0.1}, r"lam must be a finite number >= 0, got -0\.1"),
    "lam NaN": ({"lam": np.nan}, "lam must be a finite number"),
    "lam infinite": ({"lam": np.inf}, "lam must be a finite number"),
    "lam in words": ({"lam": "auto"}, "lam must be a finite number"),
    "lam several": ({"lam": [0.1, 0.2]}, "lam must be a finite number"),
    "lam beyond floats": ({"lam": 10**400}, "lam must be a finite number >= 0, got 1000"),
    "no epochs": ({"max_epochs": 0}, "max_epochs must be .*an int >= 1, got 0"),
    "half an epoch": ({"max_epochs": 1.5}, "max_epochs must be .*an int"),
    "batch of 0": ({"batch_size": 0}, "batch_size must be 'auto' or an int >= 1"),
    "batch in words": ({"batch_size": "all"}, "batch_size must be 'auto'"),
    "learning rate 0": ({"learning_rate": 0}, "learning_rate must be a finite number > 0"),
    "unknown activation": ({"activation": "swish"}, "activation must be one of 'relu', .*'tanh'"),
    "activation with weights": ({"activation": torch.nn.PReLU}, "activation must be .* no param"),
    "activation across units": ({"activation": torch.nn.Softmax}, "activation must be one of"),
    "random activation": ({"activation": torch.nn.RReLU}, "activation must be one of"),
    "activation made already": ({"activation": torch.nn.Mish()}, "activation must be one of"),
    "unknown optimizer": (
        {"optimizer": "lbfgs"},
        "optimizer must be one of 'adam', .*'sgd', an Optimizer or a torch.optim.Optimizer class",
    ),
    "an optimizer's instance": (
        {"optimizer": torch.optim.SGD([torch.zeros(1)])},
        "optimizer must be.*class",
    ),
    "absent device": ({"device": "cuda:7"}, "device must be.*'cpu', got 'cuda:7'"),
    "unknown device": ({"device": "abacus"}, "device must be"),
    "device without numbers": ({"device": "meta"}, "device must be"),
    "max_groups 0": ({"max_groups": 0}, "max_groups must be None or an int >= 1"),
    "max_cost 0": ({"max_cost": 0}, "max_cost must be None or a finite number > 0, got 0"),
    "max_cost NaN": ({"max_cost": np.nan}, "max_cost must be None or a finite number > 0, got nan"),
    "max_cost infinite": ({"max_cost": np.inf}, "max_cost must be None or a finite number > 0"),
    "max_cost in words": ({"max_cost": "5"}, "max_cost must be None or a finite number > 0"),
    "max_cost a flag": ({"max_cost": True}, "max_cost must be None or a finite number > 0"),
    "less than any group costs": (
        {"max_cost": 1.5, "groups": 2, "group_costs": [3, 2, 4]},
        r"max_cost=1\.5 is less than 2, the cost of the cheapest group: give at least 2\.$",
    ),
    "less than what is kept costs": (
        {"max_cost": 5, "groups": 2, "group_costs": [3, 2.25, 4], "group_weights": [0, 0, 1]},
        r"max_cost=5 is less than 5\.25, the cost of the groups of weight 0, which are always "
        r"kept: give at least 5\.25, or these groups a weight\.$",
    ),
    "no such layer": ({"hidden_layer_sizes": (10, 0)}, "hidden_layer_sizes must be a sequence"),
    "layers in words": ({"hidden_layer_sizes": "100"}, "hidden_layer_sizes must be a sequence"),
    "a single layer": ({"hidden_layer_sizes": 100}, "hidden_layer_sizes must be a sequence"),
    "layers in an iterator": (
        {"hidden_layer_sizes": iter((3,))},
        "hidden_layer_sizes must be a sequence of ints.*got <tuple_iter",
    ),
    "layers in a set": ({"hidden_layer_sizes": {3}}, "hidden_layer_sizes must be a sequence"),
    "layers in a dict": ({"hidden_layer_sizes": {3: 4}}, "hidden_layer_sizes must be a sequence"),
    "layers in a table": (
        {"hidden_layer_sizes": np.array([[5, 3]])},
        "hidden_layer_sizes must be a sequence",
    ),
    "places in a list of lists": (
        {"regularize": [["input"]]},
        r"regularize must be a tuple of some of 'input', .*got \[\['input'\]\]",
    ),
    "an optimizer that needs a closure": (
        {"optimizer": torch.optim.LBFGS},
        "optimizer must be one of .*a class.*got LBFGS .*closure.*give another",
    ),
    "an optimizer of sparse gradients": (
        {"optimizer": torch.optim.SparseAdam},
        "optimizer must be one of .*a class.*got SparseAdam",
    ),
    "no optimizer yet": (
        {"optimizer": torch.optim.Optimizer},
        "optimizer must be one of .*a class.*got Optimizer",
    ),
    "fewer groups than are kept": (
        {"max_groups": 1, "groups": [0, 0, 1, 1, 2, 2], "group_weights": [0, 0, 1]},
        "max_groups=1 is less than the 2 groups of weight or cost 0.*give at least 2",
    ),
    "no filters": (
        {"architecture": LeNet5(filters=(0, 1))},
        r"filters must be a sequence of ints >= 1, .* got \(0, 1\)",
    ),
    "half precision": ({"dtype": "float16"}, "dtype must be one of .*'float32', 'float64'"),
    "a dtype": ({"dtype": np.float32}, "dtype must be one of .*'float32', 'float64'"),
    "an unknown loss": (
        {"loss": "hinge"},
        "loss='hinge' is unknown: give one of .*, or a torch loss",
    ),
    "a function for a loss": (
        {"loss": torch.nn.functional.huber_loss},
        "loss must be None or one of 'absolute_error', .*or a torch loss, such as",
    ),
    "a partial for a loss": (
        {"loss": functools.partial(torch.nn.HuberLoss, delta=2.0)},
        "loss must be None or one of 'absolute_error', .*or a torch loss, such as",
    ),
    "a loss of one number": (
        {"loss": torch.nn.Softmax},
        "loss must be None, a name, or a torch loss that takes reduction",
    ),
    "a flag for a random state": ({"random_state": True}, "random_state must be None, an int"),
    "no random state at all": ({"random_state": []}, "random_state must be None, an int"),
    "random state in words": ({"random_state": "dice"}, "random_state must be None, an int"),
    "negative random state": ({"random_state": -1}, "random_state must be None, an int >= 0"),
    "hold out nothing": ({"validation_fraction": 0.0}, "validation_fraction must be a number"),
    "hold out everything": ({"validation_fraction": 1.0}, "validation_fraction must be a number"),
    "hold out too much": (
        {"early_stopping": True, "validation_fraction": 0.99},
        "validation_fraction=0.99 does not split the 12 rows",
    ),
    "early stopping in words": ({"early_stopping": "yes"}, "early_stopping must be True or False"),
    "rising learning rate": (
        {"lr_schedule": 1.5},
        r"lr_schedule must be None or a factor.*\(0, 1\]",
    ),
    "a schedule of two arguments": (
        {"lr_schedule": lambda epoch, rate: 1.0},
        "lr_schedule must take an epoch.*fails at epoch 0.*TypeError",
    ),
    "a schedule that ends": (
        {"lr_schedule": [1.0, 0.5].__getitem__, "max_epochs": 3},
        "lr_schedule must take an epoch.*fails at epoch 2.*IndexError",
    ),
    "a scheduler's class": (
        {"lr_schedule": torch.optim.lr_scheduler.StepLR},
        "lr_schedule must take an epoch.*step_size",
    ),
    "a schedule of nothing": ({"lr_schedule": lambda epoch: None}, "must return a.*got None"),
    "a schedule of words": ({"lr_schedule": lambda epoch: "1"}, "must return a.*got '1'"),
    "a schedule of NaN": ({"lr_schedule": lambda epoch: np.nan}, "must return a finite.*got nan"),
    "a schedule uphill": (
        {"lr_schedule": lambda epoch: -1.0},
        r"must return a finite multiple >= 0 of learning_rate, got -1\.0 at epoch 0",
    ),
    "unknown schedule": ({"lr_schedule": "cosine"}, "lr_schedule must be None or a factor"),
    "unknown filling": ({"missing": "median"}, "missing must be one of 'error', 'mean'"),
    "standardize in words": ({"standardize": "yes"}, "standardize must be True or False"),
    "refit by number": ({"refit": 2}, "refit must be True or False"),
    "a single callback": ({"callbacks": print}, "callbacks must be None or a list"),
    "no callback": ({"callbacks": [print]}, "callbacks must be None or a list of skorch callbacks"),
    "negative patience": ({"n_iter_no_change": 0}, "n_iter_no_change must be None or an int >= 1"),
    "verbose in words": ({"verbose": "loud"}, "verbose must be 0 or 1"),
}
CLASSES = {
    "one class": ({"y": np.ones(12, int)}, r"y has one class only \(.*1.*\)"),
    "fractional classes": ({"y": X[:, 0]}, "Unknown label type: continuous"),
    "one-hot classes": (
        {"y": np.eye(2)[Y]},
        r"y should be a 1d array.*: give one label for each row, such as y.argmax\(1\)",
    ),
    "one row of a class held out": (
        {"y": np.arange(12) == 3, "early_stopping": True},
        "validation_fraction=0.1 does not split",
    ),
    "weight for an unknown class": (
        {"class_weight": {0: 1, 5: 2}},
        "class_weight.*unknown class 5.*the classes of y are 0, 1",
    ),
    "negative class weight": ({"class_weight": {0: -1}}, "class_weight.*-1"),
    "class weights in words": ({"class_weight": "even"}, "class_weight must be None or 'balanced'"),
    "class weights in a list": ({"class_weight": [1, 2]}, "class_weight must be.*dict"),
    "a loss that takes rows for classes": ({"loss": torch.nn.SoftMarginLoss}, "loss must be None"),
    "a loss of log-probabilities": (
        {"loss": torch.nn.NLLLoss},
        "loss=NLLLoss falls without bound.*give.*torch.nn.CrossEntropyLoss",
    ),
    "a loss for numbers": ({"loss": torch.nn.MSELoss}, "loss"),
    "unknown class in y_val": ({"X_val": X, "y_val": Y + 1}, "y_val.*class.*2"),
}
NUMBERS = {
    "strings in y": ({"y": ["low", "high"] * 6}, "y contains strings"),
    "too few targets in y_val": (
        {"y": np.column_stack([Y, Y]), "X_val": X, "y_val": Y},
        "y_val.*targets",
    ),
    "a loss between distributions": (
        {"loss": torch.nn.KLDivLoss, "y": 0.5 + Y},
        "loss=KLDivLoss falls without bound",
    ),
    "a loss that is not finite": ({"loss": Undefined}, "loss=Undefined is not finite.*give a loss"),
    "a loss for classes": ({"loss": torch.nn.MultiMarginLoss}, "loss"),
}
OF_SGIN = {
    "unknown bar": ({"bar": "tau"}, "bar must be one of 'lam_tau', 'lam'"),
    "negative warm-up": ({"warmup_epochs": -1}, "warmup_epochs must be 'auto' or an int >= 0"),
}
# check_estimator asks for scikit-learn's own words, which are not ours to improve
OTHERS_WORDS = {
    "sparse": (
        {"X": sparse.csr_array(X)},
        "Sparse data was passed for X, but dense data is required.*or use GroupLassoClassifier",
    ),
    "no columns": ({"X": X[:, :0]}, r"0 feature\(s\).*a minimum of 1 is required"),
    "no y": ({"y": None}, "requires y to be passed, but the target y is None"),
}
SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
REMEDY = re.compile(
    r"\b(add|call|drop|encode|fill|give|impute|list it once|must|number|replace|reshape|scale|set|"
    r"columns of X are|classes of y are|groups are|string forms are)\b"
)


def table():
    return [
        pytest.param(case, changes, message, id=f"{case}-{wrong}")
        for case in CASES
        for rows in (
            GROUPS,
            DATA,
            ARGUMENTS,
            CLASSES if is_classifier(case()) else NUMBERS,
            OF_SGIN if case in SGIN else {},
        )
        for wrong, (changes, message) in rows.items()
        if case.takes(changes.keys() - FIT)
    ]


@pytest.fixture
def no_training(monkeypatch):
    """Fail as soon as training begins."""

    def refuse(*args):
        pytest.fail("training began")

    monkeypatch.setattr(sgnn.estimators.fit, "train", refuse)


def refusal(case, changes):
    """What the estimator says to these arguments of the constructor and of fit."""
    arguments = {name: value for name, value in changes.items() if name not in FIT}
    data = {"X": X, "y": Y} | {name: changes[name] for name in FIT & changes.keys()}
    estimator = case.by_default(**arguments)
    with pytest.raises((ValueError, TypeError)) as error:
        estimator.fit(**data)
    assert not hasattr(estimator, "module_")
    return str(error.value)


def assert_one_sentence_with_a_remedy(text):
    assert "\n" not in text
    assert len(SENTENCE_END.findall(text)) <= 1
    assert REMEDY.search(text)


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(("case", "changes", "message"), table())
def test_refused(case, changes, message):
    text = refusal(case, changes)
    assert re.search(message, text)
    assert_one_sentence_with_a_remedy(text)


@pytest.mark.usefixtures("no_training")
def test_unknown_algorithms_are_refused_with_the_known(case):
    words = refusal(case, {"algorithm": "z"})
    assert re.fullmatch(r"algorithm must be one of ('\w+'(, )?)+ or an Algorithm, got 'z'\.", words)
    assert all(repr(name) in words for name in case.algorithms)


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize("wrong", OTHERS_WORDS)
def test_refused_in_scikit_learns_words(case, wrong):
    changes, message = OTHERS_WORDS[wrong]
    assert re.search(message, refusal(case, changes))


def test_the_table_itself_is_sound(case):
    """Without a fault the same rows are trained on."""
    case.by_default(max_epochs=1, lam=0.0).fit(FRAME, Y, np.ones(12), X_val=FRAME, y_val=Y)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"groups": [0, 0, 1, 1, 2, 2]}, "groups differ from those of the fit.*warm_start"),
        ({"hidden_layer_sizes": (7,)}, "hidden_layer_sizes.*warm_start"),
        ({"architecture": LeNet5(filters=(7,))}, "architecture.*warm_start"),
    ],
    ids=["groups", "layers", "options"],
)
def test_a_warm_start_on_another_network_is_refused(case, changes, message):
    if not case.takes(changes):
        pytest.skip("is not built by this argument")
    estimator = case.by_default(3, warm_start=True, max_epochs=1, lam=0.0).fit(X, Y)
    with pytest.raises(ValueError, match=message) as error:
        estimator.set_params(**changes).fit(X, Y)
    assert_one_sentence_with_a_remedy(str(error.value))


def test_a_warm_start_on_more_targets_is_refused(regressor):
    estimator = regressor.kind(warm_start=True, max_epochs=1, lam=0.0).fit(X, Y)
    with pytest.raises(ValueError, match=r"y.*targets.*warm_start") as error:
        estimator.fit(X, np.column_stack([Y, Y]))
    assert_one_sentence_with_a_remedy(str(error.value))


def test_a_warm_start_on_other_columns_is_refused(case):
    estimator = case.by_default(warm_start=True, max_epochs=1, lam=0.0).fit(X, Y)
    with pytest.raises(ValueError, match=r"X has 5 features, but .* is expecting 6 features"):
        estimator.fit(X[:, :5], Y)


def test_sizes_may_be_an_array(case):
    if not case.takes({"hidden_layer_sizes"}):
        pytest.skip("has no such argument")
    listed, array = (
        case(hidden_layer_sizes=sizes, max_groups=None).fit(case.X, case.y)
        for sizes in ((5, 3), np.array([5, 3]))
    )
    np.testing.assert_array_equal(array.predict(case.X), listed.predict(case.X))
    none = case(hidden_layer_sizes=np.array([], dtype=int), max_groups=None).fit(case.X, case.y)
    assert len(none.module_.weights) == 0
    array.set_params(warm_start=True).fit(case.X, case.y)


SQUARES = np.zeros((12, 8, 8))
SHAPES = {
    "(8, 8)": ({"image_shape": (8, 8)}, SQUARES.reshape(12, 64), r"\(8, 8\) .*give.*\(1, 8, 8\)"),
    "(-1, 8)": ({"image_shape": (-1, 8)}, SQUARES.reshape(12, 64), r"\(-1, 8\).*\(1, 8, 8\)"),
    "three axes": ({}, SQUARES, r"\(12, 8, 8\) is taken for 8 channels of 8:.*\(1, 8, 8\), and X"),
    "channels last": ({}, SQUARES[..., None], r"8 channels of 8 x 1:.*\(1, 8, 8\), and X with"),
    "colors last": ({}, np.zeros((12, 9, 9, 3)), r"9 channels of 9 x 3:.*\(3, 9, 9\), and X"),
}
PLAIN = {"max_epochs": 1, "architecture": LeNet5(filters=(2,), units=()), "lam": 0.0}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", SHAPES)
def test_a_likely_mistake_about_the_shape_of_images_is_told(kind):
    arguments, images, message = SHAPES[kind]
    with pytest.warns(UserWarning, match=message) as told:
        SparseGroupCNN(**arguments, **PLAIN).fit(images, Y)
    assert len([w for w in told if w.category is UserWarning]) == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("shape", "images"),
    [((8, 8), SQUARES), ((1, 8, 8), SQUARES.reshape(12, 64)), (None, SQUARES[:, None])],
    ids=str,
)
def test_what_is_said_twice_is_meant(shape, images, recwarn):
    SparseGroupCNN(image_shape=shape, **PLAIN).fit(images, Y)
    assert not [w for w in recwarn if w.category is UserWarning]
