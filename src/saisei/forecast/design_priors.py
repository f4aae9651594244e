"""What the effect of a treatment may be, for planning a controlled trial and for nothing else.

Here, and only here, a gain in one arm without a control group may say something of an effect: as a
design prior, effect = share x gain, with the share even between 0 and 0.8. It never enters a
forecast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from saisei.base.errors import OptionError, Problem
from saisei.base.store import load_data
from saisei.forecast.published import FILE, single_arm_gain
from saisei.forecast.scores import Floats

__all__ = ["DesignPrior", "impossible", "normal_prior", "share_prior", "study_prior"]

NODES = 40


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DesignPrior:
    """What the effect may be: values and their weights, for planning only."""

    words: str
    effects: Floats
    weights: Floats
    source_keys: tuple[str, ...] = ()
    from_gain: bool = False
    """Whether it rests on a gain without a control group."""

    @property
    def mean(self) -> float:
        """The expected effect."""
        return float(self.effects @ self.weights)

    @property
    def sd(self) -> float:
        """How far the effect may lie from it (standard deviation)."""
        return float(np.sqrt(self.weights @ (self.effects - self.mean) ** 2))


def normal_prior(mean: float, sd: float) -> DesignPrior:
    """Give a normal prior of the effect: even steps of its probability."""
    if not 0 < sd < math.inf:
        raise impossible("effect-sd", "a number above 0", sd)
    steps = (np.arange(200) + 0.5) / 200
    words = f"normal, mean {mean:g}, standard deviation {sd:g}"
    return DesignPrior(words, mean + sd * ndtri(steps), np.full(200, 1 / 200))


def share_prior(gain: float, se: float, share: tuple[float, float] | None = None) -> DesignPrior:
    """Give the prior that takes a share of a gain without a control group for the effect.

    Parameters
    ----------
    gain, se
        The gain of one arm and its standard error.
    share
        Lowest and highest share, all between equally probable; 0 and 0.8 when left out.
    """
    low, high = share or tuple(load_data(FILE)["design_prior"]["share"])
    if not 0 <= low < high <= 1:
        raise impossible("share", "two shares from 0 to 1, the lower one first")
    if not (math.isfinite(gain) and se >= 0):
        raise impossible("gain", "a gain and a standard error from 0")
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    shares = low + (high - low) * (nodes + 1) / 2
    normal, chance = np.polynomial.hermite_e.hermegauss(15)
    effects = np.outer(shares, gain + se * normal)
    weight = np.outer(weights / weights.sum(), chance / chance.sum())
    words = f"{low:g} to {high:g} of a gain of {gain:g} points (standard error {se:g})"
    return DesignPrior(words, effects.ravel(), weight.ravel(), from_gain=True)


def study_prior(study_id: str, share: tuple[float, float] | None = None) -> DesignPrior:
    """Give the prior from the gain of the arm score in a study file.

    Raises
    ------
    OptionError
        There is no such study, or it prints no gain of the arm score with its error.
    """
    try:
        gain = single_arm_gain(study_id)
    except KeyError:
        told = f"the study `{study_id}` prints no gain of the arm score with its error"
        expected = "a study that does, such as steinberg-2025-nr1"
        raise OptionError(Problem("no-gain", told, expected, field="--from-study")) from None
    prior = share_prior(gain.value, gain.se or 0.0, share)
    return replace(prior, words=f"{gain.title}: {prior.words}", source_keys=gain.source_keys)


def impossible(name: str, expected: str, value: float | None = None) -> OptionError:
    """Give the refusal of an option that cannot be as it is."""
    told = "this cannot be" if value is None else f"{value:g} cannot be"
    return OptionError(Problem("impossible", told, expected, field=f"--{name}"))
