"""Heart disease, with the costs of its diagnosis."""

from __future__ import annotations

import csv
import io
from importlib import resources
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from ._cache import DataHome, download, read_member
from ._choices import check_choice

_ARCHIVE = "heart_cost/heart+disease.zip"
_URL = "https://archive.ics.uci.edu/static/public/45/heart+disease.zip"
_SHA256 = "b17cd273da9ce1caa4710fce80227ea454d4dbf9fcbc8e6a9121672751563adc"
_MEMBER = "processed.cleveland.data"
_EMBEDDED = "data/heart_costs.csv"  # its source and license: heart_costs.txt


class _Test(NamedTuple):
    procedure: str
    full: float
    discount: float


# In the order of the columns: P. Turney's files heart-disease.expense and heart-disease.group of
# the same archive, whose groups A, B and C have names here.
_TESTS = {
    "age": _Test("age", 1.00, 1.00),
    "sex": _Test("sex", 1.00, 1.00),
    "cp": _Test("cp", 1.00, 1.00),
    "trestbps": _Test("trestbps", 1.00, 1.00),
    "chol": _Test("blood", 7.27, 5.17),
    "fbs": _Test("blood", 5.20, 3.10),
    "restecg": _Test("restecg", 15.50, 15.50),
    "thalach": _Test("thallium", 102.90, 1.00),
    "exang": _Test("exercise ECG", 87.30, 1.00),
    "oldpeak": _Test("exercise ECG", 87.30, 1.00),
    "slope": _Test("exercise ECG", 87.30, 1.00),
    "ca": _Test("ca", 100.90, 100.90),
    "thal": _Test("thallium", 102.90, 1.00),
}

# FFTrees' words for the published codes.
_CODES = {
    "cp": {"ta": 1, "aa": 2, "np": 3, "a": 4},
    "restecg": {"normal": 0, "abnormal": 1, "hypertrophy": 2},
    "slope": {"up": 1, "flat": 2, "down": 3},
    "thal": {"normal": 3, "fd": 6, "rd": 7},
}


def fetch_heart_costs(
    data_home: DataHome = None,
    download_if_missing: bool = True,
    *,
    by: Literal["test", "procedure"] = "test",
    edition: Literal["uci", "fftrees"] = "uci",
) -> Bunch:
    """Fetch the Cleveland heart disease data with the price of every medical test.

    The zip archive of the UCI repository (0.1 MB) is read from the folder ``heart_cost`` inside
    the folder that the environment variable ``SGNN_DATA`` names, or else inside the cache; if it
    is in neither, it is downloaded into the cache.  It is checked by its SHA-256.

    Parameters
    ----------
    data_home : path, default=None
        The cache.  None: the user's cache folder for sgnn, ``pooch.os_cache("sgnn")``.
    download_if_missing : bool, default=True
        Whether a missing file may be downloaded.
    by : {"test", "procedure"}, default="test"
        The groups: tests (13 groups of one column), or procedures that give several of them at
        once (9 groups): chol and fbs one blood sample, thalach and thal one thallium scan,
        exang, oldpeak and slope one exercise ECG.
    edition : {"uci", "fftrees"}, default="uci"
        The published data, or the edition of the R package FFTrees without missing values:
        that of `load_heart_costs`, which needs no download.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (303, 13), float32, in the published codes; 4 entries of
          ca and 2 of thal are missing, which is NaN here.
        - ``target`` : ndarray of shape (303,), int64, 1 for the 139 with heart disease.
        - ``groups`` : ndarray of shape (13,), str, "chol" or "blood".
        - ``group_costs`` : dict from group name to its price in Canadian dollars: of the test
          alone, or of the whole procedure.
        - ``feature_names`` : list of 13 str, "age" to "thal".
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

    See Also
    --------
    load_heart_costs : The FFTrees edition, also as a frame with words.

    Notes
    -----
    The prices are those of the Ontario Health Insurance Program's fee schedule.  A procedure costs
    the full price of its first test and the discounted price of each further one, in any order:
    the difference is a shared cost.  Prices of single tests each include it, so they do not add
    up.

    References
    ----------
    .. [1] A. Janosi, W. Steinbrunn, M. Pfisterer and R. Detrano, "Heart Disease", UCI Machine
       Learning Repository, 1989, doi:10.24432/C52P4X.
    .. [2] P. D. Turney, "Cost-sensitive classification: empirical evaluation of a hybrid genetic
       decision tree induction algorithm", J. Artif. Intell. Res. 2 (1995) 369-409.
    .. [3] N. D. Phillips, H. Neth, J. K. Woike and W. Gaissmaier, "FFTrees: A toolbox to create,
       visualize, and evaluate fast-and-frugal decision trees", Judgm. Decis. Mak. 12 (2017)
       344-368.

    Examples
    --------
    >>> from sgnn.datasets import fetch_heart_costs
    >>> heart = fetch_heart_costs(by="procedure")  # doctest: +SKIP
    >>> heart.data.shape, heart.group_costs["blood"]  # doctest: +SKIP
    ((303, 13), 10.37)
    """
    check_choice("by", by, ["test", "procedure"])
    check_choice("edition", edition, ["uci", "fftrees"])
    if edition == "fftrees":
        data, target = _coded(_embedded_rows())
    else:
        try:
            path = download(
                _ARCHIVE,
                _URL,
                sha256=_SHA256,
                data_home=data_home,
                download_if_missing=download_if_missing,
            )
        except ConnectionError as error:
            words = str(error).removesuffix(".")
            raise ConnectionError(
                f'{words}, or give edition="fftrees", which needs no file.'
            ) from None
        # unreadable entries, "?", become NaN
        table = np.genfromtxt(io.BytesIO(read_member(path, _MEMBER)), delimiter=",")
        data, target = table[:, :-1].astype(np.float32), (table[:, -1] > 0).astype(np.int64)
    return _with_prices(data, target, by, edition)


def load_heart_costs(
    *,
    by: Literal["test", "procedure"] = "test",
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load the Cleveland heart disease data with the price of every medical test.

    The edition of the R package FFTrees without missing values, which is part of sgnn.  Nothing
    is downloaded.

    Parameters
    ----------
    by : {"test", "procedure"}, default="test"
        The groups, as in `fetch_heart_costs`.
    return_X_y : bool, default=False
        Return (data, target) alone.
    as_frame : bool, default=False
        Make data a DataFrame in which cp, restecg, slope and thal are categorical, and target a
        Series; it needs pandas.

    Returns
    -------
    Bunch, or (data, target)
        - ``data`` : ndarray of shape (303, 13), float32, in the published codes; or a DataFrame,
          in which cp, restecg, slope and thal are categories and the others float64.
        - ``target`` : ndarray or Series of shape (303,), int64, 1 for the 139 with heart disease.
        - ``frame`` : DataFrame of data and target; None without ``as_frame``.
        - ``groups``, ``group_costs``, ``feature_names``, ``DESCR`` : as `fetch_heart_costs` has
          them, of the columns before they are encoded.

    Raises
    ------
    ValueError
        If `by` is none of its choices.
    ImportError
        If ``as_frame=True`` and pandas is missing.

    See Also
    --------
    fetch_heart_costs : The published data, and where they and the prices come from.
    sgnn.source_columns : The groups of the columns that encoders make.

    Examples
    --------
    >>> from sgnn.datasets import load_heart_costs
    >>> heart = load_heart_costs(as_frame=True)
    >>> heart.data.shape, heart.data["thal"].unique().tolist(), heart.group_costs["thal"]
    ((303, 13), ['fd', 'normal', 'rd'], 102.9)
    """
    check_choice("by", by, ["test", "procedure"])
    rows = _embedded_rows()
    data, target = _coded(rows)
    heart = _with_prices(data, target, by, "fftrees")
    heart.frame = _frame(rows, target) if as_frame else None
    if heart.frame is not None:
        heart.data, heart.target = heart.frame[heart.feature_names], heart.frame["target"]
    return (heart.data, heart.target) if return_X_y else heart


def _with_prices(data: NDArray, target: NDArray, by: str, edition: str) -> Bunch:
    groups = [test.procedure if by == "procedure" else name for name, test in _TESTS.items()]
    return Bunch(
        data=data,
        target=target,
        groups=np.array(groups),
        group_costs=_prices(groups),
        feature_names=list(_TESTS),
        DESCR=f"303 patients of the Cleveland Clinic, {edition} edition: heart disease from 13 "
        f"tests, grouped by {by}, with their prices.",
    )


def _prices(groups: list[str]) -> dict[str, float]:
    """Return the price of each group: full for its first test, discounted for the others."""
    prices: dict[str, float] = {}
    for group, test in zip(groups, _TESTS.values(), strict=True):
        prices[group] = prices[group] + test.discount if group in prices else test.full
    return prices


def _embedded_rows() -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(_EMBEDDED).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _coded(rows: list[dict[str, str]]) -> tuple[NDArray, NDArray]:
    """Return data and target in the published codes."""
    data = [
        [float(_CODES[test][row[test]] if test in _CODES else row[test]) for test in _TESTS]
        for row in rows
    ]
    target = [row["diagnosis"] == "True" for row in rows]
    return np.array(data, dtype=np.float32), np.array(target, dtype=np.int64)


def _frame(rows: list[dict[str, str]], target: NDArray) -> Any:
    """Return data and target as a DataFrame with the words of the table."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "as_frame=True needs pandas; install it with pip install pandas, or give "
            "as_frame=False."
        ) from error
    columns = {
        test: pd.Categorical([row[test] for row in rows], categories=list(_CODES[test]))
        if test in _CODES
        else [float(row[test]) for row in rows]
        for test in _TESTS
    }
    return pd.DataFrame(columns | {"target": target})
