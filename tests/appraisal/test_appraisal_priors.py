"""The priors for tau: the published tables, put into points, and checked by brute force."""

from __future__ import annotations

import json
import math
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from appraisal.appraisal_builders import GAIN, LEG, TEN, contrast, events, finding
from saisei import synthesis as syn
from saisei.appraisal import Finding, limits, other_priors, tau_prior

Floats = NDArray[np.float64]

TRIALS = {
    1: ((4.0, 0.8),),
    2: ((4.0, 3.0), (3.0, 3.0)),
    3: ((4.0, 0.8), (9.0, 1.5), (1.0, 1.2)),
}
LOCATION, SCALE, DF = -3.02, 2.27, 5  # Rhodes 2015, functioning, on log tau^2 of SMDs
SD_ARM = 11.5


def trials(k: int) -> Finding:
    return finding(*[contrast(y, se) for y, se in TRIALS[k]])


def test_priors_are_the_published_ones() -> None:
    functioning = tau_prior("OR", "mrs").tau
    assert functioning == syn.LogNormal.from_tau2(-2.77, 1.73)
    assert tau_prior("OR", "death").tau == syn.LogNormal.from_tau2(-4.17, 1.55)
    assert tau_prior("OR", "sae").tau == syn.LogNormal.from_tau2(-2.10, 1.71)
    assert tau_prior("SMD", "mrs").tau == syn.LogT.from_tau2(LOCATION, SCALE, DF)


def test_on_points_the_published_prior_is_multiplied_by_the_standard_deviation() -> None:
    arm, smd = tau_prior("MD", "fma-ue").tau, tau_prior("SMD", "fma-ue").tau
    assert isinstance(arm, syn.LogT)
    for tau in (0.5, 2.5, 20.0):
        assert arm.mass_below(tau) == pytest.approx(smd.mass_below(tau / SD_ARM))
    # the facts' own figure: median tau 0.22 standard deviations
    assert arm.mass_below(0.221 * SD_ARM) == pytest.approx(0.5, abs=0.002)


def test_a_scale_without_a_known_sd_takes_that_of_the_studies() -> None:
    trial = contrast(1.0, 20.0 * math.sqrt(2 / 150))
    prior = tau_prior("MD", "barthel", [trial]).tau
    assert isinstance(prior, syn.LogT)
    assert prior.mass_below(0.221 * 20.0) == pytest.approx(0.5, abs=0.002)


def test_the_other_choices_are_named_and_published() -> None:
    assert other_priors("MD", "fma-ue") == ("pharmacological", "half-normal", "sd-of-change")
    assert other_priors("MD", "fma-le") == ("pharmacological", "half-normal")
    assert other_priors("OR", "death") == ("pharmacological", "half-normal")
    half = tau_prior("MD", "fma-ue", choice="half-normal").tau
    assert isinstance(half, syn.HalfNormal)
    assert half.scale == pytest.approx(3.2, abs=0.05)
    assert tau_prior("OR", "mrs", choice="half-normal").tau == syn.HalfNormal(0.5)
    drug = tau_prior("OR", "mrs", choice="pharmacological").tau
    assert drug == syn.LogNormal.from_tau2(-2.54, 1.54)
    six = tau_prior("MD", "fma-ue", choice="sd-of-change").tau
    assert six.mass_below(0.221 * 6.0) == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize(("measure", "outcome"), [("OR", "mrs"), ("SMD", "mrs"), ("MD", "barthel")])
def test_a_choice_that_does_not_exist_is_refused(measure: str, outcome: str) -> None:
    with pytest.raises(ValueError, match=r"sd-of-change|standard deviation of changes"):
        tau_prior(measure, outcome, choice="sd-of-change")


def test_signs_and_scans_take_their_own_rows() -> None:
    """Turner 2015 and Rhodes 2015: signs and symptoms, and structure, differ from functioning."""
    said = {
        name: tau_prior("SMD", name).words for name in ("nihss", "lesion-volume", "mrs", "death")
    }
    assert said["nihss"].endswith("signs")
    assert said["lesion-volume"].endswith("structure")
    assert said["mrs"].endswith("functioning")
    assert said["death"].endswith("functioning")
    assert tau_prior("OR", "nihss").words.endswith("signs")


@cache
def brute(k: int) -> tuple[Floats, Floats, Floats]:
    """Weigh a grid of tau (logarithmic) and mean effect (sinh) by prior and likelihood.

    Nothing is integrated in closed form: each weight is the product of the studies' own normal
    densities and the prior. Shapes: tau (n, 1), mu (1, m), weights (n, m).
    """
    u = np.linspace(-12.0, 26.0, 1401)[:, None]
    z = np.linspace(-27.0, 27.0, 5001)[None, :]
    tau, mu = np.exp(u), 4.0 + np.sinh(z)
    log_tau2 = 2.0 * (u - math.log(SD_ARM))
    weight = stats.t.logpdf((log_tau2 - LOCATION) / SCALE, DF) + np.log(np.cosh(z))
    for y, se in TRIALS[k]:
        weight = weight + stats.norm.logpdf(y, mu, np.hypot(tau, se))
    share = np.exp(weight - weight.max())
    return tau, mu, share / share.sum()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_mean_effect_is_that_of_a_brute_force_grid(k: int) -> None:
    found = trials(k).effect
    assert found is not None
    _, mu, weight = brute(k)
    below = np.cumsum(weight.sum(0))
    for end, mass in ((found.low, 0.025), (found.median, 0.5), (found.high, 0.975)):
        # steps of the grid are up to 0.011 * |mu - 4|
        assert np.interp(end, mu[0], below) == pytest.approx(mass, abs=2e-3)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_new_setting_is_that_of_a_brute_force_grid(k: int) -> None:
    found = trials(k).effect
    assert found is not None
    assert found.new_low is not None
    assert found.new_high is not None
    tau, mu, weight = brute(k)
    for end, mass in ((found.new_low, 0.025), (found.new_high, 0.975)):
        below = float((weight * special.ndtr((end - mu) / tau)).sum())
        assert below == pytest.approx(mass, abs=2e-3)


@pytest.mark.parametrize(("k", "moments"), [(1, False), (2, False), (3, True)])
def test_whether_a_mean_and_a_spread_exist_is_told_and_ends_are_finite(
    k: int, *, moments: bool
) -> None:
    found = trials(k)
    assert found.effect is not None
    assert found.effect.moments is moments
    ends = [found.effect.low, found.effect.high, found.effect.new_low, found.effect.new_high]
    assert all(end is not None and math.isfinite(end) for end in ends)
    said = " ".join(sentence.text for sentence in found.verdict.sentences)
    assert "inf" not in json.dumps(said)
    assert "nan" not in said


def test_a_new_setting_that_is_open_in_practice_is_said_in_words() -> None:
    times = limits()["bounds_nothing_from"]
    one, three = trials(1), trials(3)
    assert one.effect is not None
    assert one.effect.new_low is not None
    assert one.effect.new_low <= -times * 3.0
    assert any("next to nothing is excluded" in s.text for s in one.verdict.sentences)
    assert not any("next to nothing is excluded" in s.text for s in three.verdict.sentences)


def test_the_limit_of_what_is_open_follows_the_verdicts_own_scale() -> None:
    few = finding(events((2, 12), (2, 12)), asked=GAIN, worthwhile=TEN)
    many = finding(events((60, 300), (60, 300)), events((62, 300), (60, 300)),
                   asked=GAIN, worthwhile=TEN)  # fmt: skip
    leg = finding(contrast(2.0, 1.2), asked=LEG)
    told = [any("next to nothing" in s.text for s in one.verdict.sentences)
            for one in (few, many, leg)]  # fmt: skip
    assert told == [True, False, True]
