"""Reading the arms of a network of counts, and leaving out what says nothing.

A study where nobody, or everybody, had the event in all its arms says nothing about an odds
ratio, and a treatment without any event anywhere has none that is finite: both are left out, with
the reason. What is left has to hold together, and has to have a finite estimate: with an arrow
from a to b wherever a study has people without the event in arm a and events in arm b, every
treatment must be reached from every other (the condition of Ford 1957 for paired comparisons;
where it fails the likelihood rises for ever along some direction).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.arrays import refuse, vector
from saisei.synthesis.networks.data import connected_parts, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray, IntArray

EXACT = 2.0**53
"""Counts beyond this are not whole numbers any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """One row per arm: study and treatment as indices, people with and without the event.

    ``row`` is the place in the input.
    """

    studies: tuple[str, ...]
    treatments: tuple[str, ...]
    study: IntArray
    treat: IntArray
    r: FloatArray
    s: FloatArray
    row: IntArray

    def keep(self, where: BoolArray) -> Arms:
        """Return some of the arms; names that nothing bears any more are dropped."""
        studies, study = np.unique(self.study[where], return_inverse=True)
        treatments, treat = np.unique(self.treat[where], return_inverse=True)
        return Arms(
            tuple(self.studies[i] for i in studies),
            tuple(self.treatments[i] for i in treatments),
            study,
            treat,
            self.r[where],
            self.s[where],
            self.row[where],
        )

    def members(self) -> list[IntArray]:
        """Return the arms of each study, in the order of treatments."""
        order = np.lexsort((self.treat, self.study))
        return np.split(order, np.cumsum(np.bincount(self.study, minlength=len(self.studies)))[:-1])

    def groups(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Return the studies with equally many arms, and their arms in a row each."""
        members = self.members()
        for size in sorted({one.size for one in members}):
            own = [i for i, one in enumerate(members) if one.size == size]
            yield np.array(own, dtype=np.intp), np.array([members[i] for i in own], dtype=np.intp)

    def designs(self) -> dict[tuple[int, ...], list[int]]:
        """Return the studies of each set of treatments, small sets first."""
        found: dict[tuple[int, ...], list[int]] = {}
        for study, own in enumerate(self.members()):
            found.setdefault(tuple(self.treat[own].tolist()), []).append(study)
        return dict(sorted(found.items(), key=lambda item: (len(item[0]), item[0])))


def read_arms(
    study: Iterable[object], treat: Iterable[object], events: ArrayLike, n: ArrayLike
) -> tuple[Arms, dict[int, str]]:
    """Check a table of arms; the second result says why rows with missing numbers are out."""
    studies, treats = [str(one) for one in study], [str(one) for one in treat]
    r, total = vector("events", events), vector("n", n)
    sizes = {"study": len(studies), "treat": len(treats), "events": r.size, "n": total.size}
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"every column needs one value per arm; their lengths are {shown}")
    if not r.size:
        raise ValueError("there is no arm: events is empty")
    for name, array, least in (("events", r, 0), ("n", total, 1)):
        known = ~np.isnan(array)
        wrong = known & ((np.floor(array) != array) | (array < least) | (array > EXACT))
        refuse(name, array, wrong, f"a whole number, {least} or more")
    refuse("events", r, r > total, "no more than n of the same arm")
    seen: dict[tuple[str, str], int] = {}
    for row, key in enumerate(zip(studies, treats, strict=True)):
        if key in seen:
            raise ValueError(
                f"study {key[0]} has {key[1]} in rows {seen[key]} and {row}; add their people "
                "into one arm"
            )
        seen[key] = row
    names = in_order(set(treats))
    labels = tuple(dict.fromkeys(studies))
    place, at = {x: i for i, x in enumerate(names)}, {x: i for i, x in enumerate(labels)}
    arms = Arms(
        labels,
        names,
        np.array([at[x] for x in studies], dtype=np.intp),
        np.array([place[x] for x in treats], dtype=np.intp),
        r,
        total - r,
        np.arange(r.size),
    )
    left_out = dict.fromkeys(np.flatnonzero(np.isnan(r)).tolist(), "events is missing")
    for row in np.flatnonzero(np.isnan(total)).tolist():
        left_out.setdefault(row, "n is missing")
    return (arms.keep(~np.isnan(arms.s)) if left_out else arms), left_out


def leave_out_silent(arms: Arms, left_out: dict[int, str]) -> Arms:
    """Leave out studies and treatments that say nothing; fills ``left_out`` with the reasons."""
    while True:
        reasons = _silent_studies(arms) or _silent_treatments(arms)
        if not reasons:
            return arms
        where = np.ones(arms.row.size, dtype=bool)
        for at, reason in reasons.items():
            where[at] = False
            left_out[int(arms.row[at])] = reason
        if not where.any():
            raise ValueError(
                "no study is left that says anything about an odds ratio: "
                + "; ".join(sorted(set(left_out.values())))
            )
        arms = arms.keep(where)


def _silent_studies(arms: Arms) -> dict[int, str]:
    found: dict[int, str] = {}
    for name, own in zip(arms.studies, arms.members(), strict=True):
        reason = ""
        if own.size == 1:
            reason = f"study {name} has no other arm to compare with"
        elif not arms.r[own].any():
            reason = f"study {name} has no event in any arm"
        elif not arms.s[own].any():
            reason = f"study {name} has an event in everyone of all arms"
        found |= {at: reason for at in own.tolist() if reason}
    return found


def _silent_treatments(arms: Arms) -> dict[int, str]:
    found: dict[int, str] = {}
    for treat, name in enumerate(arms.treatments):
        own = arms.treat == treat
        if not arms.r[own].any() or not arms.s[own].any():
            what = "no event" if not arms.r[own].any() else "an event in everyone"
            reason = f"treatment {name} has {what} in all studies that say anything"
            found |= dict.fromkeys(np.flatnonzero(own).tolist(), reason)
    return found


def check_together(arms: Arms, left_out: dict[int, str]) -> None:
    """Raise a ValueError that names the parts of a network that falls apart."""
    pairs = (
        (int(arms.treat[a]), int(arms.treat[b]))
        for own in arms.members()
        for a, b in itertools.pairwise(own)
    )
    parts = connected_parts(len(arms.treatments), pairs)
    if len(parts) > 1:
        shown = "; ".join(", ".join(arms.treatments[node] for node in part) for part in parts)
        why = "; ".join(dict.fromkeys(left_out.values()))
        raise ValueError(
            f"the network falls into {len(parts)} parts without a study between them: {shown}. "
            "Analyse each by itself" + (f". Left out before: {why}" if why else "")
        )


def check_finite(arms: Arms) -> None:
    """Raise a ValueError where odds ratios have no finite estimate; see the head of the module."""
    size = len(arms.treatments)
    reach = np.eye(size, dtype=bool)
    for own in arms.members():
        for a, b in itertools.permutations(own, 2):
            if arms.s[a] > 0 and arms.r[b] > 0:
                reach[arms.treat[a], arms.treat[b]] = True
    for _ in range(size):
        reach = reach @ reach
    if reach.all():
        return
    start = int((~reach).any(1).argmax())
    here = [name for name, there in zip(arms.treatments, reach[start], strict=True) if there]
    rest = [name for name in arms.treatments if name not in here]
    raise ValueError(
        f"the odds ratios of {', '.join(here)} against {', '.join(rest)} have no finite estimate: "
        f"in every study that has both, either nobody given {', '.join(rest)} had the event or "
        f"everybody given {', '.join(here)} had it"
    )
