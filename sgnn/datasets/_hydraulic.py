"""The condition of a hydraulic rig from its sensors."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from ._cache import DataHome, cache_home, download, find_file, read_member, read_npz, write_npz
from ._choices import check_choice
from ._names import crossed, numbered

_ARCHIVE = "hydraulic/condition+monitoring+of+hydraulic+systems.zip"
_URL = "https://archive.ics.uci.edu/static/public/447/condition+monitoring+of+hydraulic+systems.zip"
_SHA256 = "24128aad2ee45eea7e6b63ebbd9992cdf25d0483a2cebefbfc13bc69079af1f2"
_PARSED = "hydraulic/hydraulic_1hz.npz"

_SENSORS = (
    *("PS1", "PS2", "PS3", "PS4", "PS5", "PS6"),  # pressure, 100 Hz
    *("EPS1", "FS1", "FS2"),  # motor power, 100 Hz; volume flow, 10 Hz
    *("TS1", "TS2", "TS3", "TS4", "VS1"),  # temperature, vibration, 1 Hz
    *("CE", "CP", "SE"),  # cooling efficiency and power, efficiency: virtual, 1 Hz
)
_SECONDS = 60
_TARGETS = ("cooler", "valve", "pump_leak", "accumulator", "stable")

_Arrays: TypeAlias = dict[str, NDArray]


def fetch_hydraulic(
    data_home: DataHome = None,
    download_if_missing: bool = True,
    *,
    target: Literal["cooler", "valve", "pump_leak", "accumulator", "stable"] = "cooler",
) -> Bunch:
    """Fetch 2205 load cycles of a hydraulic rig, grouped by sensor.

    Each row is a cycle of 60 seconds, seen by 17 sensors; of those that measure 10 or 100 times a
    second, the mean of each second is given.  ``hydraulic/hydraulic_1hz.npz`` (the parsed arrays)
    or else the zip archive of the UCI repository (77 MB) is read from the folder that the
    environment variable ``SGNN_DATA`` names, or else from the cache; if both are missing, the
    latter is downloaded.  The archive is checked by its SHA-256, and the parsed arrays are kept
    in the cache.

    Parameters
    ----------
    data_home : path, default=None
        The cache.  None: the user's cache folder for sgnn, ``pooch.os_cache("sgnn")``.
    download_if_missing : bool, default=True
        Whether a missing file may be downloaded.
    target : {"cooler", "valve", "pump_leak", "accumulator", "stable"}, default="cooler"
        What to predict: the efficiency of the cooler in % (3, 20, 100), the valve's condition in
        % (73, 80, 90, 100), the leakage of the pump (0, 1, 2), the pressure of the accumulator in
        bar (90, 100, 115, 130), or the flag (0, 1) of conditions that may not have been
        static yet.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (2205, 1020), float32, sensor by sensor.
        - ``target`` : ndarray of shape (2205,), int64.
        - ``targets`` : ndarray of shape (2205, 5), int64, all of them.
        - ``target_names`` : list of 5 str, the columns of ``targets``.
        - ``groups`` : ndarray of shape (1020,), str, "PS1" to "SE".
        - ``group_costs`` : None.
        - ``feature_names`` : list of 1020 str, "PS1 second 00".
        - ``DESCR`` : str.

    Raises
    ------
    FileNotFoundError
        If the files are missing and may not be downloaded.
    ConnectionError
        If the download fails.
    ValueError
        If a file is damaged, or `target` is none of its choices.
    ImportError
        If pooch is missing and needed.

    Notes
    -----
    The rows are ordered in time and the conditions change slowly: rows beside each other are
    nearly equal, so cut training and test parts in blocks, not at random.  CE, CP and SE are
    computed from other sensors.

    References
    ----------
    .. [1] N. Helwig, E. Pignanelli and A. Schütze, "Condition monitoring of a complex hydraulic
       system using multivariate statistics", Proc. I2MTC (2015) 210-215; UCI Machine Learning
       Repository, doi:10.24432/C5CW21.

    Examples
    --------
    >>> from sgnn.datasets import fetch_hydraulic
    >>> rig = fetch_hydraulic(target="valve")  # doctest: +SKIP
    >>> rig.data.shape, str(rig.groups[0]), sorted(set(rig.target.tolist()))  # doctest: +SKIP
    ((2205, 1020), 'PS1', [73, 80, 90, 100])
    """
    check_choice("target", target, _TARGETS)
    arrays = _load_arrays(data_home, download_if_missing)
    targets = arrays["targets"].astype(np.int64)
    return Bunch(
        data=arrays["X"].astype(np.float32),
        target=targets[:, _TARGETS.index(target)],
        targets=targets,
        target_names=list(_TARGETS),
        groups=np.repeat(_SENSORS, _SECONDS),
        group_costs=None,
        feature_names=crossed(_SENSORS, numbered("second", _SECONDS)),
        DESCR=f"2205 load cycles of a hydraulic rig in the order of time, 17 sensors at 60 "
        f"seconds, grouped by sensor; the target is {target!r}.",
    )


def _load_arrays(data_home: DataHome, download_if_missing: bool) -> _Arrays:
    """Return "X", (n, 17 * 60), and "targets", (n, 5)."""
    path = find_file(_PARSED, data_home)
    if path is not None:
        return read_npz(path, ["X", "targets"])
    path = download(
        _ARCHIVE,
        _URL,
        sha256=_SHA256,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )
    arrays: _Arrays = {
        "X": np.hstack([_seconds(_read_table(path, sensor)) for sensor in _SENSORS]),
        "targets": _read_table(path, "profile").astype(np.int16),
    }
    write_npz(cache_home(data_home) / _PARSED, arrays)
    return arrays


def _read_table(path: Path, name: str) -> NDArray[np.float64]:
    """Return a tab-delimited table of the archive, one row per cycle."""
    return np.loadtxt(io.BytesIO(read_member(path, f"{name}.txt")), ndmin=2)


def _seconds(samples: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the mean of each second, (n, 60), of 60, 600 or 6000 samples a row."""
    return samples.reshape(len(samples), _SECONDS, -1).mean(axis=2).astype(np.float32)
