"""Several outcomes of the same studies: checking the data, and fitting them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric.arrays import LARGEST
from saisei.synthesis.effects.measures import LeftOut
from saisei.synthesis.regression.design import check_rank
from saisei.synthesis.regression.mixed_blocks import (
    BlockFit,
    Blocks,
    common_fit,
    fit_blocks,
    log_likelihood,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray

DEFINITE = 1e-10
"""Smallest eigenvalue of a study's sampling correlations that still counts as above 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Studies with something reported: y (k, p), v (k, p, p), x (k, c), and what was left out.

    What a study does not report is 0 in ``y``; in ``v`` its variance is 1 and its covariances 0.
    """

    y: FloatArray
    v: FloatArray
    x: FloatArray
    there: BoolArray
    left_out: tuple[LeftOut, ...]

    def blocks(self, centre: FloatArray, scale: FloatArray) -> Blocks:
        """Return ``(y - centre) / scale`` as blocks, one outcome's coefficients after another's."""
        k, p = self.y.shape
        z = np.where(self.there[..., None], np.eye(p), 0.0)
        x = np.einsum("kij,kc->kijc", z, self.x).reshape(k, p, -1)
        size = np.where(self.there, scale, 1.0)
        v = self.v / (size[:, :, None] * size[:, None, :])
        y = np.where(self.there, (self.y - centre) / size, 0.0)
        return Blocks(y, x, z, v, int(self.there.sum()))


def numbers(name: str, values: ArrayLike) -> FloatArray:
    """Return floats of any shape; a missing value (None) becomes NaN."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers: {error}") from None


def outcome_names(names: Sequence[str] | None, p: int) -> tuple[str, ...]:
    """Return the outcomes' names: those given, or ``y1``, ``y2`` and so on."""
    given = tuple(map(str, names)) if names is not None else tuple(f"y{j + 1}" for j in range(p))
    if len(given) != p:
        raise ValueError(f"outcomes has {len(given)} entries; y has {p} columns")
    if len(set(given)) != p:
        raise ValueError(f"outcomes holds a name more than once: {', '.join(given)}")
    return given


def check_outcomes(y: FloatArray, v: FloatArray, x: FloatArray) -> Outcomes:
    """Check every study and leave out those that report nothing."""
    there = ~np.isnan(y)
    for i, j in np.argwhere(there & ~(np.abs(y) < LARGEST)).tolist():
        raise ValueError(f"y[{i}, {j}] is {y[i, j]:g}; expected a finite number")
    spread = np.where(there[:, :, None] & there[:, None, :], v, np.eye(y.shape[1]))
    for i in range(len(y)):
        _check_covariance(i, spread[i], there[i])
    spread = 0.5 * (spread + spread.mT)
    some = there.any(1)
    left_out = tuple(LeftOut(i, "no outcome reported") for i in np.flatnonzero(~some).tolist())
    return Outcomes(np.where(there, y, 0.0)[some], spread[some], x[some], there[some], left_out)


def _check_covariance(i: int, v: FloatArray, there: BoolArray) -> None:
    for j in np.flatnonzero(there).tolist():
        if not 1 / LARGEST < v[j, j] < LARGEST:
            raise ValueError(f"v[{i}, {j}, {j}] is {v[j, j]:g}; expected a variance above 0")
    size = np.sqrt(np.diagonal(v))
    correlation = v / np.outer(size, size)
    for a, b in itertools.combinations(range(len(v)), 2):
        if not np.isfinite(correlation[a, b] + correlation[b, a]):
            raise ValueError(f"v[{i}, {a}, {b}] is {v[a, b]:g}; expected a finite number")
        if abs(correlation[a, b] - correlation[b, a]) > 1e-8:
            raise ValueError(
                f"v[{i}] is not symmetric: [{a}, {b}] is {v[a, b]:g}, [{b}, {a}] is {v[b, a]:g}"
            )
    if np.linalg.eigvalsh(correlation)[0] < DEFINITE:
        raise ValueError(f"v[{i}] is not positive definite; such a covariance matrix cannot be")


def from_variances(v: FloatArray, rho: ArrayLike) -> FloatArray:
    """Return covariance matrices from variances and one correlation for all, or one per study."""
    k, p = v.shape
    given: Any = numbers("rho", rho)
    if given.shape not in {(), (k,)}:
        raise ValueError(f"rho has shape {given.shape}; expected a number, or one for each study")
    each = np.broadcast_to(given, (k,))
    low = -1.0 / (p - 1) if p > 1 else -1.0
    for i in np.flatnonzero(~((each > low) & (each < 1.0)) & (p > 1)).tolist():
        raise ValueError(f"rho of study {i} is {each[i]:g}; expected between {low:g} and 1")
    sd = np.sqrt(np.where(v >= 0.0, v, np.nan))
    out = each[:, None, None] * sd[:, :, None] * sd[:, None, :]
    places = np.arange(p)
    out[:, places, places] = v
    return np.asarray(out)


def enough(
    data: Outcomes, outcomes: Sequence[str], names: tuple[str, ...], structure: str | None
) -> None:
    """Raise a ValueError where the data cannot tell the coefficients or Psi.

    ``structure`` is None for the common-effect model; ``names`` are the moderators'.
    """
    p, c = len(outcomes), data.x.shape[1]
    for j in range(p):
        reporting = data.x[data.there[:, j]]
        need = c + (structure in {"unstructured", "diagonal"})
        if len(reporting) < need:
            raise ValueError(
                f"{len(reporting)} studies report {outcomes[j]!r}; at least {need} are needed"
            )
        try:
            check_rank(reporting, names)
        except ValueError as error:
            raise ValueError(f"among the studies with {outcomes[j]!r}: {error}") from None
    if structure == "compound" and data.there.sum() < p * c + 2:
        raise ValueError(f"{data.there.sum()} estimates cannot carry {p * c} means and a variance")
    for a, b in itertools.combinations(range(p), 2):
        both = int((data.there[:, a] & data.there[:, b]).sum())
        if structure == "unstructured" and both < 2:
            raise ValueError(
                f"{both} studies report both {outcomes[a]!r} and {outcomes[b]!r}; at least 2 are "
                'needed for their correlation (structure="diagonal" or "compound" needs none)'
            )


def fit_outcomes(data: Outcomes, method: str, structure: str) -> tuple[BlockFit, float]:
    """Fit checked data; coefficients of moderators are found in an orthonormal basis."""
    k, p = data.y.shape
    count = data.there.sum(0)
    centre = data.y.sum(0) / count
    sizes = [np.median(data.v[data.there[:, j], j, j]) for j in range(p)]
    scale = np.sqrt(np.array(sizes))
    parts = None
    if structure == "diagonal":
        parts = np.einsum("mi,mj->mij", np.eye(p), np.eye(p))
    elif structure == "compound":
        scale = np.full(p, float(np.exp(np.log(scale).mean())))
        parts = np.array([np.eye(p) - 1.0 / p, np.full((p, p), 1.0 / p)])[int(p == 1) :]
    root, triangle = np.linalg.qr(data.x)
    root, triangle = root * math.sqrt(k), triangle / math.sqrt(k)
    blocks = replace(data, x=root).blocks(centre, scale)
    beta, covariance, q = common_fit(blocks)
    found = BlockFit(beta, covariance, np.zeros((p, p)), 0.0, 0, converged=True, boundary=False)
    if method != "EE":
        found = fit_blocks(blocks, restricted=method == "REML", parts=parts)
    back = np.kron(np.diag(scale), np.linalg.inv(triangle))
    mean = back @ found.beta
    mean[:: data.x.shape[1]] += centre
    psi = found.psi * np.outer(scale, scale)
    whole = data.blocks(np.zeros(p), np.ones(p))
    return replace(
        found,
        beta=mean,
        covariance=back @ found.covariance @ back.T,
        psi=psi,
        log_likelihood=log_likelihood(whole, psi, restricted=method == "REML"),
    ), q


def spread_of(psi: FloatArray, data: Outcomes) -> tuple[FloatArray, FloatArray]:
    """Return standard deviations and correlations between studies; NaN where nothing varies."""
    sampling = np.array([np.median(data.v[m, j, j]) for j, m in enumerate(data.there.T)])
    variances = np.diagonal(psi)
    tau = np.sqrt(np.where(variances > 1e-9 * sampling, variances, 0.0))
    size = np.where(tau > 0.0, tau, np.nan)
    correlations = np.clip(psi / np.outer(size, size), -1.0, 1.0)
    correlations[np.arange(len(tau)), np.arange(len(tau))] = np.where(tau > 0.0, 1.0, np.nan)
    return tau, correlations
