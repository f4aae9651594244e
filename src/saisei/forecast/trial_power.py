"""Planning a controlled trial: power at an effect, and assurance over what the effect may be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from saisei.base.errors import OptionError, Problem
from saisei.base.store import load_data
from saisei.forecast.design_priors import DesignPrior, impossible
from saisei.forecast.parameters import mixture_parameters
from saisei.forecast.power_outcomes import ArmMeans, ArmResponders, RankinShift
from saisei.forecast.published import FILE

__all__ = [
    "Design",
    "TrialPower",
    "people_needed",
    "power_curve",
    "rankin_groups",
    "rankin_without",
    "trial_power",
]

Outcome = ArmMeans | ArmResponders | RankinShift
FARTHEST = 100.0
"""No odds ratio beyond this is planned with."""


@dataclass(frozen=True, slots=True)
class Design:
    """How people are divided and tested.

    Parameters
    ----------
    people
        Randomised, both groups together.
    ratio
        Treated people for each control.
    dropout
        Share without the later score, in both groups.
    alpha, sides
        Of the test; of a two-sided one only the side of benefit counts as success.
    """

    people: int
    ratio: float = 1.0
    dropout: float = 0.0
    alpha: float = 0.05
    sides: int = 2

    @property
    def groups(self) -> tuple[int, int]:
        """People with a later score: treated and control."""
        treated = round(self.people * self.ratio / (1 + self.ratio))
        kept = 1 - self.dropout
        both = treated, self.people - treated
        one, other = (math.floor(size * kept + 1e-9) for size in both)
        return one, other

    @property
    def one_side(self) -> float:
        """The level of the side that counts."""
        return self.alpha / self.sides


@dataclass(frozen=True, slots=True, eq=False)
class TrialPower:
    """What a controlled trial can show.

    Parameters
    ----------
    effect
        Points of the arm, difference of shares, or log odds ratio.
    treated, control
        People analysed.
    simulated
        Power among simulated trials, without the closed form's assumptions; None where the power
        is exact.
    assurance
        The chance of success over the prior; None without one.
    """

    outcome: Outcome
    design: Design
    effect: float
    treated: int
    control: int
    power: float
    simulated: float | None
    assurance: float | None
    prior: DesignPrior | None
    trials: int
    seed: int


def trial_power(
    outcome: Outcome,
    design: Design,
    effect: float,
    prior: DesignPrior | None = None,
    *,
    trials: int = 2_000,
    seed: int = 1,
) -> TrialPower:
    """Give the power of a controlled trial, and its assurance over a prior.

    Parameters
    ----------
    outcome
        `ArmMeans`, `ArmResponders` or `RankinShift`.
    effect
        In the outcome's own terms; above 0 is a benefit.
    trials, seed
        Of the simulation beside the closed form; 0 trials leave it out.

    Raises
    ------
    OptionError
        Something is impossible.
    """
    _check(outcome, design, effect)
    treated, control = design.groups
    level = design.one_side
    power = outcome.power(np.array([effect]), treated, control, level)
    simulated = outcome.simulate(effect, treated, control, level, trials, seed) if trials else None
    assured = None
    if prior is not None:
        chances = outcome.power(prior.effects, treated, control, level)
        assured = float(chances @ prior.weights)
    return TrialPower(
        outcome, design, effect, treated, control, float(power[0]), simulated, assured, prior,
        trials, seed,
    )  # fmt: skip


def people_needed(outcome: Outcome, design: Design, effect: float, power: float) -> int:
    """Give the smallest number of randomised people with at least this power.

    Raises
    ------
    OptionError
        Even the largest trial that is computed has less.
    """
    if not 0.05 < power < 1:
        raise impossible("power", "more than 0.05 and less than 1", power)
    if effect <= 0:
        expected = "a benefit, when a number of people is asked for"
        raise impossible("effect", expected)
    low, high = _fewest(design), int(load_data(FILE)["limits"]["controlled_people"])
    if _power_with(outcome, design, effect, high) < power:
        told = f"not even {high:,} people give a power of {power:g}"
        raise OptionError(Problem("power", told, "a larger effect", field="--power"))
    while low < high:
        middle = (low + high) // 2
        if _power_with(outcome, design, effect, middle) >= power:
            high = middle
        else:
            low = middle + 1
    return high


def power_curve(found: TrialPower, steps: int = 24) -> tuple[tuple[int, float], ...]:
    """Give the power of such trials from small ones to twice the size."""
    most = int(load_data(FILE)["limits"]["controlled_people"])
    end = min(2 * found.design.people, most)
    first = _fewest(found.design)
    step = max((end - first) // steps, 1)
    sizes = range(first, max(end, first + 1) + 1, step)
    return tuple(
        (people, _power_with(found.outcome, found.design, found.effect, people)) for people in sizes
    )


def _power_with(outcome: Outcome, design: Design, effect: float, people: int) -> float:
    sized = replace(design, people=people)
    _check(outcome, sized, effect)
    return float(outcome.power(np.array([effect]), *sized.groups, design.one_side)[0])


def _fewest(design: Design) -> int:
    """Give the first number of people of whom enough are left in both groups."""
    most = int(load_data(FILE)["limits"]["controlled_people"])
    for people in range(4, most):
        if min(replace(design, people=people).groups) >= 2:
            return people
    raise impossible("ratio", "a ratio that leaves two people in both groups")


def _check(outcome: Outcome, design: Design, effect: float) -> None:
    most = int(load_data(FILE)["limits"]["controlled_people"])
    rules = [
        (4 <= design.people <= most, "people", f"4 to {most:,}"),
        (0.1 <= design.ratio <= 10, "ratio", "0.1 to 10 treated people for each control"),
        (0 <= design.dropout < 1, "dropout", "a share from 0 to less than 1"),
        (0 < design.alpha < 0.5, "alpha", "more than 0 and less than 0.5"),
        (design.sides in {1, 2}, "sides", "1 or 2"),
    ]
    for holds, name, expected in rules:
        if not holds:
            raise impossible(name, expected, getattr(design, name))
    if not math.isfinite(effect):
        raise impossible("effect", "a number", effect)
    if min(design.groups) < 2:
        raise impossible("people", "at least two people analysed in both groups", design.people)
    _check_outcome(outcome, effect)


def _check_outcome(outcome: Outcome, effect: float) -> None:
    if isinstance(outcome, ArmResponders):
        if not 0 < outcome.control < 1:
            raise impossible("control-share", "a share between 0 and 1", outcome.control)
        if not 0 <= outcome.control + effect <= 1:
            expected = "a difference that leaves the share between 0 and 1"
            raise impossible("effect", expected, effect)
    elif isinstance(outcome, RankinShift):
        _check_rankin(outcome.control, effect)
    elif abs(effect) > mixture_parameters().top:
        expected = f"points of the arm score, at most {mixture_parameters().top:g}"
        raise impossible("effect", expected, effect)
    elif (outcome.sd is None) != (outcome.correlation is None):
        raise impossible("sd", "--sd and --correlation together, or none")
    elif outcome.sd is not None and not (
        0 < outcome.sd < math.inf and -1 < (outcome.correlation or 0) < 1
    ):
        raise impossible("sd", "an SD above 0 and a correlation between -1 and 1")


def _check_rankin(control: tuple[float, ...], effect: float) -> None:
    whole = math.isclose(sum(control), 1, abs_tol=1e-6)
    if len(control) != 7 or not whole or min(control) < 0:
        raise impossible("control-shares", "seven shares, of grades 0 to 6, that add up to 1")
    if max(control) >= 1 - 1e-9:
        raise impossible("control-shares", "people in at least two grades")
    if abs(effect) > math.log(FARTHEST):
        expected = f"an odds ratio from {1 / FARTHEST:g} to {FARTHEST:g}"
        raise impossible("effect", expected, math.exp(min(effect, 700.0)))


def rankin_groups() -> dict[str, tuple[float, ...]]:
    """Give the shares of the Rankin grades 0 to 6 without treatment, by the name of the group."""
    given = load_data(FILE)["mrs_without"]
    return {
        name: tuple(np.diff([0.0, *one]).tolist())
        for name, one in given.items()
        if name not in {"status", "source"}
    }


def rankin_without(name: str) -> tuple[float, ...]:
    """Give the shares of the Rankin grades 0 to 6 without treatment of a named group.

    Raises
    ------
    OptionError
        There is no such group.
    """
    known = rankin_groups()
    if name not in known:
        expected = f"one of {', '.join(known)}, or seven numbers"
        raise OptionError(
            Problem("unknown", f"there is no {name!r}", expected, field="--control-shares")
        )
    return known[name]
