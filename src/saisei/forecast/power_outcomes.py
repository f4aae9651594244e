"""The three outcomes of a controlled trial: power in closed form, and one simulation beside it.

Success is a significant difference in favour of the treatment: of a two-sided test only that side
counts, as in R's ``power.t.test``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, nctdtr, ndtr, ndtri, stdtrit

from saisei.base.store import load_data
from saisei.forecast.arm_pairs import Population, pair_table
from saisei.forecast.mixture import score_grid
from saisei.forecast.null_contexts import NullContext, null_context
from saisei.forecast.null_studies import binomial
from saisei.forecast.parameters import mixture_parameters
from saisei.forecast.published import FILE
from saisei.forecast.scores import Floats
from saisei.vocabulary import days_per_month

__all__ = ["ArmMeans", "ArmResponders", "RankinShift", "whitehead_people"]

NODES = 64
BATCH = 400_000


@dataclass(frozen=True)
class ArmMeans:
    """Mean arm scores compared by ANCOVA on the score before; effects in points.

    Parameters
    ----------
    months_since_stroke, months, context
        Of the null trial that both arms are, but for the effect.
    sd, correlation
        Of the scores, instead of those of the null trial; both or none.
    """

    months_since_stroke: float = 24.0
    months: float = 12.0
    context: str | None = None
    sd: float | None = None
    correlation: float | None = None

    @cached_property
    def residual_sd(self) -> float:
        """Scatter of the later score around its line on the score before."""
        if self.sd is not None:
            return self.sd * float(np.sqrt(1 - (self.correlation or 0.0) ** 2))
        table, scores = self.table, score_grid(mixture_parameters().top)
        before, after = table.sum(axis=1), table.sum(axis=0)
        mean_before, mean_after = before @ scores, after @ scores
        var = before @ (scores - mean_before) ** 2
        cov = (scores - mean_before) @ table @ (scores - mean_after)
        return float(np.sqrt(after @ (scores - mean_after) ** 2 - cov**2 / var))

    @cached_property
    def situation(self) -> NullContext:
        """What goes on in both groups."""
        return null_context(self.context, self.months_since_stroke)

    @cached_property
    def table(self) -> Floats:
        """The pairs of scores of a person of the null trial."""
        given, chosen = load_data(FILE), self.situation
        day, days = (one * days_per_month() for one in (self.months_since_stroke, self.months))
        who = Population(
            given["people"]["mean"], given["people"]["sd"], given["measurement"]["sem"]
        )
        return pair_table(day, days, chosen.context.mean_change(days), who)

    def power(self, effects: Floats, treated: int, control: int, alpha: float) -> Floats:
        """Integrate the noncentral t over how far the groups differ before by chance."""
        people = treated + control
        df = people - 3
        uneven = stdtrit(people - 2, (np.arange(NODES) + 0.5) / NODES) ** 2 / (people - 2)
        se = self.residual_sd * np.sqrt((1 / treated + 1 / control) * (1 + uneven))
        ncp = np.clip(effects[:, None] / se, -30.0, 30.0)
        return np.asarray(1 - nctdtr(df, ncp, stdtrit(df, 1 - alpha)).mean(axis=1))

    def simulate(
        self, effect: float, treated: int, control: int, alpha: float, trials: int, seed: int
    ) -> float:
        """Draw trials with the heavy-tailed changes and the ends of the scale."""
        rng = np.random.default_rng(seed)
        people = treated + control
        size = max(BATCH // people, 1)
        found = 0
        for start in range(0, trials, size):
            before, after = self._draw(rng, min(size, trials - start), people)
            after[:, :treated] += effect
            if self.sd is None:
                np.clip(after, 0.0, mixture_parameters().top, out=after)
            critical = stdtrit(people - 3, 1 - alpha)
            found += int((ancova_t(before, after, treated) > critical).sum())
        return found / trials

    def _draw(self, rng: np.random.Generator, trials: int, people: int) -> tuple[Floats, Floats]:
        if self.sd is not None:
            before, own = rng.standard_normal((2, trials, people))
            slope = self.correlation or 0.0
            return before * self.sd, self.sd * slope * before + self.residual_sd * own
        cumulative = np.cumsum(self.table.ravel())
        uniform = rng.random((trials, people))
        at = np.searchsorted(cumulative / cumulative[-1], uniform, side="right")
        before, after = np.divmod(at, self.table.shape[1])
        return before.astype(np.float64), after.astype(np.float64)


def ancova_t(before: Floats, after: Floats, treated: int) -> Floats:
    """Give the t of the treatment, adjusted for the score before, of each trial (row).

    Where everybody scored alike before, nothing is adjusted; where nothing scatters it is 0.
    """
    x, y = before.copy(), after.copy()
    gaps = []
    for one in (x, y):
        first, second = (part.mean(axis=1) for part in (one[:, :treated], one[:, treated:]))
        gaps.append(first - second)
        one[:, :treated] -= first[:, None]
        one[:, treated:] -= second[:, None]
    xx, xy, yy = (x * x).sum(axis=1), (x * y).sum(axis=1), (y * y).sum(axis=1)
    n1, n2 = treated, x.shape[1] - treated
    there = xx > 0
    slope = np.divide(xy, xx, out=np.zeros_like(xx), where=there)
    uneven = np.divide(gaps[0] ** 2, xx, out=np.zeros_like(xx), where=there)
    variance = np.maximum(yy - slope * xy, 0.0) / (n1 + n2 - 3)
    se = np.sqrt(variance * (1 / n1 + 1 / n2 + uneven))
    gap = gaps[1] - slope * gaps[0]
    return np.asarray(np.divide(gap, se, out=np.zeros_like(se), where=se > 1e-9))


@dataclass(frozen=True, slots=True)
class ArmResponders:
    """Shares of responders; effects are differences of shares (treated minus control).

    The power is exact: every possible pair of counts, by the chi-square test without correction.
    """

    control: float

    def power(self, effects: Floats, treated: int, control: int, alpha: float) -> Floats:
        """Sum over all counts at which the test is significant in favour of the treatment."""
        succeeds = _significant(treated, control, alpha)
        given = succeeds @ binomial(control, np.array([self.control]))[0]
        shares = np.clip(self.control + effects, 0.0, 1.0)
        return np.asarray(binomial(treated, shares) @ given)

    def simulate(
        self, effect: float, treated: int, control: int, alpha: float, trials: int, seed: int
    ) -> None:
        """Nothing: the power is exact."""
        del effect, treated, control, alpha, trials, seed


@lru_cache(maxsize=4)
def _significant(treated: int, control: int, alpha: float) -> NDArray[np.bool_]:
    one, other = np.arange(treated + 1)[:, None], np.arange(control + 1)[None, :]
    pooled = (one + other) / (treated + control)
    variance = pooled * (1 - pooled) * (1 / treated + 1 / control)
    gap = one / treated - other / control
    return np.asarray((gap > 0) & (gap >= ndtri(1 - alpha) * np.sqrt(variance) - 1e-12))


@dataclass(frozen=True, slots=True)
class RankinShift:
    """The whole Rankin scale by proportional odds (Whitehead 1993); effects are log odds ratios.

    Parameters
    ----------
    control
        Shares of the grades 0 to 6 without treatment; an odds ratio above 1 moves people to lower
        grades.
    """

    control: tuple[float, ...]

    def treated(self, effect: float) -> Floats:
        """Give the shares of the grades with treatment."""
        at_most = np.cumsum(self.control)[:-1]
        inside = np.clip(at_most, 1e-300, 1 - 1e-16)
        moved = np.where((at_most > 0) & (at_most < 1), expit(logit(inside) + effect), at_most)
        return np.diff(np.concatenate(([0.0], moved, [1.0])))

    def information(self, effect: float, treated: int, control: int) -> float:
        """Give the score test's information on the log odds ratio."""
        n = treated + control
        mean = (treated * self.treated(effect) + control * np.array(self.control)) / n
        return float(treated * control * n / (3 * (n + 1) ** 2) * (1 - (mean**3).sum()))

    def power(self, effects: Floats, treated: int, control: int, alpha: float) -> Floats:
        """Give the normal approximation of the score test's power."""
        root = np.sqrt([self.information(float(one), treated, control) for one in effects])
        return np.asarray(ndtr(effects * root - ndtri(1 - alpha)))

    def simulate(
        self, effect: float, treated: int, control: int, alpha: float, trials: int, seed: int
    ) -> float:
        """Draw trials and test them by the score test, which is Wilcoxon's with ties."""
        rng = np.random.default_rng(seed)
        one = rng.multinomial(treated, self.treated(effect), trials)
        other = rng.multinomial(control, self.control, trials)
        both, n = one + other, treated + control
        ranks = np.cumsum(both, axis=1) - (both - 1) / 2
        excess = treated * (n + 1) / 2 - (one * ranks).sum(axis=1)
        ties = (both.astype(np.float64) ** 3 - both).sum(axis=1) / (n * (n - 1))
        variance = treated * control / 12 * (n + 1 - ties)
        z = np.divide(excess, np.sqrt(variance), out=np.zeros(trials), where=variance > 0)
        return float((z >= ndtri(1 - alpha)).mean())


def whitehead_people(
    outcome: RankinShift, log_odds: float, power: float, alpha: float, ratio: float = 1.0
) -> float:
    """Give the number of people of Whitehead's formula (1993), both groups, not rounded.

    Parameters
    ----------
    alpha
        Of the one side that counts.
    ratio
        Treated people for each control.
    """
    share = ratio / (1 + ratio)
    mean = share * outcome.treated(log_odds) + (1 - share) * np.array(outcome.control)
    needed = (ndtri(1 - alpha) + ndtri(power)) ** 2
    return float(3 * (ratio + 1) ** 2 * needed / (ratio * log_odds**2 * (1 - (mean**3).sum())))
