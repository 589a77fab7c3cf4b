"""regularizers.get and names, and their errors."""

from __future__ import annotations

import pytest

from sgnn import regularizers
from sgnn.regularizers import GroupLasso, SparseGroupLasso


def test_every_name_has_a_regularizer_and_a_repr():
    for name in regularizers.names():
        regularizer = regularizers.get(name)
        assert repr(regularizer).startswith(type(regularizer).__name__)


def test_an_instance_is_returned_unchanged():
    regularizer = SparseGroupLasso(alpha=0.5)
    assert regularizers.get(regularizer) is regularizer


def test_parameters_are_passed_to_the_constructor():
    assert repr(regularizers.get("sgl_l1", alpha=0.25)) == "SparseGroupLasso(alpha=0.25)"


@pytest.mark.parametrize("name", ["grouplasso", 3, None, ["l1"], GroupLasso])
def test_an_unknown_name_lists_the_valid_ones(name):
    with pytest.raises(ValueError, match=r"regularizer=.* is unknown") as caught:
        regularizers.get(name)
    assert all(known in str(caught.value) for known in regularizers.names())


def test_an_unknown_parameter_is_named():
    with pytest.raises(TypeError, match=r"regularizer='sgl_l1' has no parameter 'beta'.* alpha"):
        regularizers.get("sgl_l1", beta=0.5)
    with pytest.raises(TypeError, match=r"'group_lasso' has no parameter 'alpha': it takes none"):
        regularizers.get("group_lasso", alpha=0.5)
    with pytest.raises(TypeError, match=r"GroupLasso\(\) is made already and takes no alpha"):
        regularizers.get(GroupLasso(), alpha=0.5)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_a_mix_outside_of_0_to_1_raises(alpha):
    with pytest.raises(ValueError, match=r"alpha must be .*>= 0 and <= 1"):
        SparseGroupLasso(alpha)
