"""A network of studies as a linear model.

Studies with several arms are taken apart into independent rows (``networks.data``); a normal prior
for the effect of a treatment against the reference is one more row.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis.bayes.linear_model import LinearModel, rows_model

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.bayes.priors import Normal, TauPrior
    from saisei.synthesis.networks.data import Rows


def contrast_model(
    rows: Rows, tau_prior: TauPrior, effect_prior: Normal | None, reference: int
) -> LinearModel:
    """Put the rows of a network, and priors for the effects against ``reference``, together.

    The coefficients are the effects of the treatments about their mean.
    """
    return _with_priors(rows, rows.x, tau_prior, _effect_priors(rows, effect_prior, reference))


def split_model(
    rows: Rows,
    tau_prior: TauPrior,
    effect_prior: Normal | None,
    reference: int,
    pair: tuple[int, int],
    difference_prior: Normal | None,
) -> LinearModel:
    """Let the studies that compare a pair differ from all others by one more coefficient.

    In a study with more arms it moves one of the pair up and the other down by half, so that it
    does not matter which comes first (White 2015); the last coefficient is direct minus indirect.
    """
    n = rows.x.shape[1]
    both = np.array([set(pair) <= set(design) for design in rows.designs])[rows.design]
    column = np.where(both, 0.5 * (rows.x[:, pair[0]] - rows.x[:, pair[1]]), 0.0)
    priors = _effect_priors(rows, effect_prior, reference)
    if difference_prior is not None:
        priors.append((np.eye(n + 1)[n], difference_prior))
    return _with_priors(rows, np.column_stack([rows.x, column]), tau_prior, priors)


def _effect_priors(
    rows: Rows, effect_prior: Normal | None, reference: int
) -> list[tuple[FloatArray, Normal]]:
    n = rows.x.shape[1]
    if effect_prior is None:
        return []
    others = [at for at in range(n) if at != reference]
    return [(np.eye(n)[at] - np.eye(n)[reference], effect_prior) for at in others]


def _with_priors(
    rows: Rows, x: FloatArray, tau_prior: TauPrior, priors: list[tuple[FloatArray, Normal]]
) -> LinearModel:
    n, width = rows.x.shape[1], x.shape[1]
    more = [np.pad(row, (0, width - row.size)) for row, _ in priors]
    model = rows_model(
        np.concatenate([x, np.reshape(more, (len(more), width))]),
        np.append(rows.y, [one.mean for _, one in priors]),
        np.append(rows.v, [one.sd**2 for _, one in priors]),
        np.eye(width),
        tau_prior,
        rows.y.size,
    )
    # The density of a study's contrasts with one of its arms in terms of that of its rows (see
    # ``networks.data``), and of the effects against the reference in terms of orthonormal ones.
    arms = np.array([len(design) for design in rows.designs], dtype=np.float64)[rows.design]
    turned = float((0.5 * math.log(2.0) - 0.5 * np.log(arms) / (arms - 1.0)).sum())
    return replace(model, constant=model.constant + turned + 0.5 * math.log(n))
