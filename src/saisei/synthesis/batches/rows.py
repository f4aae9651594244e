"""Bringing many sets of studies into rows and columns, and checking what stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.arrays import LARGEST

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray


def as_rows(
    y: ArrayLike, v: ArrayLike, mask: ArrayLike | None
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Broadcast the three arguments to one shape (B, K), without copying."""
    try:
        estimates, variances = np.asarray(y, dtype=np.float64), np.asarray(v, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y and v must be numbers: {error}") from None
    there = np.asarray(True if mask is None else mask)
    if there.dtype != np.bool_:
        raise ValueError(f"mask holds {there.dtype}; expected True and False")
    shapes = (estimates.shape, variances.shape, there.shape)
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        shape = ()
    if len(shape) == 1:
        shape = (1, *shape)
    if len(shape) != 2 or shape[1] == 0:
        named = "y {}, v {}, mask {}".format(*shapes)
        raise ValueError(f"the shapes are {named}; expected (B, K) for all, or what repeats to it")
    return (
        np.broadcast_to(estimates, shape),
        np.broadcast_to(variances, shape),
        np.broadcast_to(there, shape),
    )


def check_rows(y: FloatArray, v: FloatArray, there: BoolArray, first: int) -> None:
    """Refuse the first entry in use that is not a number, or not a variance."""
    checks = (
        ("y", y, np.abs(y) < LARGEST, f"a finite number within {LARGEST:g}"),
        ("v", v, (v > 1 / LARGEST) & (v < LARGEST), f"from {1 / LARGEST:g} to {LARGEST:g}"),
    )
    for name, array, good, expected in checks:
        bad = there & ~good
        if bad.any():
            row, column = np.unravel_index(int(bad.argmax()), bad.shape)
            raise ValueError(
                f"{name}[{first + row}, {column}] is {array[row, column]:g}; expected {expected} "
                "(a study that is not part of a pool is masked out)"
            )
