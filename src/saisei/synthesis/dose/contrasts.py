"""What one study says about dose: contrasts with its reference dose, and their covariance.

All contrasts of a study share its reference group, so they are correlated. ``dose_ratios`` takes
adjusted log ratios as papers print them and recovers the covariance from the table's margins
(Greenland and Longnecker 1992); ``dose_means`` takes means, SDs and sizes of groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from saisei.synthesis._numeric.arrays import frozen, refuse, vector
from saisei.synthesis._numeric.result import Result
from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.dose.hamling import shared_variance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

RatioKind = Literal["cc", "ir", "ci"]
"""Case-control (odds ratios), incidence rates (rate ratios), cumulative incidence (risk ratios)."""

Recovery = Literal["greenland-longnecker", "hamling"]
"""How the covariance of printed ratios is recovered; see ``dose_ratios``."""

MeanKind = Literal["MD", "SMD"]


@dataclass(frozen=True, slots=True, eq=False)
class DoseStudy(Result):
    """One study's contrasts with its reference dose.

    Attributes
    ----------
    dose, y
        Every dose but the reference, and its contrast with the reference.
    covariance
        Sampling covariance of ``y``, shape (m, m).
    reference
        The reference dose.
    label, formula
        The study's name, and how the covariance was found.
    """

    dose: FloatArray = field(hash=False)
    y: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)
    reference: float = 0.0
    label: str = ""
    formula: str = "as given"

    def __post_init__(self) -> None:
        where = f"study {self.label!r}: " if self.label else ""
        dose, y = vector("dose", self.dose), vector("y", self.y)
        covariance = np.array(self.covariance, dtype=np.float64)
        refuse(f"{where}dose", dose, ~np.isfinite(dose), "a finite number")
        refuse(f"{where}y", y, ~np.isfinite(y), "a finite number")
        if dose.size == 0:
            raise ValueError(f"{where}there is no dose besides the reference")
        if y.size != dose.size or covariance.shape != (dose.size, dose.size):
            raise ValueError(
                f"{where}{dose.size} doses, {y.size} contrasts and a covariance of shape "
                f"{covariance.shape}; expected one of each per dose"
            )
        if not math.isfinite(self.reference):
            raise ValueError(f"{where}reference is {self.reference:g}; expected a finite number")
        _positive(covariance, where)
        for name, value in (("dose", dose), ("y", y), ("covariance", covariance)):
            object.__setattr__(self, name, frozen(value))


def _positive(covariance: FloatArray, where: str) -> None:
    """Refuse a covariance that is not symmetric and positive definite."""
    if not np.isfinite(covariance).all() or not np.allclose(covariance, covariance.T, rtol=1e-8):
        raise ValueError(f"{where}covariance must be finite and symmetric")
    try:
        np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise ValueError(f"{where}covariance is not positive definite") from None


def dose_ratios(
    dose: ArrayLike,
    log_ratio: ArrayLike,
    se: ArrayLike | Sequence[float | None],
    *,
    cases: ArrayLike,
    n: ArrayLike,
    kind: RatioKind,
    recovery: Recovery = "greenland-longnecker",
    label: str = "",
) -> DoseStudy:
    """Contrasts of one study from printed log ratios against one reference dose.

    Greenland and Longnecker (1992): counts are found that give exactly the (adjusted) ratios
    while keeping all cases together and every group's size; their correlations are joined with
    the printed standard errors: ``cov_jk = s_0 / sqrt(c_j c_k) se_j se_k``, with s_0 the
    reference's part of the variance ``c_j`` of contrast j, from those counts A and sizes N:

    ==== ==================================================================
    kind variance of contrast j
    ==== ==================================================================
    cc   ``1/A_j + 1/(N_j - A_j)`` + the same of the reference
    ir   ``1/A_j + 1/A_0`` (n is person-time)
    ci   ``1/A_j - 1/N_j + 1/A_0 - 1/N_0``
    ==== ==================================================================

    Parameters
    ----------
    dose, log_ratio, se : array_like of shape (m,)
        One row per group, the reference among them: it is the row whose ``se`` is missing (None
        or NaN) or 0, and its ``log_ratio`` is 0.
    cases, n : array_like of shape (m,)
        Cases, and people (for ``ir`` person-time), in each group.
    kind : {"cc", "ir", "ci"}
        Design; see the table.
    recovery : {"greenland-longnecker", "hamling"}
        ``hamling`` (Hamling and others 2008) finds counts that reproduce the standard errors too
        and keep the reference's share and the overall share of cases; every covariance is then
        the reference's part s_0.
    label : str
        The study's name, for messages.

    Returns
    -------
    DoseStudy

    Examples
    --------
    >>> y, se = [0, -0.2, 0.1], [None, 0.15, 0.2]
    >>> cases, n = [90, 70, 40], [300, 280, 120]
    >>> dose_ratios([0, 10, 30], y, se, cases=cases, n=n, kind="cc").covariance.round(4).tolist()
    [[0.0225, 0.011], [0.011, 0.04]]
    """
    if kind not in get_args(RatioKind):
        raise ValueError(f"kind is {kind!r}; expected one of cc, ir, ci")
    if recovery not in get_args(Recovery):
        raise ValueError(f"recovery is {recovery!r}; expected one of greenland-longnecker, hamling")
    where = f"study {label!r}: " if label else ""
    doses, y, errors, events, people = _ratio_rows(dose, log_ratio, se, cases, n, where=where)
    zero = int(np.isnan(errors).argmax())
    if kind != "ir":
        refuse(f"{where}cases", events, events > people, "at most n")
    if events.sum() == 0 or (kind != "ir" and events.sum() >= people.sum()):
        raise ValueError(f"{where}nobody, or everybody, is a case: no information")
    recover = _greenland_longnecker if recovery == "greenland-longnecker" else _hamling
    covariance = recover(y, errors, events, people, kind, where)
    keep = np.arange(errors.size) != zero
    formula = {"hamling": "Hamling (2008)"}.get(recovery, "Greenland and Longnecker (1992)")
    reference = float(doses[zero])
    return DoseStudy(doses[keep], y[keep], covariance, reference, label, f"{formula}, {kind}")


def _greenland_longnecker(
    y: FloatArray,
    errors: FloatArray,
    events: FloatArray,
    people: FloatArray,
    kind: str,
    where: str,
) -> FloatArray:
    """Covariance from counts that give the ratios and keep the margins."""
    zero = int(np.isnan(errors).argmax())
    counts = pseudo_counts(y, events, people, kind, zero)
    part = {
        "cc": 1 / counts + 1 / (people - counts),
        "ir": 1 / counts,
        "ci": 1 / counts - 1 / people,
    }[kind]
    if not np.all(part > 0):
        raise ValueError(f"{where}the ratios and margins do not fit a table of people")
    keep = np.arange(errors.size) != zero
    scale = errors[keep] / np.sqrt(part[keep] + part[zero])
    covariance = part[zero] * np.outer(scale, scale)
    np.fill_diagonal(covariance, errors[keep] ** 2)
    return np.asarray(covariance)


def _hamling(
    y: FloatArray,
    errors: FloatArray,
    events: FloatArray,
    people: FloatArray,
    kind: str,
    where: str,
) -> FloatArray:
    """Covariance from counts that give the ratios and their standard errors."""
    zero = int(np.isnan(errors).argmax())
    order = np.append(zero, np.flatnonzero(~np.isnan(errors)))
    others = people - events if kind == "cc" else people
    variance = errors[order[1:]] ** 2
    part = shared_variance(y[order[1:]], variance, events[order], others[order], kind)
    if part is None:
        raise ValueError(f"{where}no counts fit these ratios and standard errors")
    covariance = np.full((variance.size, variance.size), part)
    np.fill_diagonal(covariance, variance)
    return np.asarray(covariance)


def _ratio_rows(
    dose: ArrayLike,
    log_ratio: ArrayLike,
    se: ArrayLike | Sequence[float | None],
    cases: ArrayLike,
    n: ArrayLike,
    *,
    where: str,
) -> list[FloatArray]:
    """Check a study's rows; the reference's se comes back as NaN, its log ratio as 0."""
    names = ("dose", "log_ratio", "se", "cases", "n")
    given = (dose, log_ratio, cast("ArrayLike", se), cases, n)
    rows = [vector(name, value) for name, value in zip(names, given, strict=True)]
    if len({row.size for row in rows}) > 1:
        sizes = ", ".join(f"{name} {row.size}" for name, row in zip(names, rows, strict=True))
        raise ValueError(f"{where}rows differ in number: {sizes}")
    _, y, errors, events, people = rows
    reference = np.isnan(errors) | (errors == 0)
    if reference.sum() != 1:
        count = int(reference.sum())
        raise ValueError(f"{where}{count} rows have no se; expected one, the reference")
    zero = int(reference.argmax())
    if abs(y[zero]) > 0:
        raise ValueError(f"{where}log_ratio[{zero}] is {y[zero]:g}; expected 0 at the reference")
    y[zero], errors[zero] = 0.0, math.nan
    refuse(f"{where}se", errors, ~reference & ~(np.isfinite(errors) & (errors > 0)), "above 0")
    refuse(f"{where}cases", events, ~(np.isfinite(events) & (events >= 0)), "0 or more")
    refuse(f"{where}n", people, ~(np.isfinite(people) & (people > 0)), "a number above 0")
    return rows


def pseudo_counts(
    y: FloatArray, events: FloatArray, people: FloatArray, kind: str, zero: int
) -> FloatArray:
    """Cases in each group that give the ratios exactly, all cases and group sizes kept.

    For rates and risks the ratio fixes them outright; for odds the reference's log odds is where
    the cases, which rise with it, add up to all cases.
    """
    total = float(events.sum())
    if kind != "cc":
        relative = np.exp(y) * people / people[zero]
        return np.asarray(total * relative / relative.sum())

    def gap(at: float) -> tuple[float, float]:
        share = 1.0 / (1.0 + np.exp(-(at + y)))
        return float(total - people @ share) / total, -float(people @ (share * (1 - share))) / total

    middle = math.log(total / (float(people.sum()) - total))
    low, high = middle - float(y.max()) - 1.0, middle - float(y.min()) + 1.0
    root = falling_root(gap, low, high, middle)
    return np.asarray(people / (1.0 + np.exp(-(root.x + y))))


def dose_means(
    dose: ArrayLike,
    mean: ArrayLike,
    sd: ArrayLike,
    n: ArrayLike,
    *,
    reference: int = 0,
    measure: MeanKind = "MD",
    pooled: bool = True,
    label: str = "",
) -> DoseStudy:
    """Contrasts of one study's group means with those of a common control.

    ``MD``: differences; with a pooled SD ``s``, variance ``s^2 (1/n_j + 1/n_0)`` and covariance
    ``s^2 / n_0``, else ``s_j^2/n_j + s_0^2/n_0`` and ``s_0^2/n_0``. ``SMD``: differences in
    pooled SDs, covariance ``1/n_0 + d_j d_k / (2 N)``, on the diagonal ``+ 1/n_j`` (Gleser and
    Olkin 2009; Crippa and Orsini 2016).

    Parameters
    ----------
    dose, mean, sd, n : array_like of shape (m,)
        One row per group, the control among them.
    reference : int
        The control's place.
    measure : {"MD", "SMD"}
        Difference of means, plain or standardised.
    pooled : bool
        Whether the groups share one SD (always so for ``SMD``).
    label : str
        The study's name, for messages.

    Returns
    -------
    DoseStudy

    Examples
    --------
    >>> study = dose_means([0, 1, 2], [5.0, 5.8, 6.4], [2.0, 2.1, 1.9], [20, 22, 21])
    >>> study.covariance.round(4).tolist()
    [[0.3831, 0.2007], [0.2007, 0.3918]]
    """
    if measure not in get_args(MeanKind):
        raise ValueError(f"measure is {measure!r}; expected one of MD, SMD")
    where = f"study {label!r}: " if label else ""
    doses, means, sds, sizes = (
        vector(name, value)
        for name, value in (("dose", dose), ("mean", mean), ("sd", sd), ("n", n))
    )
    if not doses.size == means.size == sds.size == sizes.size:
        raise ValueError(f"{where}dose, mean, sd and n differ in number")
    if not 0 <= reference < doses.size:
        raise ValueError(f"{where}reference is {reference}; expected a place among the groups")
    refuse(f"{where}sd", sds, ~(np.isfinite(sds) & (sds > 0)), "a finite number above 0")
    refuse(f"{where}n", sizes, ~(np.isfinite(sizes) & (sizes >= 2)), "2 or more")
    keep = np.arange(doses.size) != reference
    y, total = means[keep] - means[reference], float(sizes.sum())
    variance = float((sizes - 1) @ sds**2) / (total - doses.size)
    if measure == "SMD":
        y = y / math.sqrt(variance)
        covariance = np.diag(1 / sizes[keep]) + 1 / sizes[reference] + np.outer(y, y) / (2 * total)
        formula = "differences in pooled SDs (Gleser and Olkin 2009)"
    elif pooled:
        covariance = variance * (np.diag(1 / sizes[keep]) + 1 / sizes[reference])
        formula = "differences of means, one SD"
    else:
        covariance = np.diag(sds[keep] ** 2 / sizes[keep]) + sds[reference] ** 2 / sizes[reference]
        formula = "differences of means, own SDs"
    return DoseStudy(doses[keep], y, covariance, float(doses[reference]), label, formula)
