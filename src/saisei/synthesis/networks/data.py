"""Reading the contrasts of a network, and taking multi-arm studies apart exactly.

A study with ``a`` arms tells ``a - 1`` independent things (``multi_arm``), a study with two arms
one. Written so, a network is a meta-regression of independent rows ``y ~ N(x theta, v + tau2)``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.arrays import LARGEST, refuse, vector
from saisei.synthesis.networks.multi_arm import multi_arm, pair_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Contrasts:
    """Checked contrasts: ``te`` of treatment ``i`` against ``j`` in a study, as indices."""

    studies: tuple[str, ...]
    treatments: tuple[str, ...]
    study: IntArray
    i: IntArray
    j: IntArray
    te: FloatArray
    se: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Independent rows ``y ~ N(x theta, v + tau2)``, and the design and study of each."""

    x: FloatArray
    y: FloatArray
    v: FloatArray
    design: IntArray
    designs: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]
    study: IntArray

    def of_design(self, index: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the rows of one design, with the columns of its own treatments only."""
        rows = self.design == index
        return self.x[rows][:, list(self.designs[index])], self.y[rows], self.v[rows]


def read_contrasts(
    study: Iterable[object],
    treat1: Iterable[object],
    treat2: Iterable[object],
    te: ArrayLike,
    se: ArrayLike,
) -> Contrasts:
    """Check the columns of a table of contrasts and turn labels into indices."""
    labels = {
        name: [str(label) for label in column]
        for name, column in (("study", study), ("treat1", treat1), ("treat2", treat2))
    }
    effects, errors = vector("te", te), vector("se", se)
    sizes = {name: len(column) for name, column in labels.items()}
    sizes |= {"te": effects.size, "se": errors.size}
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"every column needs one value per contrast; their lengths are {shown}")
    if not effects.size:
        raise ValueError("there is no contrast: te is empty")
    refuse("te", effects, ~(np.abs(effects) < LARGEST), "a finite number")
    fits = (errors > 1 / LARGEST) & (errors < LARGEST)
    refuse("se", errors, ~fits, "a finite number above 0")
    for row, (one, two) in enumerate(zip(labels["treat1"], labels["treat2"], strict=True)):
        if one == two:
            raise ValueError(
                f"contrast {row} of study {labels['study'][row]} compares {one} with itself"
            )
    studies = tuple(dict.fromkeys(labels["study"]))
    treatments = in_order({*labels["treat1"], *labels["treat2"]})
    return Contrasts(
        studies,
        treatments,
        _indices(labels["study"], studies),
        _indices(labels["treat1"], treatments),
        _indices(labels["treat2"], treatments),
        effects,
        errors,
    )


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names alphabetically without regard to case; if all are whole numbers, by size."""
    given = tuple(names)
    if all(name.isascii() and name.isdigit() for name in given):
        return tuple(sorted(given, key=lambda name: (int(name), name)))
    return tuple(sorted(given, key=lambda name: (name.casefold(), name)))


def _indices(labels: list[str], order: Sequence[str]) -> IntArray:
    place = {label: index for index, label in enumerate(order)}
    return np.array([place[label] for label in labels], dtype=np.intp)


def independent_rows(data: Contrasts, tolerance: float) -> Rows:
    """Take every study apart into independent rows (see the head of the module)."""
    members: dict[int, list[int]] = {}
    for row, index in enumerate(data.study.tolist()):
        members.setdefault(index, []).append(row)
    x, y, v, keys, notes = [], [], [], [], []
    owners: list[int] = []
    for index, rows in members.items():
        arms = tuple(sorted({*data.i[rows].tolist(), *data.j[rows].tolist()}))
        _check_pairs(data, index, rows, arms)
        owners += [index] * (len(arms) - 1)
        if len(arms) == 2:
            pair = np.zeros((1, len(data.treatments)))
            pair[0, data.i[rows[0]]], pair[0, data.j[rows[0]]] = 1.0, -1.0
            x.append(pair)
            y.append(data.te[rows])
            v.append(data.se[rows] ** 2)
            keys.append(arms)
            continue
        block, own, variances, said = multi_arm(data, index, rows, arms, tolerance)
        x.append(block)
        y.append(own)
        v.append(variances)
        keys += [arms] * (len(arms) - 1)
        notes += said
    designs = tuple(sorted(set(keys), key=lambda key: (len(key), key)))
    place = {key: number for number, key in enumerate(designs)}
    return Rows(
        np.concatenate(x),
        np.concatenate(y),
        np.concatenate(v),
        np.array([place[key] for key in keys], dtype=np.intp),
        designs,
        tuple(notes),
        np.array(owners, dtype=np.intp),
    )


def _check_pairs(data: Contrasts, index: int, rows: list[int], arms: tuple[int, ...]) -> None:
    """Each pair of a study's arms has to stand exactly once."""
    seen: set[tuple[int, int]] = set()
    for row in rows:
        a, b = sorted((int(data.i[row]), int(data.j[row])))
        if (a, b) in seen:
            raise ValueError(
                f"study {data.studies[index]} gives {pair_name(data, a, b)} more than once "
                f"(again in contrast {row}); give each pair of arms once"
            )
        seen.add((a, b))
    missing = [pair for pair in itertools.combinations(arms, 2) if pair not in seen]
    if missing:
        shown = ", ".join(pair_name(data, a, b) for a, b in missing)
        raise ValueError(
            f"study {data.studies[index]} has {len(arms)} arms "
            f"({', '.join(data.treatments[a] for a in arms)}) and needs all "
            f"{len(arms) * (len(arms) - 1) // 2} pairs of them; {shown} is missing"
        )


def check_connected(data: Contrasts) -> None:
    """Raise a ValueError that lists the parts of a network that is not connected."""
    parts = network_parts(data)
    if len(parts) > 1:
        shown = "; ".join(", ".join(data.treatments[node] for node in part) for part in parts)
        raise ValueError(
            f"the network falls into {len(parts)} parts without a study between them: {shown}. "
            "Analyse each by itself, or join them by components (network_components)"
        )


def network_parts(data: Contrasts) -> list[list[int]]:
    """Return the connected parts of the network, each in the order of treatments."""
    pairs = zip(data.i.tolist(), data.j.tolist(), strict=True)
    return connected_parts(len(data.treatments), pairs)


def connected_parts(size: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the connected parts of a graph of ``size`` nodes."""
    part = list(range(size))
    for i, j in pairs:
        one, two = part[i], part[j]
        if one != two:
            low, high = min(one, two), max(one, two)
            part = [low if label == high else label for label in part]
    return [[node for node, own in enumerate(part) if own == label] for label in sorted(set(part))]


@dataclass(frozen=True, slots=True, eq=False)
class Direct:
    """Direct evidence of every pair, pooled by inverse variance; NaN where no study has both."""

    te: FloatArray
    se: FloatArray
    k: IntArray


def direct_evidence(data: Contrasts, tau2: float) -> Direct:
    """Pool the studies of each pair with weights ``1 / (se^2 + tau2)``, at a given tau2."""
    n = len(data.treatments)
    weight, pull, count = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n), dtype=np.intp)
    w = 1.0 / (data.se**2 + tau2)
    for a, b, sign in ((data.i, data.j, 1.0), (data.j, data.i, -1.0)):
        np.add.at(weight, (a, b), w)
        np.add.at(pull, (a, b), sign * w * data.te)
        np.add.at(count, (a, b), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        te = pull / weight
        se = np.where(count > 0, 1.0 / np.sqrt(weight), np.nan)
    return Direct(te, se, count)
