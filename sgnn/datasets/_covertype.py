"""Forest cover types by cartographic attribute."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from ._cache import DataHome, find_file, read_npz
from ._choices import check_choice

_NUMERIC = (
    "Elevation",
    "Aspect",
    "Slope",
    "Horizontal_Distance_To_Hydrology",
    "Vertical_Distance_To_Hydrology",
    "Horizontal_Distance_To_Roadways",
    "Hillshade_9am",
    "Hillshade_Noon",
    "Hillshade_3pm",
    "Horizontal_Distance_To_Fire_Points",
)
# Attributes that come one-hot encoded, and their numbers of values.
_ENCODED = {"Wilderness_Area": 4, "Soil_Type": 40}

_HEAD = "covertype/covertype_first20000.npz"
# First rows of the published validation and test parts.
_PARTS = (11340, 15120)
_SUBSETS = {
    "all": "all rows",
    "balanced": "the published training and validation parts, 2160 rows of each class",
}


def fetch_covertype(
    data_home: DataHome = None,
    download_if_missing: bool = True,
    *,
    subset: Literal["all", "balanced"] = "all",
) -> Bunch:
    """Fetch forest cover types, 54 columns that encode 12 cartographic attributes.

    The rows are those of :func:`sklearn.datasets.fetch_covtype`, which downloads and caches them.

    Parameters
    ----------
    data_home : path, default=None
        Where scikit-learn caches its data sets.  None: its own default, ``~/scikit_learn_data``.
    download_if_missing : bool, default=True
        Whether missing data may be downloaded.
    subset : {"all", "balanced"}, default="all"
        All 581,012 rows, or the first 15,120: the published training and validation parts, with
        2160 rows of each class.  The latter are read from
        ``covertype/covertype_first20000.npz`` instead if it lies in the folder that the
        environment variable ``SGNN_DATA`` names, or in the cache.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (581012, 54), or (15120, 54), float32.
        - ``target`` : ndarray of shape (581012,), or (15120,), int64, 1 to 7, as published.
        - ``split`` : ndarray of shape (581012,), or (15120,), str: "train" for the first 11,340
          rows, "valid" for the next 3780, "test" for all others.
        - ``groups`` : ndarray of shape (54,), str: ten attributes of one column,
          "Wilderness_Area" of 4 and "Soil_Type" of 40.
        - ``group_costs`` : None.
        - ``feature_names`` : list of 54 str, "Elevation", "Soil_Type_0".
        - ``DESCR`` : str.

    Raises
    ------
    FileNotFoundError
        If the data are missing and may not be downloaded.
    ConnectionError
        If the download fails.
    ValueError
        If a file is damaged, or `subset` is none of its choices.
    ImportError
        If pooch, which locates the cache, is missing and needed.

    Notes
    -----
    The published test part has other class shares than the two others, which are balanced.
    Paper [2]_ counts 52 features where the data have 54 columns, and draws its own 70 % of all
    rows for training.

    References
    ----------
    .. [1] J. A. Blackard and D. J. Dean, "Comparative accuracies of artificial neural networks
       and discriminant analysis in predicting forest cover types from cartographic variables",
       Comput. Electron. Agric. 24 (1999) 131-151.
    .. [2] K. Chen, Z. Dai, H. Pan and Y. Sheng, "Benefit of Group Sparsity in Deep Learning"
       (2020), sections 3.1 and 4.3.

    Examples
    --------
    >>> from sgnn.datasets import fetch_covertype
    >>> covertype = fetch_covertype(subset="balanced")  # doctest: +SKIP
    >>> covertype.data.shape, str(covertype.groups[-1])  # doctest: +SKIP
    ((15120, 54), 'Soil_Type')
    """
    check_choice("subset", subset, _SUBSETS)
    head = find_file(_HEAD, data_home) if subset == "balanced" else None
    if head is None:
        data, target = _fetch(data_home, download_if_missing)
    else:
        arrays = read_npz(head, ["X", "y"])
        data, target = arrays["X"], arrays["y"]
    n_rows = _PARTS[-1] if subset == "balanced" else len(data)
    part = np.digitize(np.arange(n_rows), _PARTS)
    return Bunch(
        data=data[:n_rows].astype(np.float32),
        target=target[:n_rows].astype(np.int64),
        split=np.array(["train", "valid", "test"])[part],
        groups=np.repeat([*_NUMERIC, *_ENCODED], [1] * len(_NUMERIC) + [*_ENCODED.values()]),
        group_costs=None,
        feature_names=[
            *_NUMERIC,
            *(f"{name}_{value}" for name, values in _ENCODED.items() for value in range(values)),
        ],
        DESCR=f"Forest cover types, {_SUBSETS[subset]}: 7 classes, 12 cartographic attributes in "
        "54 columns.",
    )


def _fetch(data_home: DataHome, download_if_missing: bool) -> tuple[NDArray, NDArray]:
    # Imported on demand, as the import is slow.
    from sklearn.datasets import fetch_covtype

    try:
        return fetch_covtype(
            data_home=data_home, download_if_missing=download_if_missing, return_X_y=True
        )
    except OSError as error:
        if download_if_missing:
            raise ConnectionError(
                "The cover types could not be downloaded by scikit-learn's fetch_covtype; go "
                "online, or set data_home to a folder in which it has cached them."
            ) from error
        raise FileNotFoundError(
            "The cover types are not among the data that scikit-learn has cached and "
            "download_if_missing=False forbids to fetch them; set data_home to a folder that "
            "holds them, or allow the download."
        ) from error
