"""Many pools at once: every estimator of ``pool`` over arrays of shape (B, K).

Leave-one-out, cumulative pooling, bootstrap, permutation and specification curves are thousands
of pools of much the same studies. One at a time they cost a call each; here the arithmetic of all
of them runs together, and each answer is the one ``pool`` gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.batches.columns import Columns, column_products, column_squares
from saisei.synthesis.batches.rows import as_rows, check_rows
from saisei.synthesis.batches.tau2 import estimate_columns, q_profile_columns
from saisei.synthesis.pairwise.heterogeneity import METHODS, Method
from saisei.synthesis.pairwise.pooling import TESTS, Test

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray, IntArray

CHUNK = 1 << 16
"""Numbers in one working array: half a megabyte, which stays in a core's own cache."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PoolBatch(Result):
    """Many pooled effects; the attributes are those of ``PoolResult``, as arrays.

    Attributes
    ----------
    estimate, se, p, tau2, i2, h2, q, q_df, q_p : ndarray of shape (B,)
        As in ``PoolResult``, one entry a pool. A pool without a study is NaN throughout; of a
        pool of one study ``tau2``, ``i2``, ``h2`` and ``q_p`` are NaN.
    ci, prediction_interval : ndarray of shape (B, 2)
        Lower and upper limits; NaN where there is none (``None`` in ``PoolResult``).
    k : ndarray of int
        Number of studies of each pool.
    converged, iterations, boundary, multimodal : ndarray of shape (B,)
        How tau2 was reached. A pool without a study has not converged.
    weights : ndarray of shape (B, K)
        Each study's share; 0 where it is masked out.
    tau2_ci : ndarray of shape (B, 2) or None
        Q-profile intervals of tau2, where they were asked for.
    method, test, level
        What was used (a pool of one study has its own normal interval whatever the test).
    notes
        Sentences on what is unusual, with the number of pools.
    """

    estimate: FloatArray
    se: FloatArray
    ci: FloatArray
    p: FloatArray
    tau2: FloatArray
    i2: FloatArray
    h2: FloatArray
    q: FloatArray
    q_df: IntArray
    q_p: FloatArray
    prediction_interval: FloatArray
    k: IntArray
    method: str
    test: str
    level: float
    converged: BoolArray
    iterations: IntArray
    boundary: BoolArray
    multimodal: BoolArray
    notes: tuple[str, ...]
    weights: FloatArray
    tau2_ci: FloatArray | None = None

    @property
    def tau(self) -> FloatArray:
        """Standard deviation of true effects."""
        return np.sqrt(self.tau2)

    def __len__(self) -> int:
        return self.k.size

    def __repr__(self) -> str:
        head = f"PoolBatch: {len(self)} pools, method {self.method}, test {self.test}"
        if not len(self):
            return head
        lines = [head, f"  k {self.k.min()} to {self.k.max()}"]
        for name in ("estimate", "se", "tau2", "i2"):
            values = getattr(self, name)
            values = values[np.isfinite(values)]
            if values.size:
                low, middle, high = np.quantile(values, [0.0, 0.5, 1.0])
                lines.append(f"  {name} {low:.4f} to {high:.4f}, median {middle:.4f}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def pool_batch(
    y: ArrayLike,
    v: ArrayLike,
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
    mask: ArrayLike | None = None,
    *,
    tau2_ci: bool = False,
) -> PoolBatch:
    """Pool many sets of studies at once; each row gets the answer of ``pool``.

    Parameters
    ----------
    y, v : array_like
        Study estimates and sampling variances. Together with ``mask`` they are broadcast to
        (B, K): one row a pool, one column a study. What all pools share is given once.
    method, test, level
        As in ``pool``.
    mask : array_like of bool, optional
        True where the study is part of the pool. What stands in ``y`` and ``v`` elsewhere does
        not matter. Without it every entry is used.
    tau2_ci : bool
        Also the Q-profile interval of tau2 of each pool, which takes about as long again.

    Returns
    -------
    PoolBatch

    Raises
    ------
    ValueError
        If an argument is not as described; the message names row, column and value.

    Notes
    -----
    REML and ML are the global maximum: the slope of every pool's likelihood is taken on a grid,
    each turning refined, and the heights compared, as in ``pool``. The work goes through in
    chunks, so that beyond inputs and results memory does not grow with B.

    Examples
    --------
    >>> y, v = [-0.9, -1.6, -1.3, -1.4, -0.2], [0.33, 0.19, 0.42, 0.02, 0.05]
    >>> without_each = pool_batch(y, v, mask=~np.eye(5, dtype=bool))
    >>> without_each.estimate.round(3).tolist()
    [-1.072, -0.914, -1.006, -0.906, -1.388]
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; expected one of {', '.join(METHODS)}")
    if test not in TESTS:
        raise ValueError(f"test is {test!r}; expected one of {', '.join(TESTS)}")
    check_level(level)
    estimates, variances, there = as_rows(y, v, mask)
    rows, width = estimates.shape
    out = _empty(rows, width, tau2_ci=tau2_ci)
    size = max(1, CHUNK // width)
    for start in range(0, rows, size):
        part = slice(start, start + size)
        check_rows(estimates[part], variances[part], there[part], start)
        _fill(out, part, estimates[part], variances[part], there[part], (method, test, level))
    notes = _notes(out, method)
    for array in out.values():
        frozen(array)
    return PoolBatch(method=method, test=test, level=level, notes=notes, **out)


def _empty(rows: int, width: int, *, tau2_ci: bool) -> dict[str, NDArray[Any]]:
    """Results to be filled, by name; NaN stands until something is known."""
    pairs = ("ci", "prediction_interval", "tau2_ci") if tau2_ci else ("ci", "prediction_interval")
    numbers = ("estimate", "se", "p", "tau2", "i2", "h2", "q", "q_p")
    out: dict[str, NDArray[Any]] = {name: np.full(rows, np.nan) for name in numbers}
    out |= {name: np.full((rows, 2), np.nan) for name in pairs}
    out |= {name: np.zeros(rows, dtype=bool) for name in ("converged", "boundary", "multimodal")}
    out |= {name: np.zeros(rows, dtype=np.intp) for name in ("k", "q_df", "iterations")}
    return out | {"weights": np.zeros((rows, width))}


def _fill(
    out: dict[str, NDArray[Any]],
    part: slice,
    y: FloatArray,
    v: FloatArray,
    there: BoolArray,
    how: tuple[Method, Test, float],
) -> None:
    """Pool one chunk and write it where it belongs."""
    k = there.sum(axis=1)
    out["k"][part] = k
    out["q_df"][part] = np.maximum(k - 1, 0)
    rows = np.arange(k.size) + part.start
    for several in (False, True):
        use = k > 1 if several else k == 1
        if not use.any():
            continue
        at = rows[use]
        inside = np.ascontiguousarray(there[use].T)
        values = np.where(inside, y[use].T, 0.0)
        spreads = np.where(inside, v[use].T, np.inf)
        found = _pool(values, spreads, inside, how) if several else _single(values, spreads, how[2])
        if several and "tau2_ci" in out:
            centred = _columns(values, spreads, inside)[0]
            found["tau2_ci"] = q_profile_columns(centred, how[2])
        for name, value in found.items():
            out[name][at] = value


def _single(y: FloatArray, v: FloatArray, level: float) -> dict[str, Any]:
    """Columns of one study: its own normal interval; nothing can be said of heterogeneity."""
    estimate, se = y.sum(axis=0), np.sqrt(v.min(axis=0))
    half = float(special.ndtri(0.5 + 0.5 * level)) * se
    return {
        "estimate": estimate,
        "se": se,
        "ci": np.stack([estimate - half, estimate + half], axis=-1),
        "p": 2.0 * special.ndtr(-np.abs(estimate) / se),
        "q": 0.0,
        "converged": True,
        "weights": np.isfinite(v).T,
    }


def _pool(
    y: FloatArray, v: FloatArray, there: BoolArray, how: tuple[Method, Test, float]
) -> dict[str, Any]:
    """Columns of two or more studies; the formulae are those of ``pairwise``."""
    method, test, level = how
    data, base, apart = _columns(y, v, there)
    k = data.k
    found = estimate_columns(data, method)
    w = 1.0 / (v + found.tau2)
    total = w.sum(axis=0)
    estimate = base + (w * apart).sum(axis=0) / total
    fixed = 1.0 / v
    q = column_squares(apart, fixed, fixed.sum(axis=0))
    factor: FloatArray | float = 1.0
    if test not in ("z", "t"):
        factor = column_squares(apart, w, total) / (k - 1)
        if test == "knha-safeguarded":
            factor = np.maximum(1.0, factor)
    se = np.sqrt(factor / total)
    i2, h2 = _i2_h2(fixed, found.tau2, q, k, method)
    interval, prediction = _intervals(estimate, se, found.tau2, k, (test, level))
    return {
        **{name: getattr(found, name) for name in found.__slots__},
        "estimate": estimate,
        "se": se,
        "ci": interval,
        "p": _p_values(estimate, se, None if test == "z" else k - 1),
        "i2": i2,
        "h2": h2,
        "q": q,
        "q_p": special.chdtrc(k - 1, q),
        "prediction_interval": np.nan if method == "EE" else prediction,
        "weights": (w / total).T,
    }


def _columns(
    y: FloatArray, v: FloatArray, there: BoolArray
) -> tuple[Columns, FloatArray, FloatArray]:
    """Pools about their means, the first study of each, and the estimates measured from it."""
    k = there.sum(axis=0).astype(np.float64)
    base = y[there.argmax(axis=0), np.arange(k.size)]
    apart = np.where(there, y - base, 0.0)
    centred = np.where(there, apart - apart.sum(axis=0) / k, 0.0)
    centred[:, ~apart.any(axis=0)] = 0.0
    return Columns(centred, v, there, k), base, apart


def _i2_h2(
    w: FloatArray, tau2: FloatArray, q: FloatArray, k: FloatArray, method: Method
) -> tuple[FloatArray, FloatArray]:
    """I2 (per cent) and H2: from tau2 for random effects, from Q for the common effect."""
    if method == "EE":
        h2 = q / (k - 1)
        return 100.0 * np.maximum(0.0, 1.0 - 1.0 / np.where(h2 > 1.0, h2, 1.0)), h2
    typical = (k - 1) * w.sum(axis=0) / column_products(w)
    return 100.0 * tau2 / (tau2 + typical), tau2 / typical + 1.0


def _intervals(
    estimate: FloatArray, se: FloatArray, tau2: FloatArray, k: FloatArray, how: tuple[Test, float]
) -> tuple[FloatArray, FloatArray]:
    """Confidence and prediction intervals; the quantile is worked out once for each k."""
    test, level = how
    upper = 0.5 + 0.5 * level
    quantile: FloatArray | float
    if test == "z":
        quantile = float(special.ndtri(upper))
    else:
        table = special.stdtrit(np.arange(1.0, k.max() + 1), upper)
        quantile = np.asarray(table[k.astype(np.intp) - 2])
    half, wide = quantile * se, quantile * np.sqrt(se * se + tau2)
    return (
        np.stack([estimate - half, estimate + half], axis=-1),
        np.stack([estimate - wide, estimate + wide], axis=-1),
    )


def _p_values(estimate: FloatArray, se: FloatArray, df: FloatArray | None) -> FloatArray:
    """Two-sided p values of no effect; with no spread at all 0, or 1 at no effect."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(estimate == 0.0, 0.0, -np.abs(estimate) / se)
    return np.asarray(2.0 * (special.ndtr(ratio) if df is None else special.stdtr(df, ratio)))


def _notes(out: dict[str, NDArray[Any]], method: Method) -> tuple[str, ...]:
    """Say how many pools are unusual, and in what way."""
    counts = {
        "without a study: nothing to pool": out["k"] == 0,
        "of one study: its own normal interval; tau2 cannot be estimated": out["k"] == 1,
        "of two studies: tau2 is hardly known": (out["k"] == 2) & (method != "EE"),
        "with several maxima of the likelihood; the highest was taken": out["multimodal"],
        "did not converge": ~out["converged"] & (out["k"] > 0),
    }
    numbers = {text: int(which.sum()) for text, which in counts.items()}
    return tuple(f"{n} {'pool' if n == 1 else 'pools'} {t}" for t, n in numbers.items() if n)
