"""Images as Haar wavelet bands, one group per band, and the inverse transform."""

from __future__ import annotations

import math
from itertools import chain
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch

from ._names import crossed, numbered

_WAVELET = "haar"
# How an odd side is extended by one pixel: the last one is repeated.  Every mode of PyWavelets
# gives the same number of coefficients, as the Haar filter has two taps.
_MODE = "symmetric"
_DIRECTIONS = ("horizontal", "vertical", "diagonal")

_Band = tuple[str, tuple[int, int]]


def haar_groups(images: ArrayLike, level: int = 4) -> Bunch:
    """Transform images into Haar wavelet coefficients, grouped by frequency band.

    Each of the ``level`` steps of the two-dimensional transform maps an image ``A`` of h x w to
    four of ceil(h/2) x ceil(w/2), the sums and differences of its 2 x 2 blocks: the approximation,
    which the next step transforms again, and the horizontal, vertical and diagonal details, which
    are kept.  At level 4 an image of 28 x 28 becomes 4 + 3 (4 + 16 + 49 + 196) = 799 coefficients
    in 1 + 3 x 4 = 13 groups.

    Parameters
    ----------
    images : array-like of shape (n_images, height, width) or (n_images, side * side)
        Gray images; of two dimensions, they are taken to be square.
    level : int, default=4
        The number of steps, at most log2 of the shorter side.

    Returns
    -------
    Bunch
        - ``data`` : ndarray of shape (n_images, n_coefficients), float32.
        - ``groups`` : ndarray of shape (n_coefficients,), str: "approximation 4",
          "horizontal 4", "vertical 4", "diagonal 4", "horizontal 3", ... "diagonal 1".  The
          number is PyWavelets' level, where 4 is the coarsest and 1 the finest; the paper counts
          from the coarsest, so its first level is 4 here and its fourth is 1.
        - ``group_costs`` : None.
        - ``feature_names`` : list of str, "horizontal 3 row 2 column 1".
        - ``coefficient_shapes`` : dict from group name to (height, width), in the order of the
          columns.
        - ``image_shape`` : (height, width) of the images, for `inverse_haar_groups`.
        - ``level`` : int, as given.
        - ``DESCR`` : str.

    Raises
    ------
    ValueError
        If the images have no such shape or are too small for the level.
    ImportError
        If PyWavelets is missing.

    See Also
    --------
    inverse_haar_groups : From coefficients to images.

    Notes
    -----
    A side of odd length (7 of 28 at level 4) is extended by repeating its last pixel.

    References
    ----------
    .. [1] B. Li et al., "Sparsely Grouped Input Variables for Neural Networks",
       arXiv:1911.13068 (2019), appendix C.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sgnn.datasets import haar_groups
    >>> bands = haar_groups(np.ones((3, 28, 28)))
    >>> bands.data.shape, len(bands.coefficient_shapes)
    ((3, 799), 13)
    >>> bands.coefficient_shapes["horizontal 3"]
    (4, 4)
    """
    pywt = _import_pywt()
    stack = _image_stack(images)
    image_shape = (stack.shape[1], stack.shape[2])
    bands = _bands(image_shape, level)

    approximation, *details = pywt.wavedec2(stack, _WAVELET, mode=_MODE, level=level)
    planes = [approximation, *chain.from_iterable(details)]
    return Bunch(
        data=np.hstack([plane.reshape(len(stack), -1) for plane in planes]).astype(np.float32),
        groups=np.repeat([name for name, _ in bands], [math.prod(shape) for _, shape in bands]),
        group_costs=None,
        feature_names=[
            f"{name} {pixel}"
            for name, (height, width) in bands
            for pixel in crossed(numbered("row", height), numbered("column", width))
        ],
        coefficient_shapes=dict(bands),
        image_shape=image_shape,
        level=level,
        DESCR=f"Haar wavelet coefficients of {image_shape[0]} x {image_shape[1]} images at level "
        f"{level}, grouped into {len(bands)} frequency bands.",
    )


def inverse_haar_groups(
    data: ArrayLike, image_shape: tuple[int, int] = (28, 28), level: int = 4
) -> NDArray:
    """Transform the coefficients of `haar_groups` back into images.

    ``inverse_haar_groups(haar_groups(images).data)`` equals ``images`` up to rounding.  With the
    columns of some groups set to zero it shows the part of the image in the remaining groups.

    Parameters
    ----------
    data : array-like of shape (n_images, n_coefficients)
        Coefficients in the order of `haar_groups`.
    image_shape : (int, int), default=(28, 28)
        Height and width of the images.
    level : int, default=4
        The level that `haar_groups` was given.

    Returns
    -------
    ndarray of shape (n_images, height, width)
        The images, float32 for float32 coefficients and float64 for any other.

    Raises
    ------
    ValueError
        If the number of columns is not that of this image shape and level.
    ImportError
        If PyWavelets is missing.

    See Also
    --------
    haar_groups : From images to coefficients.

    References
    ----------
    .. [1] B. Li et al., "Sparsely Grouped Input Variables for Neural Networks",
       arXiv:1911.13068 (2019), appendix C.2 and figure 7.

    Examples
    --------
    >>> import numpy as np
    >>> from sgnn.datasets import haar_groups, inverse_haar_groups
    >>> images = np.arange(2 * 28 * 28, dtype=np.float32).reshape(2, 28, 28)
    >>> bands = haar_groups(images)
    >>> bool(np.allclose(inverse_haar_groups(bands.data), images, atol=1e-2))
    True
    >>> coarse = np.where(np.char.endswith(bands.groups, "1"), 0, bands.data)
    >>> inverse_haar_groups(coarse).shape
    (2, 28, 28)
    """
    pywt = _import_pywt()
    coefficients = np.asarray(data)
    shapes = [shape for _, shape in _bands(image_shape, level)]
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    if coefficients.ndim != 2 or coefficients.shape[1] != ends[-1]:
        raise ValueError(
            f"data has shape {coefficients.shape}; image_shape={tuple(image_shape)} and "
            f"level={level} need (n_images, {ends[-1]})."
        )
    flat = np.split(coefficients, ends[:-1], axis=1)
    planes = [plane.reshape(-1, *shape) for plane, shape in zip(flat, shapes, strict=True)]
    details = [tuple(planes[i : i + 3]) for i in range(1, len(planes), 3)]
    images = pywt.waverec2([planes[0], *details], _WAVELET, mode=_MODE)
    # Crop the pixel by which the transform extended odd sides.
    return images[:, : image_shape[0], : image_shape[1]]


def _bands(image_shape: tuple[int, int], level: int) -> list[_Band]:
    """Return (name, shape) of every band, from coarse to fine."""
    pywt = _import_pywt()
    deepest = pywt.dwtn_max_level(image_shape, _WAVELET)
    if not 1 <= level <= deepest:
        raise ValueError(
            f"level={level} does not fit images of {image_shape[0]} x {image_shape[1]}; "
            f"give a level from 1 to {deepest}."
        )
    coarsest, *finer = pywt.wavedecn_shapes(tuple(image_shape), _WAVELET, mode=_MODE, level=level)
    bands: list[_Band] = [(f"approximation {level}", coarsest)]
    for depth, shapes in zip(range(level, 0, -1), finer, strict=True):
        # The three details of a level are of one shape.
        bands += [(f"{direction} {depth}", shapes["dd"]) for direction in _DIRECTIONS]
    return bands


def _image_stack(images: ArrayLike) -> NDArray:
    """Return the images as (n_images, height, width)."""
    stack = np.asarray(images)
    if stack.ndim == 2 and (side := math.isqrt(stack.shape[1])) ** 2 == stack.shape[1]:
        return stack.reshape(-1, side, side)
    if stack.ndim == 3:
        return stack
    raise ValueError(
        f"images has shape {stack.shape}; give (n_images, height, width), "
        "or (n_images, side * side) for square images."
    )


def _import_pywt() -> ModuleType:
    try:
        import pywt
    except ImportError as error:
        raise ImportError(
            'The Haar transform needs PyWavelets; install it with pip install "sgnn[datasets]".'
        ) from error
    return pywt
