"""How a finding would read under other reasonable choices: prior, tier, studies left out.

Each choice is the same appraisal run again with one thing changed, so that effect, certainty and
word always come from the same rules. None of them drives a verdict or a forecast.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from saisei.appraisal.finding import appraise
from saisei.appraisal.model import Effect, Finding, Level, Tier, Word
from saisei.appraisal.priors import PriorChoice, other_priors
from saisei.appraisal.texts import say
from saisei.appraisal.thresholds import limits
from saisei.base.sources import Statement
from saisei.evidence import Contrast

__all__ = ["OtherChoice", "moving_words", "other_words", "sensitivity"]

AT_RISK = ("high", "unjudged")


@dataclass(frozen=True, slots=True)
class OtherChoice:
    """One other reasonable choice, and what it gives.

    Parameters
    ----------
    kind
        What is changed: the prior, the tier, one study left out, or all at risk of bias left out.
    label
        The choice in words.
    left_out
        Titles of the comparisons that the choice leaves out.
    finding
        The whole finding under this choice; its verdict is *no data* where nothing remains.
    """

    kind: Literal["prior", "tier", "one study", "risk of bias"]
    label: str
    left_out: tuple[str, ...]
    finding: Finding

    @property
    def effect(self) -> Effect | None:
        """The effect; None where nothing remains."""
        return self.finding.effect

    @property
    def prior(self) -> str:
        """The prior in words; empty where none was used."""
        return self.finding.effect.prior if self.finding.effect else ""

    @property
    def tier(self) -> Tier | None:
        """How near the comparisons are that remain."""
        return self.finding.tier

    @property
    def word(self) -> Word:
        """The verdict's word."""
        return self.finding.verdict.word

    @property
    def certainty(self) -> Level | None:
        """The level of certainty; None where nothing remains."""
        return self.finding.certainty.level if self.finding.certainty else None


def sensitivity(finding: Finding, wider: Finding | None = None) -> tuple[OtherChoice, ...]:
    """Appraise a finding again under every other reasonable choice, one at a time.

    Parameters
    ----------
    finding
        What was found with the choices that drive the verdict.
    wider
        The same question at tiers A and B together, for a finding at tier A. It is left out where
        it holds the same comparisons.

    Returns
    -------
    tuple of OtherChoice
        Other priors; tiers A and B together; without each study, where there are two or more;
        without those at high or unjudged risk of bias, where there are any. Empty without an
        effect.
    """
    if finding.effect is None:
        return ()
    return (
        *(_with_prior(finding, choice) for choice in _priors(finding)),
        *_at_wider_tier(finding, wider),
        *_without_each(finding),
        *_without_risk(finding),
    )


def other_words(finding: Finding, specifications: Iterable[OtherChoice]) -> tuple[Word, ...]:
    """Name the words that other choices would give instead of the finding's own, each once."""
    words = dict.fromkeys(one.word for one in specifications)
    return tuple(word for word in words if word != finding.verdict.word)


def moving_words(finding: Finding, specifications: Iterable[OtherChoice]) -> Statement:
    """Say in one sentence whether any other choice would change the verdict's word."""
    given = tuple(specifications)
    if not given:
        return Statement("")
    others = other_words(finding, given)
    if not others:
        return Statement(say("sensitivity.word-stays", count=len(given)))
    choices = {word: "; ".join(one.label for one in given if one.word == word) for word in others}
    which = [f"*{word}* ({labels})" for word, labels in choices.items()]
    return Statement(say("sensitivity.word-moves", count=len(given), which="; ".join(which)))


def _priors(finding: Finding) -> tuple[PriorChoice, ...]:
    """Give the other priors; above the limit of exact Bayes, the main one, since none was used."""
    if len(finding.used) > limits()["exact_bayes_up_to"]:
        return ("main",)
    return other_priors(finding.asked.measure, finding.asked.outcome)


def _with_prior(finding: Finding, choice: PriorChoice) -> OtherChoice:
    again = _again(finding, finding.used, prior=choice)
    return OtherChoice("prior", say(f"sensitivity.prior.{choice}"), (), again)


def _at_wider_tier(finding: Finding, wider: Finding | None) -> tuple[OtherChoice, ...]:
    if finding.tier != "A" or wider is None or not wider.used:
        return ()
    own = {one.study_id for one in finding.used}
    if {one.study_id for one in wider.used} == own:
        return ()
    return (OtherChoice("tier", say("sensitivity.tier"), (), wider),)


def _without_each(finding: Finding) -> tuple[OtherChoice, ...]:
    if len(finding.used) < 2:
        return ()
    return tuple(
        OtherChoice(
            "one study",
            say("sensitivity.one", study=one.title),
            (one.title,),
            _again(finding, (*finding.used[:place], *finding.used[place + 1 :])),
        )
        for place, one in enumerate(finding.used)
    )


def _without_risk(finding: Finding) -> tuple[OtherChoice, ...]:
    kept = tuple(one for one in finding.used if one.bias not in AT_RISK)
    left = tuple(one.title for one in finding.used if one.bias in AT_RISK)
    if not left or (len(left) == 1 and len(finding.used) > 1):
        return ()  # a single one at risk is already left out by itself
    return (OtherChoice("risk of bias", say("sensitivity.risk"), left, _again(finding, kept)),)


def _again(
    finding: Finding, kept: tuple[Contrast, ...], prior: PriorChoice | None = None
) -> Finding:
    """Run the same appraisal on some of the comparisons, or with another prior."""
    if finding.worthwhile is None or finding.tier is None:
        raise ValueError("a finding without an effect cannot be appraised again")
    selection = replace(finding.selection, contrasts=kept, beside=())
    return appraise(
        selection, finding.tier, asked=finding.asked, worthwhile=finding.worthwhile, prior=prior
    )
