"""The specification curve: one question pooled in every reasonable way.

Simonsohn, Simmons and Nelson (2020); for subsets of studies Olkin, Dahabreh and Trikalinos (2012).
Which studies, which imputed numbers, which estimator and which interval are choices that could
have been made otherwise; here all combinations are computed, and the result says in which of them
the conclusion holds. It is a description: the analyses share their data, so that the part of them
that agrees is no probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric.arrays import frozen, plain, vector
from saisei.synthesis.batches.pools import pool_batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray, IntArray
    from saisei.synthesis.pairwise.heterogeneity import Method
    from saisei.synthesis.pairwise.pooling import Test

Exclusions = Literal["none", "one", "all"]
CHOICES = ("data", "subset", "exclusion", "method", "test")
MOST = 16
"""Up to so many studies every subset is pooled (65,519 of them)."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SpecificationCurve:
    """Every analysis of one question.

    Attributes
    ----------
    estimate, se, ci, p, tau2, k, converged
        One entry an analysis, as in ``PoolBatch``.
    conclusion
        1 where the interval lies above ``null``, -1 where below, 0 where it holds it.
    holds
        Where the conclusion is that of the first analysis.
    order
        The analyses by rising estimate: how the curve is drawn.
    options
        For each choice (``data``, ``subset``, ``exclusion``, ``method``, ``test``) its options.
    codes
        Of shape (analyses, 5): which option of each choice an analysis took.
    null, level
        What conclusions are drawn against, and the coverage of the intervals.
    left_out
        Combinations that were not computed, and why.
    """

    estimate: FloatArray
    se: FloatArray
    ci: FloatArray
    p: FloatArray
    tau2: FloatArray
    k: IntArray
    converged: BoolArray
    conclusion: IntArray
    holds: BoolArray
    order: IntArray
    options: dict[str, tuple[str, ...]]
    codes: IntArray
    null: float
    level: float
    left_out: tuple[tuple[str, str], ...]

    @property
    def share(self) -> float:
        """Part of the analyses in which the conclusion of the first one holds."""
        return float(self.holds.mean())

    def analysis(self, index: int) -> dict[str, str]:
        """Return the options that one analysis took, by the name of the choice."""
        return {
            name: self.options[name][code]
            for name, code in zip(CHOICES, self.codes[index].tolist(), strict=True)
        }

    def shares(self) -> dict[str, dict[str, float]]:
        """Return for each option of each choice the part of its analyses in which it holds."""
        found: dict[str, dict[str, float]] = {}
        for column, name in enumerate(CHOICES):
            found[name] = {}
            for code, option in enumerate(self.options[name]):
                rows = self.holds[self.codes[:, column] == code]
                if rows.size:
                    found[name][option] = float(rows.mean())
        return found

    def __len__(self) -> int:
        return self.k.size

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold, the shares too."""
        named = {name: plain(getattr(self, name)) for name in self.__slots__}
        return {**named, "share": self.share, "shares": self.shares()}

    def __repr__(self) -> str:
        low, middle, high = np.quantile(self.estimate, [0.0, 0.5, 1.0])
        first = {1: "above", -1: "below", 0: "not told from"}[int(self.conclusion[0])]
        lines = [
            f"SpecificationCurve: {len(self)} analyses",
            f"  estimate {low:.4f} to {high:.4f}, median {middle:.4f}",
            f"  the first: {first} {self.null:g}; so are {100 * self.share:.1f}% of all",
        ]
        for name, row in self.shares().items():
            if 1 < len(row) <= 12:
                told = ", ".join(f"{option} {100 * share:.0f}%" for option, share in row.items())
                lines.append(f"  {name}: {told}")
        return "\n".join(lines)


def specification_curve(
    data: Mapping[str, tuple[ArrayLike, ArrayLike]],
    subsets: Mapping[str, ArrayLike] | None = None,
    methods: Sequence[Method] = ("REML", "PM", "DL", "EE"),
    tests: Sequence[Test] = ("knha", "z"),
    exclusions: Exclusions = "none",
    *,
    null: float = 0.0,
    level: float = 0.95,
) -> SpecificationCurve:
    """Pool one question in every combination of choices.

    The first option of every choice makes the first analysis, whose conclusion the others are
    compared with; so the analysis that was planned comes first.

    Parameters
    ----------
    data : mapping of str to (y, v)
        The studies' estimates and variances, once for each way to get them (another assumed
        correlation, another time, another scale). All have the same studies in the same order;
        NaN in ``y`` stands where a way gives no result for a study.
    subsets : mapping of str to array_like of bool, optional
        Which studies belong (randomised ones, those at low risk of bias); all by default.
    methods, tests
        Estimators of tau2 and kinds of interval; see ``pool``.
    exclusions : {"none", "one", "all"}
        ``one`` also pools each subset without each of its studies, ``all`` every part of it that
        has two studies at least (up to 16 studies).
    null : float
        The value that the interval is held against.
    level : float
        Coverage of the intervals.

    Returns
    -------
    SpecificationCurve

    Notes
    -----
    Combinations with fewer than two studies are left out, and so are those that hold the same
    studies of the same data as an earlier one: no analysis counts twice.

    Examples
    --------
    >>> y, v = [0.1, 0.9, 0.4, 0.5], [0.02, 0.03, 0.05, 0.04]
    >>> curve = specification_curve({"as published": (y, v)}, exclusions="one")
    >>> len(curve), curve.analysis(0)["method"]
    (40, 'REML')
    """
    if exclusions not in get_args(Exclusions):
        raise ValueError(f"exclusions is {exclusions!r}; expected one of none, one, all")
    for name, given in (("data", data), ("methods", methods), ("tests", tests)):
        if isinstance(given, str) or not len(given):
            raise ValueError(f"{name} is {given!r}; expected one or more")
    tables = {name: _table(name, *pair) for name, pair in data.items()}
    k = next(iter(tables.values()))[0].size
    for name, (y, _) in tables.items():
        if y.size != k:
            raise ValueError(f"data[{name!r}] has {y.size} studies, the first has {k}")
    groups = {"all": np.ones(k, dtype=bool)} if subsets is None else _groups(subsets, k)
    rows, masks, labels, left_out = _rows(tables, groups, exclusions)
    if not rows:
        raise ValueError("no combination of data and subset has two studies")
    return _curve(
        tables, (rows, masks, labels, left_out), (tuple(groups), methods, tests), null, level
    )


def _table(name: str, y: ArrayLike, v: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return one way's estimates and variances; what is wrong with them the pooling says."""
    estimates, variances = vector(f"y of data[{name!r}]", y), vector(f"v of data[{name!r}]", v)
    if estimates.size != variances.size:
        raise ValueError(
            f"data[{name!r}]: y has {estimates.size} values and v has {variances.size}"
        )
    there = ~np.isnan(estimates)
    bad = there & ~(np.isfinite(estimates) & np.isfinite(variances) & (variances > 0.0))
    if bad.any():
        at = int(bad.argmax())
        raise ValueError(
            f"data[{name!r}], study {at}: y is {estimates[at]:g} and v is {variances[at]:g}; "
            "expected finite numbers, v above 0"
        )
    return estimates, variances


def _groups(subsets: Mapping[str, ArrayLike], k: int) -> dict[str, BoolArray]:
    """Return the subsets as masks, checked."""
    groups = {}
    for name, members in subsets.items():
        mask = np.asarray(members)
        if mask.dtype != np.bool_ or mask.shape != (k,):
            raise ValueError(
                f"subsets[{name!r}] is {mask.dtype} of shape {mask.shape}; "
                f"expected True or False for each of {k} studies"
            )
        groups[name] = mask
    if not groups:
        raise ValueError("subsets is empty; leave it out for all studies")
    return groups


def _without(mask: BoolArray, exclusions: Exclusions) -> tuple[list[str], BoolArray]:
    """Return the parts of a subset to be pooled, the whole first, and their names."""
    members = np.flatnonzero(mask)
    if exclusions == "none" or members.size < 2:
        return ["none"], mask[None]
    if exclusions == "one":
        parts = np.tile(mask, (members.size + 1, 1))
        parts[np.arange(1, members.size + 1), members] = False
        return ["none", *(f"study {i}" for i in members)], parts
    if members.size > MOST:
        raise ValueError(
            f"a subset has {members.size} studies; every part of it is pooled up to {MOST}"
        )
    number = np.arange(2**members.size)[::-1]
    bits = (number[:, None] >> np.arange(members.size)) & 1
    bits = bits[bits.sum(axis=1) >= 2]
    parts = np.zeros((bits.shape[0], mask.size), dtype=bool)
    parts[:, members] = bits == 1
    names = [
        ", ".join(f"study {i}" for i in members[row == 0]) if (row == 0).any() else "none"
        for row in bits
    ]
    return names, parts


def _rows(
    tables: dict[str, tuple[FloatArray, FloatArray]],
    groups: dict[str, BoolArray],
    exclusions: Exclusions,
) -> tuple[list[tuple[int, int, int]], list[BoolArray], dict[str, int], list[tuple[str, str]]]:
    """Return which sets of studies are pooled: codes, masks, names of exclusions, left out."""
    rows: list[tuple[int, int, int]] = []
    masks: list[BoolArray] = []
    labels: dict[str, int] = {"none": 0}
    left_out: list[tuple[str, str]] = []
    seen: set[tuple[int, bytes]] = set()
    for (i, (way, (y, _))), (j, (group, members)) in product(
        enumerate(tables.items()), enumerate(groups.items())
    ):
        names, parts = _without(members & ~np.isnan(y), exclusions)
        for name, part in zip(names, parts, strict=True):
            what = f"{way}, {group}" + ("" if name == "none" else f", without {name}")
            if part.sum() < 2:
                left_out.append((what, "fewer than two studies"))
            elif (i, part.tobytes()) in seen:
                left_out.append((what, "the same studies as in an earlier analysis"))
            else:
                seen.add((i, part.tobytes()))
                rows.append((i, j, labels.setdefault(name, len(labels))))
                masks.append(part)
    return rows, masks, labels, left_out


def _curve(
    tables: dict[str, tuple[FloatArray, FloatArray]],
    sets: tuple[list[tuple[int, int, int]], list[BoolArray], dict[str, int], list[tuple[str, str]]],
    choices: tuple[tuple[str, ...], Sequence[Method], Sequence[Test]],
    null: float,
    level: float,
) -> SpecificationCurve:
    """Pool all sets by every method and test, one batch each."""
    (rows, masks, labels, left_out), (groups, methods, tests) = sets, choices
    where, there = np.array(rows), np.array(masks)
    y = np.array([pair[0] for pair in tables.values()])[where[:, 0]]
    v = np.array([pair[1] for pair in tables.values()])[where[:, 0]]
    parts: dict[str, list[Any]] = {
        name: [] for name in ("estimate", "se", "ci", "p", "tau2", "k", "converged", "codes")
    }
    for (a, method), (b, test) in product(enumerate(methods), enumerate(tests)):
        batch = pool_batch(y, v, method, test, level, there)
        for name in list(parts)[:-1]:
            parts[name].append(getattr(batch, name))
        parts["codes"].append(np.column_stack([where, np.tile([a, b], (len(rows), 1))]))
    whole = {name: frozen(np.concatenate(part)) for name, part in parts.items()}
    above, below = whole["ci"][:, 0] > null, whole["ci"][:, 1] < null
    conclusion = above.astype(np.intp) - below.astype(np.intp)
    return SpecificationCurve(
        **whole,
        conclusion=frozen(conclusion),
        holds=frozen(conclusion == conclusion[0]),
        order=frozen(np.argsort(whole["estimate"], kind="stable")),
        options=dict(
            zip(
                CHOICES,
                (tuple(tables), groups, tuple(labels), tuple(methods), tuple(tests)),
                strict=True,
            )
        ),
        null=null,
        level=level,
        left_out=tuple(left_out),
    )
