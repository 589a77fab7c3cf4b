"""Human donor splice sites by position."""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from ._cache import (
    DataHome,
    cache_home,
    corrupt_file,
    download,
    find_file,
    read_limited,
    read_npz,
    write_npz,
)
from ._names import crossed

_TARBALL = "memset/MEMset.tar.gz"
_PARSED = "memset/memset_donor5.npz"
_URL = "https://github.com/mkomod/p3/raw/b0d3b85d/data/memset/MEMset.tar.gz"
# Of the concatenated bytes of the parsed arrays, which does not depend on the archive's format.
_SHA256 = "1eaa0bceb6e6b0dd6aa76a33b6cbea8554f20ea25e877e012fc57b02c79da513"

_MEMBERS = ("train5_hs", "train0_5_hs", "testfile5_hs")
_ARRAYS = ("X_train", "y_train", "X_test", "y_test")
_ALPHABET = "acgt"
# The site's own two letters, +1 and +2, are always "gt" and not in the data.
_POSITIONS = ("-3", "-2", "-1", "+3", "+4", "+5", "+6")

_Arrays: TypeAlias = dict[str, NDArray[np.uint8]]


def fetch_donor_splice_sites(
    data_home: DataHome = None, download_if_missing: bool = True, counts: bool = False
) -> Bunch:
    """Fetch human 5' (donor) splice sites and decoys, grouped by position.

    Each row is the seven nucleotides around a "gt", one-hot encoded: 28 columns in 7 groups of 4.
    The target is 1 if the "gt" is a donor site.  ``memset/memset_donor5.npz`` (the parsed
    arrays) or else ``memset/MEMset.tar.gz`` is read from the folder that the environment variable
    ``SGNN_DATA`` names, or else from the cache; if both are missing, the latter is downloaded.
    Either is checked by the SHA-256 of the parsed arrays, which are then kept in the cache.

    Parameters
    ----------
    data_home : path, default=None
        The cache.  None: the user's cache folder for sgnn, ``pooch.os_cache("sgnn")``.
    download_if_missing : bool, default=True
        Whether a missing file may be downloaded.
    counts : bool, default=False
        Whether the training part is given as its distinct (sequence, label) pairs, with their
        numbers of occurrence as ``sample_weight``: the same weighted loss on a twelfth of the
        rows.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (187853, 28), float32, 0 or 1; fewer rows with `counts`.
        - ``target`` : ndarray of shape (187853,), int64, 1 for the 8415 donor sites.
        - ``sample_weight`` : ndarray, float64, the counts; only with `counts`.
        - ``test_data``, ``test_target`` : the fixed test part, always row by row: 93925 rows,
          4208 of them donor sites.
        - ``groups`` : ndarray of shape (28,), str, "position -3" to "position +6".
        - ``group_costs`` : None.
        - ``feature_names`` : list of 28 str, "position -3 a".
        - ``DESCR`` : str.

    Raises
    ------
    FileNotFoundError
        If the files are missing and may not be downloaded.
    ConnectionError
        If the download fails.
    ValueError
        If a file is damaged.
    ImportError
        If pooch is missing and needed.

    Notes
    -----
    The paper prints 8451 donor sites in training; the files hold 8415.

    References
    ----------
    .. [1] G. Yeo and C. B. Burge, "Maximum entropy modeling of short sequence motifs with
       applications to RNA splicing signals", J. Comput. Biol. 11 (2004) 377-394.
    .. [2] B. Li et al., "Sparsely Grouped Input Variables for Neural Networks",
       arXiv:1911.13068 (2019), section 4.1.

    Examples
    --------
    >>> from sgnn.datasets import fetch_donor_splice_sites
    >>> sites = fetch_donor_splice_sites()  # doctest: +SKIP
    >>> sites.data.shape, int(sites.target.sum())  # doctest: +SKIP
    ((187853, 28), 8415)
    """
    arrays = _load_arrays(data_home, download_if_missing)
    codes, labels = arrays["X_train"], arrays["y_train"]
    weights = {}
    if counts:
        codes, labels, occurrences = _distinct(codes, labels)
        weights["sample_weight"] = occurrences
    positions = [f"position {name}" for name in _POSITIONS]
    return Bunch(
        data=_one_hot(codes),
        target=labels.astype(np.int64),
        **weights,
        test_data=_one_hot(arrays["X_test"]),
        test_target=arrays["y_test"].astype(np.int64),
        groups=np.repeat(positions, len(_ALPHABET)),
        group_costs=None,
        feature_names=crossed(positions, _ALPHABET),
        DESCR="Human donor splice sites and decoys (MEMset): 7 one-hot encoded nucleotides, "
        "grouped by their position around the site.",
    )


def _load_arrays(data_home: DataHome, download_if_missing: bool) -> _Arrays:
    """Return the arrays named in `_ARRAYS`: codes (n, 7) in 0..3 and labels (n,) in 0..1."""
    path = find_file(_PARSED, data_home)
    if path is not None:
        return _verified(read_npz(path, _ARRAYS), path)
    path = download(
        _TARBALL,
        _URL,
        sha256=None,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )
    arrays = _verified(_read_tarball(path), path)
    write_npz(cache_home(data_home) / _PARSED, arrays)
    return arrays


def _verified(arrays: _Arrays, path: Path) -> _Arrays:
    content = b"".join(arrays[name].tobytes() for name in _ARRAYS)
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise corrupt_file(path)
    return arrays


def _read_tarball(path: Path) -> _Arrays:
    """Parse the sites, the decoys and the mixed test file of the MEMset archive."""
    try:
        with tarfile.open(path) as archive:
            texts = {
                PurePosixPath(member.name).name: _read_member(archive, member, path)
                for member in archive
                if member.isfile() and PurePosixPath(member.name).name in _MEMBERS
            }
        sites, decoys, test = (_read_fasta(texts[name]) for name in _MEMBERS)
    except (OSError, EOFError, KeyError, ValueError, tarfile.TarError, zlib.error) as error:
        raise corrupt_file(path) from error
    return {
        "X_train": np.concatenate([sites[0], decoys[0]]),
        "y_train": np.repeat(np.array([1, 0], dtype=np.uint8), [len(sites[0]), len(decoys[0])]),
        "X_test": test[0],
        "y_test": test[1],
    }


def _read_member(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> str:
    stream = cast(IO[bytes], archive.extractfile(member))
    return read_limited(stream, path).decode("ascii")


def _read_fasta(text: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return codes (n, 7) and labels (n,) of records like "> 5", "aagattg"; "> 0" is a decoy."""
    lines = [line.strip().lower() for line in text.splitlines() if line.strip()]
    headers, sequences = lines[::2], lines[1::2]
    if not all(header.startswith(">") for header in headers):
        raise ValueError("Each sequence needs a header line of its own, starting with '>'.")
    if {len(sequence) for sequence in sequences} != {len(_POSITIONS)}:
        raise ValueError(f"Each sequence needs {len(_POSITIONS)} letters.")
    letters = np.array([list(sequence) for sequence in sequences])
    matches = letters[:, :, None] == np.array(list(_ALPHABET))  # (n, 7, 4)
    if not matches.any(axis=2).all():
        raise ValueError(f"Each letter of a sequence must be one of {_ALPHABET!r}.")
    labels = np.array([header.lstrip("> ").startswith("5") for header in headers])
    return matches.argmax(axis=2).astype(np.uint8), labels.astype(np.uint8)


def _one_hot(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return one column per position and letter, (n, 28)."""
    n_letters = len(_ALPHABET)
    return np.eye(n_letters, dtype=np.float32)[codes].reshape(-1, codes.shape[1] * n_letters)


def _distinct(
    codes: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float64]]:
    """Return the distinct (sequence, label) rows and how often each occurs."""
    rows, occurrences = np.unique(np.column_stack([codes, labels]), axis=0, return_counts=True)
    return rows[:, :-1], rows[:, -1], occurrences.astype(np.float64)
