"""Numbers for people: the deaths, no number needed to treat, both intervals of gain and loss."""

from __future__ import annotations

import re

import pytest

from appraisal.appraisal_builders import contrast, finding
from decision.decision_examples import example
from rules.rules_words import sentences
from saisei.decision.futures import view
from saisei.decision.voice import Voice
from saisei.forecast import Scored, context, draw_with, forecast_arm
from saisei.forecast.futures import Future
from saisei.report import to_html

DEATHS = (
    "Two people treated for pain, not stroke, became critically ill during infusions of their own "
    "fat-derived cells in Tokyo (20 August 2025, 10 March 2026) and died. The cause was not "
    "established in what we read. How many such infusions are given is not public, so no rate can "
    "be given."
)
ALL = ("01", "02", "02b", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")
COURSE = forecast_arm([Scored(800, 28, 0)], context(None))
TRIALS = finding(contrast(4.0, 0.8), contrast(4.4, 0.8))


@pytest.mark.parametrize("number", ["01", "03", "04", "05", "06", "07", "08", "11"])
def test_the_deaths_stand_first_among_the_harms_word_by_word(number: str) -> None:
    harms = example(number).harms
    assert harms[0].id == "deaths"
    assert harms[0].words.text == DEATHS
    assert (harms[0].events, harms[0].people) == (None, None)
    assert len(harms) > 1
    assert all(harm.words.sources for harm in harms)
    assert DEATHS in to_html(example(number))


@pytest.mark.parametrize("number", ALL)
def test_nobody_reads_a_number_needed_to_treat_or_one_in_so_many(number: str) -> None:
    for text in sentences(example(number)):
        assert not re.search(r"\bNNTB?H?\b|number needed|\b1 in \d", text, re.IGNORECASE), text


def test_gain_and_loss_both_carry_the_interval_of_the_mean_and_of_a_new_setting() -> None:
    said = [sentence.text for sentence in draw_with(COURSE, TRIALS, 6).sentences]
    gain, loss = (next(t for t in said if f"{word} 6 points" in t) for word in ("gain", "lose"))
    assert "The trials fit anything from" in gain
    assert "The trials fit anything from" in loss
    assert any("would gain that much" in text for text in said)
    assert any("would lose that much" in text for text in said)


def test_what_a_picture_shows_is_never_narrower_than_what_was_computed() -> None:
    drawn = draw_with(COURSE, TRIALS, 6)
    counts = COURSE.counts(6)
    future = Future("fma_ue", "arm", COURSE, None, 6.0, None, counts, (), (drawn,))
    shown = view(future, Voice("self"), lambda _: ("cells", "x")).with_therapy[0]
    for low, high, computed in (
        (shown.better_low, shown.better_high, drawn.drawn.better_interval),
        (shown.worse_low, shown.worse_high, drawn.drawn.worse_interval),
    ):
        assert low <= 100 * computed[0]
        assert high >= 100 * computed[1]


def test_a_steady_person_changes_by_measurement_alone() -> None:
    said = " ".join(text for text in sentences(example("01")))
    assert "one steady person in ten" in said
    assert COURSE.share(6) == pytest.approx(0.1, abs=0.03)
