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
    from saisei.synthesis.bayes.priors import Normal, TauPrior
    from saisei.synthesis.networks.data import Rows


def contrast_model(
    rows: Rows, tau_prior: TauPrior, effect_prior: Normal | None, reference: int
) -> LinearModel:
    """Put the rows of a network, and priors for the effects against ``reference``, together.

    The coefficients are the effects of the treatments about their mean.
    """
    n = rows.x.shape[1]
    x, y, spread = rows.x, rows.y, rows.v
    if effect_prior is not None:
        others = [at for at in range(n) if at != reference]
        x = np.concatenate([x, np.eye(n)[others] - np.eye(n)[reference]])
        y = np.concatenate([y, np.full(n - 1, effect_prior.mean)])
        spread = np.concatenate([spread, np.full(n - 1, effect_prior.sd**2)])
    model = rows_model(x, y, spread, np.eye(n), tau_prior, rows.y.size)
    # The density of a study's contrasts with one of its arms in terms of that of its rows (see
    # ``networks.data``), and of the effects against the reference in terms of orthonormal ones.
    arms = np.array([len(design) for design in rows.designs], dtype=np.float64)[rows.design]
    turned = float((0.5 * math.log(2.0) - 0.5 * np.log(arms) / (arms - 1.0)).sum())
    return replace(model, constant=model.constant + turned + 0.5 * math.log(n))
