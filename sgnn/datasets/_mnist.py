"""MNIST and Fashion-MNIST by image rows."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from ._cache import DataHome, download
from ._names import crossed, numbered

_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_SHA256 = {
    "mnist/train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "mnist/train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "mnist/t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "mnist/t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
    "fashion_mnist/train-images-idx3-ubyte.gz": (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    "fashion_mnist/train-labels-idx1-ubyte.gz": (
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
    ),
    "fashion_mnist/t10k-images-idx3-ubyte.gz": (
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    "fashion_mnist/t10k-labels-idx1-ubyte.gz": (
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
    ),
}
_SIDE = 28
_BRIGHTEST = np.float32(255)


def fetch_mnist_rows(data_home: DataHome = None, download_if_missing: bool = True) -> Bunch:
    """Fetch MNIST, 70,000 handwritten digits of 28 x 28 pixels, grouped by image row.

    The four original files (11.6 MB) are read from the folder ``mnist`` inside the folder that
    the environment variable ``SGNN_DATA`` names, or else inside the cache; what is in neither is
    downloaded into the cache.  Every file is checked against its SHA-256.

    Parameters
    ----------
    data_home : path, default=None
        The cache.  None: the user's cache folder for sgnn, ``pooch.os_cache("sgnn")``.
    download_if_missing : bool, default=True
        Whether missing files may be downloaded.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (60000, 784), float32 in [0, 1], rows of pixels one after
          another.
        - ``target`` : ndarray of shape (60000,), int64, the digit.
        - ``test_data``, ``test_target`` : the 10,000 digits of the fixed test part.
        - ``groups`` : ndarray of shape (784,), str, "row 00" to "row 27".
        - ``group_costs`` : None.
        - ``feature_names`` : list of 784 str, "row 07 column 12".
        - ``DESCR`` : str.

    Raises
    ------
    FileNotFoundError
        If a file is missing and may not be downloaded.
    ConnectionError
        If a download fails.
    ValueError
        If a file is damaged.
    ImportError
        If pooch is missing and needed.

    See Also
    --------
    fetch_fashion_mnist_rows : Pictures of clothes in the same form, harder to tell apart.
    haar_groups : The same images in wavelet bands.
    load_digit_rows : Small digits, without a download.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to
       document recognition", Proc. IEEE 86 (1998) 2278-2324.
    .. [2] B. Li et al., "Sparsely Grouped Input Variables for Neural Networks",
       arXiv:1911.13068 (2019), section 4.3.

    Examples
    --------
    >>> from sgnn.datasets import fetch_mnist_rows
    >>> mnist = fetch_mnist_rows()  # doctest: +SKIP
    >>> mnist.data.shape, mnist.test_data.shape  # doctest: +SKIP
    ((60000, 784), (10000, 784))
    """
    return _fetch("MNIST", "digits", "mnist", _MNIST, data_home, download_if_missing)


def fetch_fashion_mnist_rows(data_home: DataHome = None, download_if_missing: bool = True) -> Bunch:
    """Fetch Fashion-MNIST, 70,000 pictures of clothes of 28 x 28 pixels, grouped by image row.

    The four original files (30.9 MB) are read from the folder ``fashion_mnist`` inside the folder
    that the environment variable ``SGNN_DATA`` names, or else inside the cache; what is in
    neither is downloaded into the cache.  Every file is checked against its SHA-256.

    Parameters
    ----------
    data_home : path, default=None
        The cache.  None: the user's cache folder for sgnn, ``pooch.os_cache("sgnn")``.
    download_if_missing : bool, default=True
        Whether missing files may be downloaded.

    Returns
    -------
    Bunch
        As of `fetch_mnist_rows`; ``target`` counts the kinds of clothes from 0 to 9.

    Raises
    ------
    FileNotFoundError
        If a file is missing and may not be downloaded.
    ConnectionError
        If a download fails.
    ValueError
        If a file is damaged.
    ImportError
        If pooch is missing and needed.

    References
    ----------
    .. [1] H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for
       benchmarking machine learning algorithms", arXiv:1708.07747 (2017).

    Examples
    --------
    >>> from sgnn.datasets import fetch_fashion_mnist_rows
    >>> fashion = fetch_fashion_mnist_rows()  # doctest: +SKIP
    >>> fashion.data.shape  # doctest: +SKIP
    (60000, 784)
    """
    return _fetch(
        "Fashion-MNIST", "pictures", "fashion_mnist", _FASHION, data_home, download_if_missing
    )


def _fetch(
    title: str, what: str, folder: str, url: str, data_home: DataHome, download_if_missing: bool
) -> Bunch:
    train_images, train_labels, test_images, test_labels = (
        _read_idx(
            download(
                name,
                url + name.removeprefix(f"{folder}/"),
                sha256=sha256,
                data_home=data_home,
                download_if_missing=download_if_missing,
            )
        )
        for name, sha256 in _SHA256.items()
        if name.startswith(f"{folder}/")
    )
    rows = numbered("row", _SIDE)
    return Bunch(
        data=train_images.reshape(-1, _SIDE * _SIDE) / _BRIGHTEST,
        target=train_labels.astype(np.int64),
        test_data=test_images.reshape(-1, _SIDE * _SIDE) / _BRIGHTEST,
        test_target=test_labels.astype(np.int64),
        groups=np.repeat(rows, _SIDE),
        group_costs=None,
        feature_names=crossed(rows, numbered("column", _SIDE)),
        DESCR=f"{title}: 60000 training and 10000 test {what}, 28 x 28 pixels in [0, 1], grouped "
        "by their 28 image rows.",
    )


def _read_idx(path: Path) -> NDArray[np.uint8]:
    """Read a gzipped idx file of bytes."""
    # Two zeros, the type, the rank, one big-endian int32 per axis, then the entries.
    content = gzip.decompress(path.read_bytes())
    rank = content[3]
    shape = np.frombuffer(content, dtype=">i4", count=rank, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * rank).reshape(shape)
