"""Mantel-Haenszel for networks (Efthimiou, Rücker, Schwarzer, Higgins, Egger and Salanti 2019).

Within a design, that is among the studies with the same arms, with r and s people with and
without the event and N people of all arms in a study,

    C_xy = sum r_x s_y / N,    L_xy = log(C_xy / C_yx),    m_x = mean over y of L_xy:

``m_x - m_y`` is the generalised Mantel-Haenszel log odds ratio (Mickey and Elashoff 1985), for two
arms the usual one. Designs are then put together by generalised least squares.

The covariances hold for few large and for many small studies alike, as do those of Robins,
Breslow and Greenland (1986), which are the variances of L_xy here. The covariance of two
comparisons that share arm x (Greenland 1989 has one of the same kind) comes from
``cov(H_xy, H_xz) = n_x p_x/(1 - p_x) E s_y E s_z / N^2`` for ``H_xy = (r_x s_y - OR r_y s_x)/N``,
to which each of r_x s_y s_z + OR_xy OR_xz s_x r_y r_z, n_x OR_xy r_y s_z and n_x OR_xz r_z s_y is
unbiased. They count 1/2, 1/4 and 1/4, since then y = z gives the formula of Robins and others
again. Of a design with one study all this gives the variances and covariances of Woolf (1955).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis.networks.arms import Arms, leave_out_silent
from saisei.synthesis.networks.data import Direct

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray

SINGULAR = 1e-10
"""A variance this small a part of the largest of its design is none: rounding."""


def leave_out_designs(arms: Arms, left_out: dict[int, str]) -> Arms:
    """Leave out arms whose odds ratios in their own design are not finite."""
    while True:
        arms = leave_out_silent(arms, left_out)
        where = np.ones(arms.row.size, dtype=bool)
        members = arms.members()
        for design, studies in arms.designs().items():
            own = np.array([members[study] for study in studies])
            sums = _sums(arms.r[own], arms.s[own])
            bad = (sums == 0.0) | (sums.T == 0.0)
            np.fill_diagonal(bad, val=False)
            if not bad.any():
                continue
            names = " and ".join(arms.treatments[t] for t in design)
            first = int(bad.sum(0).argmax())
            alone = f"the studies of just {names} have no finite Mantel-Haenszel odds ratio"
            gone, reason = slice(None), alone
            if len(design) > 2:
                gone = slice(first, first + 1)
                reason = f"{alone} of {arms.treatments[design[first]]}"
            for at in own[:, gone].ravel().tolist():
                where[at] = False
                left_out[int(arms.row[at])] = reason
        if where.all():
            return arms
        if not where.any():
            raise ValueError(
                "no design has a finite Mantel-Haenszel odds ratio: "
                + "; ".join(dict.fromkeys(left_out.values()))
            )
        arms = arms.keep(where)


def design_rows(arms: Arms) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return independent rows ``y ~ N(x theta, v)`` of all designs."""
    size, members = len(arms.treatments), arms.members()
    x, y, v = [], [], []
    for design, studies in arms.designs().items():
        own = np.array([members[study] for study in studies])
        effects, spread = generalised(arms.r[own], arms.s[own])
        values, vectors = np.linalg.eigh(spread)
        values, vectors = values[1:], vectors[:, 1:]  # the first is 0: effects are centred
        if values[0] <= SINGULAR * values[-1]:
            names = ", ".join(arms.treatments[t] for t in design)
            raise ValueError(
                f"the studies of {names} have too few events for the covariance of their "
                "Mantel-Haenszel odds ratios; use method='NCH' or 'likelihood'"
            )
        block = np.zeros((len(design) - 1, size))
        block[:, list(design)] = vectors.T
        x.append(block)
        y.append(vectors.T @ effects)
        v.append(values)
    return np.concatenate(x), np.concatenate(y), np.concatenate(v)


def generalised(r: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``m`` of the head of the module, and its covariance; a row per study."""
    size = r.shape[1]
    sums = _sums(r, s)
    m = np.log(sums / sums.T, where=sums != sums.T, out=np.zeros_like(sums)).mean(1)
    pairs = list(itertools.combinations(range(size), 2))
    variance, shared = _variances(r, s, sums), _shared(r, s, sums)
    omega = np.zeros((len(pairs), len(pairs)))
    mean = np.zeros((size, len(pairs)))
    for p, (a, b) in enumerate(pairs):
        mean[a, p], mean[b, p] = 1.0 / size, -1.0 / size
        omega[p, p] = variance[a, b]
        for q, (c, d) in enumerate(pairs[:p]):
            if a == c:
                value = shared[a, b, d]
            elif b == d:
                value = shared[b, a, c]
            elif a == d:
                value = -shared[a, b, c]
            else:
                value = -shared[b, a, d] if b == c else 0.0
            omega[p, q] = omega[q, p] = value
    return m, np.asarray(mean @ omega @ mean.T)


def direct_counts(arms: Arms) -> Direct:
    """Mantel-Haenszel of the studies that have both treatments of a pair; NaN without one."""
    size = len(arms.treatments)
    te, se = np.full((size, size), np.nan), np.full((size, size), np.nan)
    k = np.zeros((size, size), dtype=np.intp)
    r, s = np.zeros((2, len(arms.studies), size))
    r[arms.study, arms.treat], s[arms.study, arms.treat] = arms.r, arms.s
    for a, b in itertools.combinations(range(size), 2):
        both = ((r + s)[:, [a, b]] > 0).all(1)
        own_r, own_s = r[both][:, [a, b]], s[both][:, [a, b]]
        sums = _sums(own_r, own_s)
        k[a, b] = k[b, a] = int(both.sum())
        if sums[0, 1] > 0 and sums[1, 0] > 0:
            te[a, b] = np.log(sums[0, 1] / sums[1, 0])
            te[b, a] = -te[a, b]
            se[a, b] = se[b, a] = np.sqrt(_variances(own_r, own_s, sums)[0, 1])
    return Direct(te, se, k)


def _sums(r: FloatArray, s: FloatArray) -> FloatArray:
    """``C_xy``."""
    return np.asarray((r / (r + s).sum(1, keepdims=True)).T @ s)


def _variances(r: FloatArray, s: FloatArray, sums: FloatArray) -> FloatArray:
    """Return the variances of ``L_xy`` of Robins, Breslow and Greenland (1986)."""
    people = (r + s).sum(1)
    up = r[:, :, None] * s[:, None, :] / people[:, None, None] ** 2
    agree = r[:, :, None] + s[:, None, :]
    down, differ = up.transpose(0, 2, 1), agree.transpose(0, 2, 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # the diagonal is not used
        whole = (up * agree).sum(0) / sums**2 + (down * differ).sum(0) / sums.T**2
        whole += (up * differ + down * agree).sum(0) / (sums * sums.T)
    return np.asarray(0.5 * whole)


def _shared(r: FloatArray, s: FloatArray, sums: FloatArray) -> FloatArray:
    """Covariance ``[x, y, z]`` of L_xy and L_xz; see the head of the module."""
    scale = 1.0 / (r + s).sum(1) ** 2
    back = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):  # y = x and z = x are not used
        same = np.einsum("i,ix,iy,iz->xyz", scale, r, s, s) / (sums[:, :, None] * sums[:, None, :])
        other = np.einsum("i,ix,iy,iz->xyz", scale, s, r, r) / (back[:, :, None] * back[:, None, :])
        cross = np.einsum("i,ix,iy,iz->xyz", scale, r + s, r, s)
        cross = cross / (back[:, :, None] * sums[:, None, :])
    return np.asarray(0.5 * (same + other) + 0.25 * (cross + cross.transpose(0, 2, 1)))
