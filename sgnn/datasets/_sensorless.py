"""Sensorless drive diagnosis by component of the motor currents."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from ._cache import DataHome, cache_home, corrupt_file, download, find_file, read_member, read_npz
from ._choices import check_choice

_ARCHIVE = "sensorless/dataset+for+sensorless+drive+diagnosis.zip"
_URL = "https://archive.ics.uci.edu/static/public/325/dataset+for+sensorless+drive+diagnosis.zip"
_MEMBER = "Sensorless_drive_diagnosis.txt"
# Git blob hash of the text file, which does not depend on the archive's format.
_GIT_BLOB = "9101c388dfa5ccd3bfbec96c00efe2b1d7c36f32"
_PART = "sensorless/sensorless_subset2200.npz"
_SUBSETS = {"all": "all rows", "2200": "200 rows drawn from each of the 11 classes"}

_COLUMNS = [
    (statistic, f"{kind}{number}", f"phase {phase}")
    for statistic in ("mean", "std", "skew", "kurt")
    for kind in ("IMF", "RES")
    for phase in "AB"
    for number in (1, 2, 3)
]


def fetch_sensorless_drive(
    data_home: DataHome = None,
    download_if_missing: bool = True,
    *,
    subset: Literal["all", "2200"] = "all",
    by: Literal["component", "phase", "statistic"] = "component",
) -> Bunch:
    """Fetch sensorless drive diagnosis: 48 features of two motor currents, 11 states of a drive.

    Each of the two currents is decomposed into components, three intrinsic mode functions (IMF)
    and three residuals (RES); of each component the data hold four statistics.  The zip archive
    of the UCI repository is read from the folder ``sensorless`` inside the folder that the
    environment variable ``SGNN_DATA`` names, or else inside the cache; if it is in neither, it is
    downloaded into the cache.  The text file in it is checked against its git hash.

    Parameters
    ----------
    data_home : path, default=None
        The cache.  None: the user's cache folder for sgnn, ``pooch.os_cache("sgnn")``.
    download_if_missing : bool, default=True
        Whether a missing file may be downloaded.
    subset : {"all", "2200"}, default="all"
        All 58509 rows, or 200 rows of each class.  The latter lie in
        ``sensorless/sensorless_subset2200.npz``, which cannot be downloaded.
    by : {"component", "phase", "statistic"}, default="component"
        The groups: components of a phase (12 groups of 4), phases, that is current probes
        (2 of 24), or statistics (4 of 12).

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (58509, 48), or (2200, 48), float32.
        - ``target`` : ndarray of shape (58509,), or (2200,), int64, 1 to 11, as published.
        - ``groups`` : ndarray of shape (48,), str, "IMF1 phase A", "phase A" or "mean".
        - ``group_costs`` : None.
        - ``feature_names`` : list of 48 str, "mean IMF1 phase A".
        - ``DESCR`` : str.

    Raises
    ------
    FileNotFoundError
        If the file is missing and may not be, or cannot be, downloaded.
    ConnectionError
        If the download fails.
    ValueError
        If a file is damaged, or an argument is none of its choices.
    ImportError
        If pooch is missing and needed.

    Notes
    -----
    The publication does not print the order of the columns; the names here are inferred from the
    values.  The rows are sorted by class.  The scales differ by a factor of nearly 10^6:
    standardize.  Paper [2]_ counts 58508 rows, the file holds 58509.

    References
    ----------
    .. [1] M. Bator, "Dataset for Sensorless Drive Diagnosis", UCI Machine Learning Repository,
       2015, doi:10.24432/C5VP5F.
    .. [2] K. Chen, Z. Dai, H. Pan and Y. Sheng, "Benefit of Group Sparsity in Deep Learning"
       (2020), sections 3.1 and 4.1.

    Examples
    --------
    >>> from sgnn.datasets import fetch_sensorless_drive
    >>> drive = fetch_sensorless_drive(by="phase")  # doctest: +SKIP
    >>> drive.data.shape, str(drive.groups[0])  # doctest: +SKIP
    ((58509, 48), 'phase A')
    """
    check_choice("subset", subset, _SUBSETS)
    labels = {
        "component": [f"{component} {phase}" for _, component, phase in _COLUMNS],
        "phase": [phase for _, _, phase in _COLUMNS],
        "statistic": [statistic for statistic, _, _ in _COLUMNS],
    }
    check_choice("by", by, labels)
    if subset == "all":
        path = download(
            _ARCHIVE,
            _URL,
            sha256=None,
            data_home=data_home,
            download_if_missing=download_if_missing,
        )
        data, target = _read_archive(path)
    else:
        data, target = _read_subset(data_home)
    return Bunch(
        data=data.astype(np.float32),
        target=target.astype(np.int64),
        groups=np.array(labels[by]),
        group_costs=None,
        feature_names=[" ".join(column) for column in _COLUMNS],
        DESCR=f"Sensorless drive diagnosis, {_SUBSETS[subset]}: 48 statistics of the currents of a "
        f"drive in 11 states, grouped by {by}.",
    )


def _read_archive(path: Path) -> tuple[NDArray, NDArray]:
    """Return the features (n, 48) and the classes (n,) of the published text."""
    text = read_member(path, _MEMBER)
    # with its line ends, or with those that git may have converted
    if _GIT_BLOB not in {_git_blob(text), _git_blob(text.replace(b"\r\n", b"\n"))}:
        raise corrupt_file(path)
    table = np.loadtxt(io.BytesIO(text))
    return table[:, :-1], table[:, -1]


def _git_blob(content: bytes) -> str:
    """Return the hash of the content as a git blob."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _read_subset(data_home: DataHome) -> tuple[NDArray, NDArray]:
    path = find_file(_PART, data_home)
    if path is None:
        raise FileNotFoundError(
            f"{_PART} lies neither in $SGNN_DATA nor in {cache_home(data_home)} and is no "
            "download; give subset='all' for the published rows."
        )
    arrays = read_npz(path, ["X", "y"])
    return arrays["X"], arrays["y"] + 1  # numbered from 0 there
