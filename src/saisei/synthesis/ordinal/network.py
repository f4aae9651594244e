"""All treatments of a network compared on an ordered scale, in one stage, from counts.

``F^-1 P(Y_ik <= j) = theta_ij - d[t_ik] - u_ik``: study i has its own thresholds or, with
cut-points common to all studies, its own baseline, ``theta_ij = a_i + z_j`` (Dias, Welton, Sutton
and Ades 2011, NICE DSU Technical Support Document 2, example 6). Direction: above 0 the first
treatment stands HIGHER on the scale. The random effects ``u`` are described in ``network_model``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen
from saisei.synthesis.networks.pairs import NetworkModel
from saisei.synthesis.ordinal.links import Link, at_link, check_link
from saisei.synthesis.ordinal.network_data import Arms, read_arms
from saisei.synthesis.ordinal.network_model import NODES, Model, Profile, maximise
from saisei.synthesis.ordinal.network_result import OrdinalNetwork
from saisei.synthesis.ordinal.network_setup import (
    Layout,
    check_finite,
    highest_tau,
    layout_of,
    model_of_arms,
)
from saisei.synthesis.ordinal.search import GRADIENT, Fit, search, search_restricted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

OrdinalMethod = Literal["ML", "REML", "EE"]


def network_ordinal(  # noqa: PLR0913 - the columns of a table, and settings that all have defaults
    study: Iterable[object],
    treatment: Iterable[object],
    counts: Sequence[ArrayLike | Sequence[float | None]],
    link: Link = "logit",
    method: OrdinalMethod = "ML",
    cuts: Literal["common", "study"] = "study",
    random_on: Literal["half", "share"] = "half",
    level: float = 0.95,
    *,
    nodes: Sequence[int] = NODES,
) -> OrdinalNetwork:
    """Compare all treatments of a network of ordinal studies in one stage.

    Parameters
    ----------
    study, treatment : iterable of labels
        One of both for each arm. Two arms of one study may have the same treatment.
    counts : sequence of array_like
        For each arm the people in each category of the scale, from the lowest to the highest.
        Where a study does not tell a category from the one below, the category is None (or NaN)
        and its people are counted below.
    link : {"logit", "probit"}
        Proportional odds, or ordered probit.
    method : {"ML", "REML", "EE"}
        Random effects by maximum likelihood; with tau from the restricted likelihood, in which
        baselines, cut-points and effects are integrated out by Laplace's formula (REML where
        studies are normal estimates, and not low with few studies); or one effect for all.
    cuts : {"study", "common"}
        Thresholds of each study's own, which assumes least; or one baseline for each study and
        distances of the cut-points that all studies share. Common cut-points need rows of one
        length.
    random_on : {"half", "share"}
        What is taken off the random effects of a study's arms because its baseline is maximised:
        their mean, or their mean weighted by people. See ``pool_ordinal``.
    level : float
        Coverage of every interval.
    nodes : sequence of int
        Nodes of the quadrature in each of one, two, three ... dimensions; a study has one
        dimension less than arms.

    Returns
    -------
    OrdinalNetwork

    Raises
    ------
    ValueError
        If an argument is not as described, the network falls into parts, or there is no finite
        estimate. The message names the study or the treatments.

    Examples
    --------
    >>> network_ordinal(
    ...     study=[1, 1, 2, 2, 3, 3],
    ...     treatment=["A", "B", "B", "C", "A", "C"],
    ...     counts=[[9, 12, 4], [5, 13, 9], [8, 10, 9], [7, 9, 14], [30, None, 9], [21, None, 15]],
    ...     cuts="common",
    ...     method="EE",
    ... )
    OrdinalNetwork: k = 3, 3 treatments, method EE, link logit, cuts common
      tau2 0.0000   LR of tau2 = 0: nan, p = nan
      deviance(4) = 2.9956, p = 0.5586
      against A
        B  0.6543 (-0.1539 to 1.4624)
        C  1.0219 (0.2026 to 1.8412)
    """
    check_link(link)
    check_level(level)
    for name, value, known in (
        ("method", method, get_args(OrdinalMethod)),
        ("cuts", cuts, ("study", "common")),
        ("random_on", random_on, ("half", "share")),
    ):
        if value not in known:
            raise ValueError(f"{name} is {value!r}; expected one of {', '.join(known)}")
    each = tuple(int(n) for n in nodes)
    if not each or min(each) < 1:
        raise ValueError(f"nodes is {nodes}; expected numbers of 1 or more")
    arms = read_arms(study, treatment, counts, common_cuts=cuts == "common")
    free = sum(len(table.arms) - 1 for table in arms.tables) - len(arms.treatments) + 1
    random = len(arms.tables) > 1 and (method == "ML" or (method == "REML" and free > 0))
    if random:
        _check_arms(arms, len(each))
    layout = layout_of(arms, common_cuts=cuts == "common")
    model = model_of_arms(arms, layout, link, random_on, each)
    found = _fit(arms, layout, model, random=random, restricted=method == "REML")
    used = {"method": method, "link": link, "cuts": cuts, "random_on": random_on, "level": level}
    return _result(arms, layout, model, found, random=random, used={**used, "nodes": each})


def _check_arms(arms: Arms, most: int) -> None:
    """Refuse more dimensions of the quadrature (one less than arms) than there are nodes for."""
    for table in arms.tables:
        if len(table.arms) - 1 > most:
            raise ValueError(
                f"study {table.name} has {len(table.arms)} arms; its random effects need "
                f"{len(table.arms) - 1} dimensions, and nodes are given for {most}. Give more of "
                "them, or take method='EE'"
            )


def _fit(
    arms: Arms, layout: Layout, model: Model, *, random: bool, restricted: bool
) -> Fit[Profile]:
    """Find the maximum, after a look whether there is one."""

    def at(tau: float, last: Profile | None, gradient: float) -> Profile:
        local, common = (last.local, last.common) if last else (model.start, model.common)
        return maximise(model, tau, local, common, gradient)

    first = at(0.0, None, GRADIENT)
    check_finite(arms, layout, model, first)
    top = highest_tau(arms, layout, first, model.link)
    return search_restricted(at, top) if random and restricted else search(at, top, random=random)


def _result(
    arms: Arms,
    layout: Layout,
    model: Model,
    found: Fit[Profile],
    *,
    random: bool,
    used: dict[str, Any],
) -> OrdinalNetwork:
    best, level = found.best, used["level"]
    boundary = random and best.tau == 0.0
    common, _ = _estimates(found.common, layout, level, with_tau=False)
    restricted = random and used["method"] == "REML"
    with_tau = (
        random and not boundary and not restricted
    )  # REML takes tau for known, as networks do
    model_random, covariance = _estimates(best, layout, level, with_tau=with_tau)
    cut_points, errors = _cut_points(best, layout, covariance)
    value, base = (at.restricted if restricted else at.value for at in (best, found.common))
    q_lr = max(0.0, 2.0 * (value - base)) if random else math.nan
    deviance, df = _deviance(model, found.common)
    return OrdinalNetwork(
        treatments=arms.treatments,
        common=common,
        random=model_random,
        tau2=best.tau**2 if random or used["method"] == "EE" else math.nan,
        q_lr=q_lr,
        q_lr_p=(0.5 * float(special.chdtrc(1, q_lr)) if q_lr else 1.0) if random else math.nan,
        cut_points=frozen(cut_points),
        cut_points_se=frozen(errors),
        thresholds=tuple(
            frozen(
                (study.own @ own + study.shared[:, :, : layout.free] @ best.common[: layout.free])[
                    0
                ]
            )
            for study, own in zip(model.studies, best.local, strict=True)
        ),
        deviance=deviance,
        deviance_df=df,
        deviance_p=float(special.chdtrc(df, deviance)) if df else math.nan,
        k=len(arms.tables),
        included=tuple(table.name for table in arms.tables),
        left_out=arms.left_out,
        collapsed=arms.collapsed,
        log_likelihood=value,
        converged=found.converged,
        iterations=found.iterations,
        boundary=boundary,
        multimodal=found.multimodal,
        notes=_notes(found, layout, arms, used["method"], random=random),
        **used,
    )


def _estimates(
    profile: Profile, layout: Layout, level: float, *, with_tau: bool
) -> tuple[NetworkModel, FloatArray]:
    """All pairs, and the covariance of what is common."""
    information = profile.information if with_tau else profile.information[:-1, :-1]
    covariance = np.linalg.inv(information)[: profile.common.size, : profile.common.size]
    n = layout.treatments
    d, spread = np.zeros(n), np.zeros((n, n))
    d[1:] = profile.common[layout.free :]
    spread[1:, 1:] = covariance[layout.free :, layout.free :]
    te = np.subtract.outer(d, d)
    own = np.diagonal(spread)
    se = np.sqrt(np.maximum(0.0, own[:, None] + own - 2.0 * spread))
    half = float(special.ndtri(0.5 + 0.5 * level)) * se
    centre = np.eye(n) - 1.0 / n
    model = NetworkModel(
        te=frozen(te),
        se=frozen(se),
        lower=frozen(te - half),
        upper=frozen(te + half),
        covariance=frozen(centre @ spread @ centre),
        tau2=profile.tau**2,
    )
    return model, np.asarray(covariance)


def _cut_points(
    profile: Profile, layout: Layout, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Cut-points and their standard errors, each against the first of its part."""
    values, errors = np.zeros(len(layout.column)), np.zeros(len(layout.column))
    for cut, column in enumerate(layout.column):
        if column >= 0:
            values[cut] = profile.common[column]
            errors[cut] = math.sqrt(float(covariance[column, column]))
        elif column == -2:
            values[cut] = errors[cut] = math.nan
    return values, errors


def _deviance(model: Model, profile: Profile) -> tuple[float, int]:
    """Residual deviance against proportions of each arm's own, and its degrees of freedom."""
    total, cells = 0.0, 0
    for study, own in zip(model.studies, profile.local, strict=True):
        counts = study.counts
        expected = at_link(study.own @ own + study.shared @ profile.common, model.link).p
        expected = expected * counts.sum(1, keepdims=True)
        held = counts > 0
        total += 2.0 * float(np.sum(counts[held] * np.log(counts[held] / expected[held])))
        cells += counts.size - counts.shape[0]
    df = cells - sum(own.size for own in profile.local) - profile.common.size
    return max(0.0, total), df


def _notes(
    found: Fit[Profile], layout: Layout, arms: Arms, method: str, *, random: bool
) -> tuple[str, ...]:
    notes, k = [], len(arms.tables)
    if found.multimodal:
        notes.append("the likelihood of tau has several maxima; the highest was taken")
    if not found.converged and not found.at_edge:
        notes.append("the search for the maximum ended early; common cut-points may coincide")
    if found.at_edge:
        notes.append("the likelihood still rises at the largest tau tried: tau has no estimate")
    if len(layout.parts) > 1:
        shown = "; ".join(", ".join(map(str, part)) for part in layout.parts)
        notes.append(f"no study ties these cuts together, so that each part has its own 0: {shown}")
    if k == 1:
        notes.append("one study: its own estimates; tau2 cannot be estimated")
    elif method == "REML" and not random:
        notes.append("no degree of freedom is left: tau2 cannot be estimated")
    if k == 2 and random:
        notes.append("two studies: tau2 is hardly known")
    return tuple(notes)
