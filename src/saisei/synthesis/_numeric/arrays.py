"""Checking what callers hand in, so that a mistake is named where it stands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.intp]
    BoolArray = NDArray[np.bool_]

LARGEST = 1e60
"""Beyond this, and below its inverse, squares and ratios no longer fit a float safely."""

Array = TypeVar("Array", bound="NDArray[Any]")


def vector(name: str, values: ArrayLike) -> FloatArray:
    """Return ``values`` as one row of floats; a missing value (None) becomes NaN."""
    try:
        array = np.array(values, dtype=np.float64, ndmin=1)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers: {error}") from None
    if array.ndim != 1:
        raise ValueError(f"{name} must be one row of numbers, not an array of shape {array.shape}")
    return array


def refuse(name: str, array: FloatArray, bad: BoolArray, expected: str) -> None:
    """Raise a ValueError that names the first bad entry, if there is one."""
    if bad.any():
        index = int(bad.argmax())
        raise ValueError(f"{name}[{index}] is {array[index]:g}; expected {expected}")


def studies(y: ArrayLike, spread: ArrayLike, spread_name: str) -> tuple[FloatArray, FloatArray]:
    """Return estimates and their variances (or standard errors), checked.

    Raises
    ------
    ValueError
        If the lengths differ, there is no study, a value is not finite, or a variance (standard
        error) is not above zero. The message names the place and the value.
    """
    estimates, spreads = vector("y", y), vector(spread_name, spread)
    if estimates.size != spreads.size:
        raise ValueError(
            f"y has {estimates.size} values and {spread_name} has {spreads.size}; "
            "each study needs one of both"
        )
    if estimates.size == 0:
        raise ValueError("there is no study: y is empty")
    refuse("y", estimates, ~(np.abs(estimates) < LARGEST), f"a finite number within {LARGEST:g}")
    positive = np.isfinite(spreads) & (spreads > 0)
    refuse(spread_name, spreads, ~positive, "a finite number above 0")
    extreme = ~((spreads > 1 / LARGEST) & (spreads < LARGEST))
    refuse(spread_name, spreads, extreme, f"a number between {1 / LARGEST:g} and {LARGEST:g}")
    return estimates, spreads


def check_level(level: float) -> float:
    """Return ``level`` if it is a probability strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level is {level:g}; expected a number between 0 and 1, such as 0.95")
    return float(level)


def frozen(array: Array) -> Array:
    """Return the array, made read-only, for keeping inside a result."""
    array.flags.writeable = False
    return array


def plain(value: Any) -> Any:
    """Turn arrays, tuples and NumPy numbers into what JSON can hold; NaN becomes None.

    Infinity, which says that a quantity does not exist or has no bound, becomes the word
    ``"inf"`` or ``"-inf"``, since JSON has no number for it.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else f"{value:g}"
    return value
