"""Haar bands: sizes, one band by hand, and the inverse."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from sgnn.datasets import haar_groups, inverse_haar_groups

pywt = pytest.importorskip("pywt", reason="PyWavelets is an optional dependency")


@pytest.fixture
def images():
    return np.random.default_rng(0).random((5, 28, 28), dtype=np.float32)


def test_799_features_in_13_groups(images):
    bands = haar_groups(images)
    assert bands.data.shape == (5, 799)
    assert bands.data.dtype == np.float32
    assert len(set(bands.feature_names)) == 799
    sizes = {str(name): int((bands.groups == name).sum()) for name in dict.fromkeys(bands.groups)}
    expected = {"approximation 4": 4}
    for level, size in zip((4, 3, 2, 1), (4, 16, 49, 196), strict=True):
        expected |= {f"{way} {level}": size for way in ("horizontal", "vertical", "diagonal")}
    assert list(sizes.items()) == list(expected.items())
    assert {name: h * w for name, (h, w) in bands.coefficient_shapes.items()} == expected


def test_one_level_by_hand():
    # [[a, b], [c, d]]: approximation (a+b+c+d)/2, horizontal (a+b-c-d)/2 (top less bottom),
    # vertical (a-b+c-d)/2 (left less right), diagonal (a-b-c+d)/2.
    bands = haar_groups(np.array([[[1.0, 2.0], [4.0, 8.0]]]), level=1)
    assert bands.groups.tolist() == ["approximation 1", "horizontal 1", "vertical 1", "diagonal 1"]
    np.testing.assert_allclose(bands.data, [[7.5, -4.5, -2.5, 1.5]])


@pytest.mark.parametrize(
    ("shape", "level"), [((28, 28), 4), ((28, 28), 1), ((8, 8), 3), ((27, 13), 3)]
)
def test_perfect_inverse(shape, level):
    images = np.random.default_rng(1).random((4, *shape), dtype=np.float32)
    bands = haar_groups(images, level)
    back = inverse_haar_groups(bands.data, bands.image_shape, bands.level)
    assert back.shape == images.shape
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, images, atol=2e-6)


def test_flat_square_images_are_the_same(images):
    np.testing.assert_array_equal(haar_groups(images.reshape(5, -1)).data, haar_groups(images).data)


def test_the_approximation_alone_is_the_image_of_block_means(images):
    bands = haar_groups(images, level=2)
    coarse = np.where(bands.groups == "approximation 2", bands.data, 0)
    means = images.reshape(5, 7, 4, 7, 4).mean(axis=(2, 4))
    expected = means.repeat(4, axis=1).repeat(4, axis=2)
    np.testing.assert_allclose(inverse_haar_groups(coarse, level=2), expected, atol=2e-6)


def test_images_are_not_changed(images):
    before = images.copy()
    haar_groups(images)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize(
    ("given", "level", "message"),
    [
        (np.zeros((2, 783)), 4, r"images has shape \(2, 783\)"),
        (np.zeros(784), 4, r"images has shape \(784,\)"),
        (np.zeros((2, 28, 28, 3)), 4, r"images has shape \(2, 28, 28, 3\)"),
        (np.zeros((2, 28, 28)), 5, "level=5 does not fit images of 28 x 28.*from 1 to 4"),
        (np.zeros((2, 28, 28)), 0, "level=0"),
    ],
)
def test_errors(given, level, message):
    with pytest.raises(ValueError, match=message):
        haar_groups(given, level)


def test_inverse_of_the_wrong_width():
    with pytest.raises(ValueError, match=r"data has shape \(2, 784\).*\(n_images, 799\)"):
        inverse_haar_groups(np.zeros((2, 784)))


def test_without_pywavelets(monkeypatch, images):
    monkeypatch.setitem(sys.modules, "pywt", None)
    with pytest.raises(ImportError, match=r'pip install "sgnn\[datasets\]"'):
        haar_groups(images)
