"""Taking a study with several arms apart into independent rows, exactly.

With ``V`` the matrix of the variances of the pairwise contrasts of a study with ``a`` arms and
``C`` the centring matrix, ``G = -C V C / 2`` is the covariance of its centred arms and the
pseudo-inverse of its Laplacian (Rücker 2012, section 3). Heterogeneity adds ``tau2 / 2`` to every
arm and so leaves the eigenvectors ``u`` of ``G`` alone: ``sqrt(2) u'y`` are ``a - 1`` independent
observations with variances ``2 g + tau2``.

``G`` itself would drown a small variance in the rounding of a large one. So it is never formed:
the arms are joined along their smallest standard errors, the covariance ``D R D`` of the contrasts
along this tree (D their standard errors, as given; R correlations) is factored as ``D L L' D``,
and u and g come from the columns of the tree times ``D L`` by rotations that keep the relative
accuracy of each column. What is lost is what the input does not hold: see ``_check_precision``.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NoReturn

import numpy as np

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.networks.data import Contrasts

SWEEPS = 30
"""Rotations of all pairs of columns, at most; a few suffice."""
LIKE = 1e3
"""Columns whose squares differ by less than this are left to LAPACK."""
EPSILON = 2.0**-52
LOST = 1e-5
"""How uncertain the correlations within a study may be from the rounding of its input."""


def pair_name(data: Contrasts, a: int, b: int) -> str:
    """Say which two treatments are compared."""
    return f"{data.treatments[a]} against {data.treatments[b]}"


def multi_arm(
    data: Contrasts, index: int, rows: list[int], arms: tuple[int, ...], tolerance: float
) -> tuple[FloatArray, FloatArray, FloatArray, list[str]]:
    """Return the independent rows of one study with three or more arms."""
    size = len(arms)
    effects, errors = np.zeros((size, size)), np.zeros((size, size))
    for row in rows:
        a, b = arms.index(int(data.i[row])), arms.index(int(data.j[row]))
        effects[a, b], effects[b, a] = data.te[row], -data.te[row]
        errors[a, b] = errors[b, a] = data.se[row]
    _check_loops(data, index, arms, effects, errors, tolerance)
    edges = _shortest_tree(errors)
    spread = _tree_covariance(errors, edges)
    scale = np.sqrt(np.diagonal(spread))
    correlation = spread / np.outer(scale, scale)
    least = float(np.linalg.eigvalsh(correlation)[0])
    if least <= 1e-10:
        _refuse_errors(data, index, arms, errors)
    _check_precision(data, index, arms, errors, edges, least)
    paths = np.zeros((size, size - 1))
    for at, (new, old) in enumerate(edges):
        paths[new] = paths[old]
        paths[new, at] = 1.0
    centred = paths - paths.mean(0)
    vectors, values = _orthogonal((centred * scale) @ np.linalg.cholesky(correlation))
    along = np.array([effects[edge] for edge in edges])
    own = (vectors.T @ paths) @ along + _leftover(effects, paths, along, vectors, values)
    block = np.zeros((size - 1, len(data.treatments)))
    block[:, list(arms)] = math.sqrt(2.0) * vectors.T
    notes = _negative_arms(data, index, arms, errors * errors)
    return block, math.sqrt(2.0) * own, 2.0 * values, notes


def _shortest_tree(errors: FloatArray) -> list[tuple[int, int]]:
    """Join the arms by their smallest standard errors: each new arm, and the one it joins."""
    size = errors.shape[0]
    far = errors + np.diag(np.full(size, np.inf))
    inside = [int(far.min(1).argmin())]
    edges: list[tuple[int, int]] = []
    while len(inside) < size:
        outside = [arm for arm in range(size) if arm not in inside]
        near = far[np.ix_(outside, inside)]
        new, old = np.unravel_index(int(near.argmin()), near.shape)
        edges.append((outside[new], inside[old]))
        inside.append(outside[new])
    return edges


def _tree_covariance(errors: FloatArray, edges: list[tuple[int, int]]) -> FloatArray:
    """Covariance of the contrasts of a tree, ``(V_ad + V_bc - V_ac - V_bd) / 2`` for a-b and c-d.

    Differences of squares are taken as products, so that they lose nothing.
    """
    a, b = np.array(edges).T
    sums, gaps = (
        errors[a][:, b] + errors[b][:, b],
        errors[a][:, b] - errors[b][:, b],
    )
    first = gaps * sums
    second = (errors[b][:, a] - errors[a][:, a]) * (errors[b][:, a] + errors[a][:, a])
    return np.asarray(0.5 * (first + second))


def _check_precision(
    data: Contrasts,
    index: int,
    arms: tuple[int, ...],
    errors: FloatArray,
    edges: list[tuple[int, int]],
    least: float,
) -> None:
    """Refuse standard errors of which rounding alone could change the weights of the study.

    A correlation of two contrasts comes from squares of other standard errors, each rounded to
    one part in 2^53; ``least`` is the smallest eigenvalue of the correlations.
    """
    for one, two in itertools.combinations(edges, 2):
        between = max(float(errors[p, q]) for p in one for q in two)
        lost = EPSILON * between**2 / (float(errors[one]) * float(errors[two])) / least
        if lost > LOST:
            a, b, c, d = (data.treatments[arms[at]] for at in (*one, *two))
            raise ValueError(
                f"study {data.studies[index]}: its standard errors reach from "
                f"{min(errors[one], errors[two]):g} to {between:g}; how {a} against {b} and {c} "
                f"against {d} go together is then known to {lost:.1g} only, where {LOST:g} is "
                "asked; leave the imprecise arms out"
            )


def _orthogonal(root: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return orthonormal columns u and values g with ``root root' = u g u'``.

    Where columns differ much in size, by rotations of pairs of them (one-sided Jacobi), which keep
    the relative accuracy of small columns beside large ones (Demmel and Veselić 1992).
    """
    columns = root.T.copy()
    squares = np.vecdot(columns, columns)
    if squares.max() < LIKE * squares.min():
        vectors, values, _ = np.linalg.svd(root, full_matrices=False)
        return vectors, values * values
    for _ in range(SWEEPS):
        turned = False
        for p, q in itertools.combinations(range(len(columns)), 2):
            one, two = columns[p], columns[q]
            a, b, c = float(one @ one), float(two @ two), float(one @ two)
            if abs(c) <= 2e-16 * math.sqrt(a * b):
                continue
            turned = True
            slope = (b - a) / (2.0 * c)
            t = math.copysign(1.0, slope) / (abs(slope) + math.hypot(1.0, slope))
            cosine = 1.0 / math.hypot(1.0, t)
            columns[p], columns[q] = cosine * (one - t * two), cosine * (two + t * one)
        if not turned:
            break
    values = np.vecdot(columns, columns)
    return (columns / np.sqrt(values)[:, None]).T, values


def _leftover(
    effects: FloatArray,
    paths: FloatArray,
    along: FloatArray,
    vectors: FloatArray,
    values: FloatArray,
) -> FloatArray:
    """Return what contrasts that do not quite add up along the tree move, by reduced weights."""
    arms = paths @ along
    rest = effects - np.subtract.outer(arms, arms)
    weights = -(vectors / values) @ vectors.T  # the reduced weights of Rücker (2012)
    apart = vectors[:, None, :] - vectors[None, :, :]
    return np.asarray(values * np.einsum("ab,ab,abk->k", np.triu(weights, 1), rest, apart))


def helmert(size: int) -> FloatArray:
    """Return an orthonormal basis of the contrasts of ``size`` arms, in columns."""
    lower = np.tril(np.ones((size, size - 1)), -1)
    columns = np.arange(size - 1, 0, -1.0)
    basis = np.eye(size, size - 1) * columns - lower
    return np.asarray(basis / np.sqrt(columns * (columns + 1.0)))


def _check_loops(
    data: Contrasts,
    index: int,
    arms: tuple[int, ...],
    effects: FloatArray,
    errors: FloatArray,
    tolerance: float,
) -> None:
    """Within a study a-b, b-c and c-a add to nothing, apart from rounding."""
    for a, b, c in itertools.combinations(range(len(arms)), 3):
        gap = abs(float(effects[a, b] + effects[b, c] + effects[c, a]))
        allowed = tolerance * float(min(errors[a, b], errors[b, c], errors[c, a]))
        rounding = 1e-12 * float(np.abs(effects).max())
        if gap > allowed + rounding:
            one, two, three = (data.treatments[arms[at]] for at in (a, b, c))
            raise ValueError(
                f"study {data.studies[index]}: its effects of {one}, {two} and {three} do not "
                f"add up: {one} against {two} {effects[a, b]:g}, {two} against {three} "
                f"{effects[b, c]:g}, so {one} against {three} should be "
                f"{effects[a, b] + effects[b, c]:g}, and it is {effects[a, c]:g}: off by "
                f"{gap:g}, where {allowed:g} is allowed (tolerance {tolerance:g} standard errors)"
            )


def _refuse_errors(
    data: Contrasts, index: int, arms: tuple[int, ...], errors: FloatArray
) -> NoReturn:
    """Name the pair: as distances between arms, no standard error exceeds two others' sum."""
    excess, pair, third = -math.inf, (0, 1), 2
    for a, b in itertools.combinations(range(len(arms)), 2):
        for c in set(range(len(arms))) - {a, b}:
            over = float(errors[a, b] - errors[a, c] - errors[b, c])
            if over > excess:
                excess, pair, third = over, (a, b), c
    name = data.studies[index]
    listed = ", ".join(data.treatments[arm] for arm in arms)
    if excess < 0.0:
        raise ValueError(
            f"study {name}: no arms {listed} can have these standard errors together (each three "
            "of them could; all of them would need a negative variance)"
        )
    a, b = pair
    raise ValueError(
        f"study {name}: the standard error of {pair_name(data, arms[a], arms[b])} is "
        f"{errors[a, b]:g}; with its arm {data.treatments[arms[third]]} it has to be below "
        f"{errors[a, third] + errors[b, third]:g}: off by {excess:g}"
    )


def _negative_arms(
    data: Contrasts, index: int, arms: tuple[int, ...], variances: FloatArray
) -> list[str]:
    """Say where independent arms would need a negative variance."""
    size = len(arms)
    sums = variances.sum(0)
    own = (sums - sums.sum() / (2.0 * (size - 1))) / (size - 2)
    return [
        f"study {data.studies[index]}: arm {data.treatments[arm]} would have the variance "
        f"{value:g}; its standard errors fit only arms that are not independent"
        for arm, value in zip(arms, own.tolist(), strict=True)
        if value < -1e-9 * float(variances.max())
    ]
