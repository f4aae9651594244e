"""The two links of an ordinal model, and the derivatives of its log-likelihood in ``eta``.

``P(Y <= j) = F(eta_j)`` with F logistic (proportional odds, McCullagh 1980) or normal (ordered
probit, Aitchison and Silvey 1957). All functions work on the last axis, so that one call serves
every node of a quadrature.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray

Link = Literal["logit", "probit"]
LINKS: tuple[str, ...] = get_args(Link)

SMALLEST = 1e-140
"""A category less likely than this has no likelihood: its derivatives no longer fit a float."""

LONGEST = 3.0
"""Longest step of Newton's method in a threshold or shift: from where hardly anyone stands between
two thresholds a whole step can end where nobody does, and nothing shows the way back."""


@dataclass(frozen=True, slots=True, eq=False)
class AtLink:
    """Category probabilities p, the density f of F at each eta, and the slope of f there."""

    p: FloatArray = field(hash=False)
    f: FloatArray = field(hash=False)
    f_slope: FloatArray = field(hash=False)


def check_link(link: str) -> None:
    """Refuse a link that is not here."""
    if link not in LINKS:
        raise ValueError(f"link is {link!r}; expected one of {', '.join(LINKS)}")


def at_link(eta: FloatArray, link: Link) -> AtLink:
    """Evaluate the link at ``eta`` (rising along the last axis)."""
    if link == "logit":
        below, above = special.expit(eta), special.expit(-eta)
        f = below * above
        return AtLink(_logistic(eta, below, above), f, f * (above - below))
    f = np.exp(-0.5 * eta * eta) / math.sqrt(2.0 * math.pi)
    return AtLink(_normal(eta), f, -eta * f)


def start(people: FloatArray, link: Link) -> FloatArray:
    """Thresholds at which one common distribution gives the shares seen."""
    shares = np.cumsum(people)[:-1] / people.sum()
    if link == "logit":
        return np.asarray(np.log(shares / (1 - shares)))
    return np.asarray(special.ndtri(shares))


def scores(n: FloatArray, at: AtLink) -> tuple[FloatArray, FloatArray]:
    """First derivatives of ``sum n log p`` in eta, and minus the matrix of the second.

    With ``p_j = F(eta_j) - F(eta_{j-1})`` the matrix has three diagonals.
    """
    ratio = n / at.p
    curvature = ratio / at.p
    drop = ratio[..., :-1] - ratio[..., 1:]
    diagonal = at.f**2 * (curvature[..., :-1] + curvature[..., 1:]) - drop * at.f_slope
    beside = -at.f[..., :-1] * at.f[..., 1:] * curvature[..., 1:-1]
    size = diagonal.shape[-1]
    block = np.zeros((*diagonal.shape, size))
    i = np.arange(size)
    block[..., i, i] = diagonal
    block[..., i[:-1], i[1:]] = block[..., i[1:], i[:-1]] = beside
    return at.f * drop, block


def _outer(eta: FloatArray, low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """Put the ends of the scale before and after ``eta``."""
    edge = np.ones((*eta.shape[:-1], 1))
    return np.concatenate([low * edge, eta], -1), np.concatenate([eta, high * edge], -1)


def _logistic(eta: FloatArray, below: FloatArray, above: FloatArray) -> FloatArray:
    """Category probabilities without the cancellation of a plain difference in the tails.

    ``F(b) - F(a) = F(b) F(-a) (1 - exp(a - b))`` for the logistic F.
    """
    edge = np.ones((*eta.shape[:-1], 1))
    between = np.concatenate([edge, -np.expm1(-np.diff(eta)), edge], -1)
    upper, lower = np.concatenate([below, edge], -1), np.concatenate([edge, above], -1)
    return np.asarray(upper * lower * between)


def _normal(eta: FloatArray) -> FloatArray:
    """Category probabilities, taken as a difference of the smaller tails."""
    low, high = _outer(eta, -math.inf, math.inf)
    flip = low > 0
    first = np.where(flip, -low, high)
    second = np.where(flip, -high, low)
    return np.asarray(special.ndtr(first) - special.ndtr(second))
