"""Data sets that ship inside scikit-learn, with their groups."""

from __future__ import annotations

import numpy as np
from sklearn.utils import Bunch

from ._names import crossed, numbered

_SIDE = 8
_BRIGHTEST = 16.0


def load_digit_rows() -> Bunch:
    """Load 1797 handwritten digits of 8 x 8 pixels, grouped by image row.

    scikit-learn's ``load_digits`` divided by 16, so that every pixel lies in [0, 1].  Nothing is
    downloaded.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (1797, 64), float32 in [0, 1], rows of pixels one after
          another.
        - ``target`` : ndarray of shape (1797,), int64, the digit.
        - ``groups`` : ndarray of shape (64,), str, "row 0" to "row 7".
        - ``group_costs`` : None.
        - ``feature_names`` : list of 64 str, "row 3 column 5".
        - ``DESCR`` : str.

    See Also
    --------
    fetch_mnist_rows : 70,000 digits of 28 x 28 pixels.

    References
    ----------
    .. [1] E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
       Learning Repository, 1998.

    Examples
    --------
    >>> from sgnn.datasets import load_digit_rows
    >>> digits = load_digit_rows()
    >>> digits.data.shape, str(digits.groups[0]), str(digits.groups[-1])
    ((1797, 64), 'row 0', 'row 7')
    """
    # Imported on demand, as the import is slow.
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows = numbered("row", _SIDE)
    return Bunch(
        data=(digits.data / _BRIGHTEST).astype(np.float32),
        target=digits.target.astype(np.int64),
        groups=np.repeat(rows, _SIDE),
        group_costs=None,
        feature_names=crossed(rows, numbered("column", _SIDE)),
        DESCR="1797 handwritten digits, 8 x 8 pixels in [0, 1], grouped by their 8 image rows.",
    )
