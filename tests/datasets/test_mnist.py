"""MNIST and Fashion-MNIST: found, downloaded, validated."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import sys

import numpy as np
import pytest

from sgnn.datasets import _mnist, fetch_fashion_mnist_rows, fetch_mnist_rows

FILES = {
    "train-images-idx3-ubyte.gz": np.arange(3 * 784).reshape(3, 28, 28) % 256,
    "train-labels-idx1-ubyte.gz": np.array([5, 0, 4]),
    "t10k-images-idx3-ubyte.gz": np.full((2, 28, 28), 255),
    "t10k-labels-idx1-ubyte.gz": np.array([7, 2]),
}


def idx_gz(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">i4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes())


@pytest.fixture
def tiny(offline, monkeypatch, tmp_path):
    """Return a data folder with both, tiny; their hashes are taken for the published ones."""
    folder = tmp_path / "data"
    hashes = {}
    for kind in ("mnist", "fashion_mnist"):
        (folder / kind).mkdir(parents=True)
        for name, array in FILES.items():
            content = idx_gz(array)
            (folder / kind / name).write_bytes(content)
            hashes[f"{kind}/{name}"] = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(_mnist, "_SHA256", hashes)
    return folder


def assert_tiny(mnist):
    np.testing.assert_allclose(mnist.data * 255, FILES["train-images-idx3-ubyte.gz"].reshape(3, -1))
    assert mnist.data.dtype == np.float32
    assert mnist.target.tolist() == [5, 0, 4]
    assert mnist.test_data.shape == (2, 784)
    assert (mnist.test_data == 1).all()
    assert mnist.test_target.tolist() == [7, 2]
    assert mnist.groups[[0, 27, 28, 783]].tolist() == ["row 00", "row 00", "row 01", "row 27"]
    assert mnist.feature_names[28 * 7 + 12] == "row 07 column 12"


def test_from_data_home(tiny):
    assert_tiny(fetch_mnist_rows(tiny))
    assert_tiny(fetch_mnist_rows(str(tiny), download_if_missing=False))


def test_fashion(tiny):
    assert_tiny(fetch_fashion_mnist_rows(tiny))
    (tiny / "fashion_mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"rubbish")
    assert_tiny(fetch_mnist_rows(tiny))
    with pytest.raises(ValueError, match=r"fashion_mnist/train-images.* is damaged"):
        fetch_fashion_mnist_rows(tiny)


def test_from_the_environment(tiny, monkeypatch):
    monkeypatch.setenv("SGNN_DATA", str(tiny))
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert_tiny(fetch_mnist_rows())


def test_download_happens_once(tiny, monkeypatch, tmp_path):
    import pooch

    urls = []

    def retrieve(url, known_hash, fname, path, progressbar):
        urls.append(url)
        assert known_hash == "sha256:" + _mnist._SHA256[f"mnist/{fname}"]
        shutil.copy(tiny / "mnist" / fname, path / fname)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    assert_tiny(fetch_mnist_rows())
    assert_tiny(fetch_mnist_rows())
    assert urls == ["https://ossci-datasets.s3.amazonaws.com/mnist/" + name for name in FILES]
    assert (tmp_path / "cache" / "sgnn" / "mnist" / urls[0].rsplit("/")[-1]).is_file()


def test_offline(offline):
    with pytest.raises(ConnectionError, match="set SGNN_DATA or data_home to a folder that holds"):
        fetch_mnist_rows()


def test_download_forbidden(offline, tmp_path):
    with pytest.raises(FileNotFoundError, match="download_if_missing=False"):
        fetch_mnist_rows(tmp_path, download_if_missing=False)


def test_damaged_download(offline, monkeypatch, tmp_path):
    import pooch

    def retrieve(url, **kwargs):
        raise ValueError("SHA256 hash of downloaded file does not match the known hash.")

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    with pytest.raises(ValueError, match="gave another file than the published mnist/train-images"):
        fetch_mnist_rows(tmp_path)


def test_damaged_file(tiny):
    path = tiny / "mnist" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte\.gz is damaged.*delete it"):
        fetch_mnist_rows(tiny)


def test_without_pooch(offline, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'pip install "sgnn\[datasets\]"'):
        fetch_mnist_rows()
    with pytest.raises(ImportError, match=r'pip install "sgnn\[datasets\]"'):
        fetch_mnist_rows(tmp_path)


def test_the_published_files(real_data):
    real_data("mnist/train-images-idx3-ubyte.gz")
    mnist = fetch_mnist_rows(download_if_missing=False)
    assert mnist.data.shape == (60_000, 784)
    assert mnist.test_data.shape == (10_000, 784)
    assert (mnist.data.min(), mnist.data.max()) == (0, 1)
    assert mnist.target[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test_target[:5].tolist() == [7, 2, 1, 0, 4]
    # Mean intensity of the training images, a number often quoted for normalization.
    assert mnist.data.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)


def test_the_published_clothes(real_data):
    real_data("fashion_mnist/train-images-idx3-ubyte.gz")
    fashion = fetch_fashion_mnist_rows(download_if_missing=False)
    assert fashion.data.shape == (60_000, 784)
    assert np.bincount(fashion.target).tolist() == [6000] * 10
    assert fashion.test_target[:5].tolist() == [9, 2, 1, 1, 6]
    # As often quoted for normalization.
    assert fashion.data.mean(dtype=np.float64) == pytest.approx(0.2860, abs=5e-5)
