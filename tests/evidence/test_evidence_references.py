"""Published numbers, come back to from the study files. Tolerances stand beside each."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from saisei import synthesis as syn
from saisei.evidence import Contrast, Limit, Question, Selection, outcome_facts, select, study
from saisei.vocabulary import Condition, Design, Outcome, Stage

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "reference" / "published.json").read_text("utf-8")
)
RESPONDERS = Limit(gain_at_least=10)


def ask(**parts: Any) -> Selection:
    """Ask about ischaemic stroke."""
    return select(Question(**({"condition": Condition.ISCHEMIC_STROKE} | parts)))


def of(selection: Selection, study_id: str) -> Contrast:
    """Give the contrast of a study, in the pool or beside it."""
    found = [c for c in selection.contrasts + selection.beside if c.study_id == study_id]
    assert len(found) == 1
    return found[0]


def p_value(z: float) -> float:
    """Two-sided p of a standard normal."""
    return math.erfc(abs(z) / math.sqrt(2))


def test_actissima_doses_are_one_contrast_against_sham() -> None:
    found = ask(
        outcome=Outcome.FMA_MOTOR, kind="events", event=RESPONDERS, stage=Stage.CHRONIC, near=180
    )
    contrast = of(found, "sanbio-2020-actissima")
    assert (contrast.treated.events, contrast.treated.n) == (16, 111)
    assert (contrast.control.events, contrast.control.n) == (7, 52)
    # by hand: 16 x 45 / (95 x 7); Woolf's variance
    assert contrast.y == pytest.approx(math.log(16 * 45 / (95 * 7)), abs=1e-12)
    assert contrast.v == pytest.approx(1 / 16 + 1 / 95 + 1 / 7 + 1 / 45, abs=1e-12)
    assert contrast.second_hand
    assert contrast.flags == ("arms-combined",)
    assert contrast.source_keys == ("sanbio-2020-actissima/counts",)


def test_actissima_doses_kept_as_arms() -> None:
    found = ask(outcome=Outcome.FMA_MOTOR, kind="events", event=RESPONDERS, arms="kept")
    rows = [c for c in found.contrasts if c.study_id == "sanbio-2020-actissima"]
    assert [str(c.treated) for c in rows] == ["7/55", "9/56"]
    # the registry's percentages, as the sponsor prints them: 12.7, 16.1 and 13.5
    shares = [100 * (c.treated.events or 0) / (c.treated.n or 1) for c in rows]
    assert shares == pytest.approx([12.7, 16.1], abs=0.05)
    sham = rows[0].control
    assert 100 * (sham.events or 0) / (sham.n or 1) == pytest.approx(13.5, abs=0.05)
    assert all("shared-control" in c.flags for c in rows)


@pytest.mark.parametrize("day", ["90", "365"])
def test_treasure_common_odds_ratio_is_that_of_r_ordinal(day: str) -> None:
    found = ask(outcome=Outcome.MRS, kind="ordinal", near=float(day), stage=Stage.ACUTE)
    contrast = of(found, "houkin-2024-treasure")
    reference = PUBLISHED["treasure_common_odds_ratio"][day]
    assert contrast.y == pytest.approx(reference["log_or"], abs=1e-8)
    assert contrast.se == pytest.approx(reference["se"], abs=1e-8)
    assert contrast.days == float(day)
    assert contrast.benefit == -1


def test_treasure_dichotomies_from_counts_have_the_printed_events() -> None:
    for most, printed in ((1, (14, 11)), (2, (34, 23))):
        limit = Limit(at_most=most)
        found = ask(outcome=Outcome.MRS, kind="events", event=limit, near=90, stage=Stage.ACUTE)
        contrast = of(found, "houkin-2024-treasure")
        assert (contrast.treated.events, contrast.control.events) == printed
        # everyone randomised, not only those seen: the counts come before the observed row
        assert (contrast.n_treated, contrast.n_control) == (104, 102)
        assert "dichotomised" in contrast.flags
        assert contrast.benefit == 1


def test_treasure_deaths_are_the_last_category() -> None:
    file = study("houkin-2024-treasure")
    for day in (90.0, 365.0):
        counts = next(r for r in file.outcomes if r.kind == "counts" and r.time_days == day)
        deaths = of(ask(outcome=Outcome.DEATH, kind="events", near=day), "houkin-2024-treasure")
        for side, name in ((deaths.treated, "multistem"), (deaths.control, "placebo")):
            last = counts.data[name].counts
            assert last is not None
            assert side.events == last[-1]


def test_treasure_excellent_outcome_takes_the_imputed_row() -> None:
    found = ask(outcome=Outcome.EXCELLENT_OUTCOME, kind="events", near=90, days=(60, 120))
    contrast = of(found, "houkin-2024-treasure")
    assert (str(contrast.treated), str(contrast.control)) == ("12/104", "10/102")
    assert contrast.analysis == "imputed"


def test_treasure_crude_risk_difference_is_near_the_adjusted_one() -> None:
    found = ask(
        outcome=Outcome.EXCELLENT_OUTCOME, kind="events", measure="RD", near=90, days=(60, 120)
    )
    contrast = of(found, "houkin-2024-treasure")
    # printed, adjusted for baseline: 0.5 points of 100 (-7.3 to 8.3), so a half-width of 7.8
    assert 100 * contrast.y == pytest.approx(0.5, abs=1.5)
    assert 196 * contrast.se == pytest.approx(7.8, abs=0.8)


def test_masters_percentages_give_whole_people_and_the_printed_p_values() -> None:
    excellent = ask(
        outcome=Outcome.EXCELLENT_OUTCOME, kind="events", near=365, measure="RD", days=(181, 540)
    )
    contrast = of(excellent, "hess-2017-masters")
    assert (str(contrast.treated), str(contrast.control)) == ("15/65", "5/61")
    assert contrast.why_beside == "post-hoc"
    assert contrast.press_release
    assert p_value(contrast.y / contrast.se) == pytest.approx(0.02, abs=0.005)  # printed: 0.02
    limit = Limit(at_least=95)
    barthel = of(
        ask(outcome=Outcome.BARTHEL, kind="events", event=limit, near=365, measure="RD"),
        "hess-2017-masters",
    )
    assert (str(barthel.treated), str(barthel.control)) == ("40/65", "27/61")
    assert p_value(barthel.y / barthel.se) == pytest.approx(0.05, abs=0.01)  # printed: 0.05
    assert barthel.why_beside == "press-release"


def test_masters_deaths_have_the_printed_percentages() -> None:
    deaths = of(ask(outcome=Outcome.DEATH, kind="events"), "hess-2017-masters")
    assert [str(deaths.treated), str(deaths.control)] == ["5/65", "9/61"]
    assert [round(100 * 5 / 65), round(100 * 9 / 61)] == [8, 15]  # as the review prints them
    assert deaths.benefit == -1


def test_muse_percentages_have_the_printed_exact_intervals() -> None:
    limit = Limit(at_most=2)
    found = of(
        ask(outcome=Outcome.MRS, kind="events", event=limit, stage=Stage.SUBACUTE),
        "niizuma-2023-muse",
    )
    assert (str(found.treated), str(found.control)) == ("10/25", "1/10")
    # printed: 21.1 to 61.3 and 0.3 to 44.5, which are Clopper and Pearson's of these counts
    for side, printed in ((found.treated, (21.1, 61.3)), (found.control, (0.3, 44.5))):
        interval = syn.binomial_interval(side.events or 0, side.n or 0)
        assert (100 * interval.lower, 100 * interval.upper) == pytest.approx(printed, abs=0.06)


def test_stemtra_difference_from_standard_errors() -> None:
    found = select(
        Question(outcome=Outcome.FMA_MOTOR, kind="mean", condition=Condition.TBI, near=168)
    )
    contrast = of(found, "kawabori-2021-stemtra")
    assert contrast.y == pytest.approx(6.0, abs=1e-9)  # printed: 6.0 (0.3 to 11.8)
    assert contrast.se == pytest.approx(math.hypot(1.4, 2.5), rel=1e-9)
    assert contrast.y - 1.96 * contrast.se == pytest.approx(0.3, abs=0.2)
    assert contrast.y + 1.96 * contrast.se == pytest.approx(11.8, abs=0.2)
    assert {"sd-from-se", "change"} <= set(contrast.flags)
    # SD of the cell arm: 1.4 x sqrt(46)
    assert contrast.treated.sd == pytest.approx(1.4 * math.sqrt(46))


def test_starting_2_leg_motricity_has_the_printed_p_value() -> None:
    contrast = of(
        ask(outcome=Outcome.MOTRICITY, kind="mean", stage=Stage.SUBACUTE), "chung-2021-starting-2"
    )
    assert contrast.y == pytest.approx(14.8 - 2.6)
    assert p_value(contrast.y / contrast.se) == pytest.approx(0.023, abs=0.008)  # printed: 0.023
    assert contrast.why_beside == "press-release"


def test_li_2013_p_values_are_those_that_its_note_works_out() -> None:
    for outcome, expected in ((Outcome.NIHSS, 0.03), (Outcome.BARTHEL, 0.02)):
        found = select(
            Question(
                outcome=outcome,
                kind="mean",
                condition=Condition.INTRACEREBRAL_HAEMORRHAGE,
                designs=(Design.CONTROLLED,),
            )
        )
        contrast = of(found, "li-2013")
        assert p_value(contrast.y / contrast.se) == pytest.approx(expected, abs=0.006)
        assert contrast.benefit * contrast.y > 0  # both scales favour the treated group
        assert contrast.bias == "high"


@pytest.mark.parametrize("name", ["nihss", "mrs", "barthel"])
def test_cochrane_rows_make_their_own_pool(name: str) -> None:
    found = ask(outcome=Outcome(name), kind="mean", measure="SMD", longest=True)
    reference: dict[str, list[float]] = PUBLISHED["boncoraglio_2019"][name]
    not_taken = PUBLISHED["boncoraglio_2019"]["not_taken"]
    assert {c.study_id for c in found.contrasts} == set(reference) - set(not_taken)
    for contrast in found.contrasts:
        assert [contrast.y, contrast.se] == pytest.approx(reference[contrast.study_id], rel=1e-6)
        assert not contrast.time_exact
        assert contrast.benefit == (1 if outcome_facts(Outcome(name)).better == "higher" else -1)


def test_cochrane_rows_enter_no_pool_of_stated_visits() -> None:
    for measure in ("MD", "SMD"):
        for outcome in (Outcome.NIHSS, Outcome.MRS, Outcome.BARTHEL):
            found = ask(outcome=outcome, kind="mean", measure=measure)
            assert all(c.time_exact for c in found.contrasts + found.beside)


def test_starting_survival_stands_beside_the_death_pool() -> None:
    for longest in (False, True):
        found = ask(outcome=Outcome.DEATH, kind="events", stage=Stage.SUBACUTE, longest=longest)
        beside = {c.study_id: c for c in found.beside}
        assert beside["lee-2010-starting"].why_beside == "per-protocol"
        assert str(beside["lee-2010-starting"].treated) == "4/16"
        assert str(beside["lee-2010-starting"].control) == "21/36"
        assert "lee-2010-starting" not in {c.study_id for c in found.contrasts}


def test_cobis_2_odds_ratio_of_unknown_direction_is_not_pooled() -> None:
    found = ask(outcome=Outcome.MRS, kind="ordinal", near=90)
    assert "laskowitz-2024-cobis2" not in {c.study_id for c in found.contrasts}
    unread = {u.study_id: u for u in found.unreported}
    assert unread["laskowitz-2024-cobis2"].people == 79
    assert unread["laskowitz-2024-cobis2"].direction == "neutral"
    assert "which way" in unread["laskowitz-2024-cobis2"].reason


def test_nobody_with_the_event_is_said_with_its_counts() -> None:
    found = ask(outcome=Outcome.SAE, kind="events", stage=Stage.CHRONIC)
    left = {out.study_id: out for out in found.left_out}
    assert left["chen-2014"].code == "no-events"
    assert "0/15" in left["chen-2014"].reason
