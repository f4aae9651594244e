"""What an appraisal says: the effect, how sure it is, and the verdict in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from saisei import synthesis as syn
from saisei.base.sources import Statement
from saisei.evidence import Contrast, Measure, Selection

__all__ = [
    "LEVELS",
    "Asked",
    "Certainty",
    "Effect",
    "Finding",
    "Level",
    "Step",
    "Tier",
    "Verdict",
    "VerdictScale",
    "Word",
    "Worthwhile",
]

Level = Literal["high", "moderate", "low", "very-low"]
Tier = Literal["A", "B", "C"]
Word = Literal[
    "benefit", "small benefit", "no worthwhile difference", "harm", "uncertain", "no data"
]
VerdictScale = Literal["per-100", "points", "log-odds-ratio", "smd"]

LEVELS: tuple[Level, ...] = ("high", "moderate", "low", "very-low")
"""From the surest to the least sure."""


@dataclass(frozen=True, slots=True)
class Worthwhile:
    """The smallest difference worth having: `benefit` to the good side, `harm` to the bad side.

    Both are sizes, above 0, on the verdict's scale.
    """

    benefit: float
    harm: float
    scale: VerdictScale
    words: str
    doubled: bool = False

    def times(self, factor: float) -> Worthwhile:
        """Give the same with both sides multiplied."""
        return Worthwhile(
            self.benefit * factor, self.harm * factor, self.scale, self.words, self.doubled
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One reason for less certainty: how many levels, and why."""

    domain: Literal[
        "risk of bias",
        "inconsistency",
        "indirectness",
        "imprecision",
        "missing results",
        "second-hand source",
    ]
    change: int
    """0, -1, -2 or -3."""
    reason: Statement


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure the evidence is, computed by rule and not judged by a panel."""

    level: Level
    steps: tuple[Step, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Effect:
    """The mean effect of cells against control, on the scale of its measure.

    Ratios are logarithms. `low` and `high` bound the mean effect, `new_low` and `new_high` the
    effect in a new setting (None where it cannot be given), all at 95 %.
    """

    measure: Measure
    median: float
    low: float
    high: float
    new_low: float | None
    new_high: float | None
    studies: int
    method: str
    prior: str = ""
    prior_sources: tuple[str, ...] = ()
    moments: bool = True
    """Whether a mean and a standard deviation exist; after a heavy-tailed prior and one or two
    studies they do not, while the median and the interval always do."""

    @property
    def mostly_assumption(self) -> bool:
        """Whether so few studies speak that the spread between settings is mostly assumed."""
        return self.studies <= 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict word, and the numbers that it was read from.

    `estimate`, `low` and `high` are on `scale`, turned so that above 0 is better for the person.
    """

    word: Word
    sentences: tuple[Statement, ...]
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    scale: VerdictScale | None = None
    at_half: Word | None = None
    at_double: Word | None = None

    @property
    def moves(self) -> bool:
        """Whether half or double the threshold would give another word."""
        return self.at_half is not None and {self.at_half, self.at_double} != {self.word}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the table, as it is put about every therapy."""

    id: str
    title: str
    outcome: str
    measure: Measure
    threshold: str
    people: str = ""
    longest: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question about one therapy.

    Parameters
    ----------
    tier
        How near the trials are to the therapy and the person; None with no data.
    used
        The contrasts that the verdict and any forecast rest on.
    shown
        Contrasts of the selection that drive nothing, each with the reason.
    effect, pool, bayes
        What they give together. `bayes` is what is used up to four studies.
    control_risk
        Share of the control arms with the event, with the counts it comes from.
    benefit
        +1 where a larger effect is better for the person, -1 where it is worse.
    counts
        The trials' own counts in words.
    """

    asked: Asked
    selection: Selection
    tier: Tier | None
    used: tuple[Contrast, ...]
    shown: tuple[tuple[Contrast, str], ...]
    verdict: Verdict
    certainty: Certainty | None = None
    effect: Effect | None = None
    pool: syn.PoolResult | None = None
    bayes: syn.BayesResult | None = None
    worthwhile: Worthwhile | None = None
    control_risk: float | None = None
    control_counts: tuple[int, int] | None = None
    benefit: Literal[1, -1] = 1
    counts: tuple[Statement, ...] = ()

    @property
    def effect_interval(self) -> tuple[float, float] | None:
        """The 95 % interval on the verdict's scale, above 0 better; None with no data."""
        if self.verdict.low is None or self.verdict.high is None:
            return None
        return self.verdict.low, self.verdict.high

    @property
    def people(self) -> int:
        """People in the contrasts used, as far as their number is known."""
        return sum(contrast.people or 0 for contrast in self.used)

    @property
    def weights(self) -> tuple[float, ...]:
        """Each used contrast's share of the pool, 0 to 1."""
        if self.pool is None:
            return ()
        total = float(self.pool.weights.sum())
        return tuple(float(weight) / total for weight in self.pool.weights)

    @property
    def source_keys(self) -> tuple[str, ...]:
        """Every source of the contrasts used, each once."""
        keys = [key for contrast in self.used for key in contrast.source_keys]
        return tuple(dict.fromkeys(keys))
