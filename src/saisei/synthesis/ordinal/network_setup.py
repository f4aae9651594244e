"""From the arms of an ordinal network to its model: designs, starting values, existence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from saisei.synthesis.ordinal.links import start
from saisei.synthesis.ordinal.network_model import Model, Profile, StudyModel, sharing_of
from saisei.synthesis.ordinal.shift import CommonOddsRatio, common_odds_ratio, common_probit_shift

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.ordinal.links import Link
    from saisei.synthesis.ordinal.network_data import Arms, Table

FAR = {"logit": 5.0, "probit": 2.5}
"""Where a threshold lies as far out as this, it is asked whether it has a finite estimate."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the common parameters stand: cut-points first, then treatments but the first.

    ``column`` gives the column of each cut of the scale, -1 for the first of its part (which is
    0) and -2 for a cut that no study reports; ``parts`` are cuts that studies tie together.
    """

    column: tuple[int, ...]
    parts: tuple[tuple[int, ...], ...]
    treatments: int = field(default=0)

    @property
    def free(self) -> int:
        """Number of cut-points to be estimated."""
        return sum(at >= 0 for at in self.column)


def layout_of(arms: Arms, *, common_cuts: bool) -> Layout:
    """Tie cuts that studies report together; the first of each part is its zero."""
    size = arms.categories - 1
    if not common_cuts:
        return Layout((), (), len(arms.treatments))
    label = list(range(size))
    for table in arms.tables:
        own = {label[cut] for cut in table.cuts}
        label = [min(own) if at in own else at for at in label]
    used = {cut for table in arms.tables for cut in table.cuts}
    column, free = [], 0
    for cut in range(size):
        if cut not in used:
            column.append(-2)
        elif any(label[other] == label[cut] for other in range(cut) if other in used):
            column.append(free)
            free += 1
        else:
            column.append(-1)
    parts = tuple(
        tuple(cut for cut in range(size) if cut in used and label[cut] == own)
        for own in sorted({label[cut] for cut in used})
    )
    return Layout(tuple(column), parts, len(arms.treatments))


def model_of_arms(
    arms: Arms,
    layout: Layout,
    link: Link,
    random_on: Literal["half", "share"],
    nodes: tuple[int, ...],
) -> Model:
    """Write every study as a linear predictor."""
    studies = tuple(_study(table, layout, random_on) for table in arms.tables)
    common = np.zeros(layout.free + layout.treatments - 1)
    if not layout.column:
        own = tuple(start(table.counts.sum(0), link) for table in arms.tables)
        return Model(studies, own, common, link, nodes)
    local, cut_points = _start(arms.tables, layout, link)
    common[: layout.free] = cut_points
    return Model(studies, local, common, link, nodes)


def _study(table: Table, layout: Layout, random_on: str) -> StudyModel:
    arms, cuts = len(table.arms), len(table.cuts)
    own = np.tile(np.eye(cuts), (arms, 1, 1)) if not layout.column else np.ones((arms, cuts, 1))
    shared = np.zeros((arms, cuts, layout.free + layout.treatments - 1))
    for at, cut in enumerate(table.cuts if layout.column else ()):
        if layout.column[cut] >= 0:
            shared[:, at, layout.column[cut]] = 1.0
    for at, treatment in enumerate(table.arms):
        if treatment:
            shared[at, :, layout.free + treatment - 1] = -1.0
    people = table.counts.sum(1)
    equal = np.full(arms, 1.0 / arms)
    sharing = sharing_of(people / people.sum() if random_on == "share" else equal)
    return StudyModel(table.counts, own, shared, sharing)


def _start(
    tables: tuple[Table, ...], layout: Layout, link: Link
) -> tuple[tuple[FloatArray, ...], FloatArray]:
    """Baselines and cut-points closest to the studies' own thresholds, in rising order."""
    rows, right = [], []
    for i, table in enumerate(tables):
        for cut, theta in zip(table.cuts, start(table.counts.sum(0) + 0.5, link), strict=True):
            row = np.zeros(len(tables) + layout.free)
            row[i] = 1.0
            if layout.column[cut] >= 0:
                row[len(tables) + layout.column[cut]] = 1.0
            rows.append(row)
            right.append(theta)
    found = np.linalg.lstsq(np.array(rows), np.array(right))[0]
    values = found[len(tables) :]
    for part in layout.parts:
        last = 0.0
        for cut in part[1:]:
            last = max(last + 0.05, float(values[layout.column[cut]]))
            values[layout.column[cut]] = last
    return tuple(found[i : i + 1] for i in range(len(tables))), values


def highest_tau(arms: Arms, layout: Layout, common: Profile, link: Link) -> float:
    """Return a tau beyond which the likelihood is not followed; see ``one_stage``.

    Twice the largest distance of a study's own shift from the common effect, and some more.
    """
    estimate = common_odds_ratio if link == "logit" else common_probit_shift
    d = np.concatenate([[0.0], common.common[layout.free :]])
    far, room = 0.0, 1.0
    for table in arms.tables:
        for at in range(1, len(table.arms)):
            one = estimate(table.counts[at], table.counts[0])
            shift = one.log_or if isinstance(one, CommonOddsRatio) else one.shift
            if math.isfinite(shift):
                far = max(far, abs(shift - d[table.arms[at]] + d[table.arms[0]]))
            else:
                room = 5.0
    return float(room + 2.0 * far)


def check_finite(arms: Arms, layout: Layout, model: Model, found: Profile) -> None:
    """Raise a ValueError where the likelihood rises without end.

    It does when there is a direction in which no person's category loses and one gains (Albert
    and Anderson 1984): its upper threshold does not fall, its lower one does not rise. Whether
    there is such a direction is a linear programme (Konis 2007); it holds for any tau, since a
    random effect only moves the point from which the direction starts.
    """
    far = max(
        float(np.abs(study.own @ own + study.shared @ found.common).max())
        for study, own in zip(model.studies, found.local, strict=True)
    )
    if found.converged and far < FAR[model.link]:
        return
    from scipy.optimize import linprog  # noqa: PLC0415 - slow to load, and hardly ever needed

    gains = _gains(model)
    rows, size = gains.shape
    programme = linprog(
        np.concatenate([np.zeros(size), -np.ones(rows)]),
        A_ub=np.hstack([-gains, np.eye(rows)]),
        b_ub=np.zeros(rows),
        bounds=[(None, None)] * size + [(0.0, 1.0)] * rows,
    )
    if programme.x is None or programme.x[size:].sum() < 1e-6:
        return
    direction = programme.x[:size][-model.common.size :]
    d = np.concatenate([[0.0], direction[layout.free :]])
    _refuse(arms, d)


def _refuse(arms: Arms, d: FloatArray) -> None:
    """Name the treatments between which the distance grows."""
    if np.ptp(d) < 1e-6:
        raise ValueError(
            "the cut-points have no finite estimates: between two of them nobody stands in any "
            "study that reports both; give one estimate to each study (cuts='study')"
        )
    middle = 0.5 * (d.max() + d.min())
    high = [name for name, at in zip(arms.treatments, d, strict=True) if at > middle]
    low = [name for name, at in zip(arms.treatments, d, strict=True) if at <= middle]
    raise ValueError(
        f"no finite estimate of {', '.join(high)} against {', '.join(low)}: wherever they meet, "
        "the former stand at or above the latter, every person; leave these studies out, or "
        "treat one of the arms as another"
    )


def _gains(model: Model) -> FloatArray:
    """One row for each threshold of a category held: how its probability gains from a change."""
    offsets = np.cumsum([0] + [own.size for own in model.start])
    rows = []
    for i, study in enumerate(model.studies):
        width = int(offsets[-1]) + model.common.size
        for arm, counts in enumerate(study.counts):
            design = np.zeros((counts.size - 1, width))
            design[:, offsets[i] : offsets[i + 1]] = study.own[arm]
            design[:, offsets[-1] :] = study.shared[arm]
            for category in np.flatnonzero(counts > 0).tolist():
                if category < counts.size - 1:
                    rows.append(design[category])
                if category:
                    rows.append(-design[category - 1])
    return np.array(rows)
