"""What is refused, what the trial team decides, and how a verdict is told."""

from __future__ import annotations

import math

import pytest

from saisei.base.dates import Span
from saisei.base.errors import CriterionError, Place
from saisei.cases import Answer, Known, fields
from saisei.eligibility import (
    Criterion,
    Lookup,
    by_field,
    evaluate,
    field_name,
    fields_of,
    judge,
    leaves_of,
    lookup_of,
    parse,
    read_criterion,
    reading_words,
    sentence,
)
from saisei.eligibility.linting import constant_truth
from saisei.vocabulary import Truth

PLACE = Place("t.yaml", 3)
STALE = Answer("mrs_current", "stale")

REFUSED = [
    ("", "syntax"),
    ("seizure_history and", "syntax"),
    ("(" * 300 + "coma" + ")" * 300, "syntax"),
    ("coma or " * 400 + "coma", "too-long"),
    ("not " * 30 + "coma", "too-deep"),
    ("nihs_total > 3", "unknown-field"),
    ("seizures", "unknown-field"),
    ("mrs_current", "wrong-type"),
    ("stroke_type", "wrong-type"),
    ("seizure_history == 3", "wrong-type"),
    ("seizure_history > 1", "wrong-type"),
    ("seizure_history in {1}", "wrong-type"),
    ("mrs_current == 'three'", "wrong-type"),
    ("mrs_current > True", "wrong-type"),
    ("mrs_current > 1e999", "wrong-type"),
    ("mrs_current > age_years", "unit"),
    ("mrs_current in {}", "wrong-type"),
    ("mrs_current in []", "wrong-type"),
    ("stroke_type == 3", "wrong-type"),
    ("stroke_type == 'infarct'", "unknown-value"),
    ("stroke_type in {'ischemic', 'hemorrhage'}", "unknown-value"),
    ("stroke_type == 'unknown'", "impossible"),
    ("any_of(stroke_type, {'tia'})", "wrong-type"),
    ("any_of(infarct_territory, {'MCAA'})", "unknown-value"),
    ("any_of(infarct_territory)", "unsupported"),
    ("some_of(infarct_territory, {'MCA'})", "unsupported"),
    ("infarct_territory == {'MCA'}", "wrong-type"),
    ("infarct_territory in {'MCA'}", "wrong-type"),
    ("'MRI' in stroke_type", "wrong-type"),
    ("onset_datetime > 2024", "wrong-type"),
    ("date_last_seizure == []", "wrong-type"),
    ("age_years > 130", "impossible"),
    ("60 <= months_since_stroke <= 6", "impossible"),
    ("3 < mrs_current < 3", "impossible"),
    ("mrs_current in {3, 7}", "impossible"),
    ("nihss_total < 0", "impossible"),
    ("1 < mrs_current > 3", "unsupported"),
    ("1 < mrs_current < 3 < 5", "unsupported"),
    ("mrs_current ** 2 > 3", "unsupported"),
    ("mrs_current if coma else 3", "unsupported"),
    ("__import__('os').system('true')", "unsupported"),
    ("coma.__class__", "unsupported"),
    ("[c for c in coma]", "unsupported"),
    ("lambda: coma", "unsupported"),
    ("3", "unsupported"),
    ("'coma'", "unsupported"),
    ("coma is True", "unsupported"),
    ("mrs_current < (3, 4)", "wrong-type"),
    ("coma\x00", "syntax"),
    ("mrs_current + age_years > 3", "unit"),
    ("age_years * body_weight_kg > 3", "unit"),
    ("3 / age_years > 1", "unit"),
    ("age_years > quantity(3, 'mg/dL')", "unit"),
    ("fasting_glucose < quantity(200, 'furlong')", "unit"),
    ("age_years > quantity('old', 'a')", "wrong-type"),
    ("age_years / 0 > 3", "impossible"),
    ("1 < 3", "constant"),
    ("1e300 < age_years", "wrong-type"),
    ("highest(nihss_total) > 3", "no-window"),
    ("highest(nihss_total, weeks=1) > 3", "no-window"),
    ("highest(nihss_total, days=0) > 3", "impossible"),
    ("highest(nihss_total, days=7) > 99", "impossible"),
    ("nihss_total - mrs_current > 50", "impossible"),
    ("highest(age_years, days=7) > 3", "not-recorded"),
    ("highest(coma, days=7) > 3", "wrong-type"),
    ("days_since(age_years) > 3", "wrong-type"),
    ("minutes_since(onset_datetime) > 3", "unsupported"),
    ("days_between(onset_datetime) > 3", "unsupported"),
    ("at_least(3, coma, epilepsy)", "impossible"),
    ("at_least(0, coma, epilepsy)", "impossible"),
    ("at_least(3, infection_serology_positive, {'HIV', 'HBV'})", "impossible"),
    ("if_unknown(coma, 3)", "unsupported"),
    ("if_unknown(coma)", "unsupported"),
    ("1 < nihss_total - mrs_current > 3", "unsupported"),
    ("+".join(["1"] * 500) + " < age_years", "too-deep"),
]


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_refused_with_its_place(text: str, code: str) -> None:
    with pytest.raises(CriterionError) as caught:
        parse(text, PLACE)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.place == PLACE


def test_an_unknown_field_or_word_names_the_nearest() -> None:
    with pytest.raises(CriterionError, match="`nihss_total`"):
        parse("nihs_total > 3")
    with pytest.raises(CriterionError, match="'ischemic'"):
        parse("stroke_type == 'ischaemic'")


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("60 >= months_since_stroke > 6", "6 < months_since_stroke <= 60"),
        ("3 <= mrs_current", "mrs_current >= 3"),
        ("mrs_current == 3", "mrs_current in {3}"),
        ("mrs_current != 3", "not mrs_current in {3}"),
        ("mrs_current not in {3, 4}", "not (mrs_current in [3, 4])"),
        ("'MRI' in contraindicated_imaging", "any_of(contraindicated_imaging, ['MRI'])"),
        ("antithrombotics != []", "not antithrombotics == []"),
        ("stroke_type in ('tia', 'tia')", "stroke_type == 'tia'"),
        ("coma\n  or epilepsy", "coma or epilepsy"),
    ],
)
def test_two_ways_to_write_the_same(one: str, same: str) -> None:
    assert parse(one) == parse(same)


def test_a_never_field_may_lie_beyond_its_range() -> None:
    """Infinity is a value of a time since what never happened."""
    rule = parse("months_since_myocardial_infarction > 2000")
    assert fields_of(rule) == {"months_since_myocardial_infarction"}


def test_every_field_of_a_case_has_words() -> None:
    wordless = {
        name
        for name, field in fields().items()
        if field.type in ("boolean", "number", "enum", "list") and field_name(name) == name
    }
    assert wordless == set()


@pytest.mark.parametrize(
    ("rule", "answer", "said"),
    [
        ("mrs_current == 3", 3.0, "mRS now is 3"),
        ("lesion_volume_cm3 > 100", 24.25, "volume of the damage is 24.2 cm³"),
        ("inr > 2", 1.25, "INR is 1.25"),
        (
            "months_since_stroke > 6",
            Span(10.67, 22.6),
            "time since the stroke lies between 10.7 and 22.6 months",
        ),
        ("months_since_tbi > 6", math.inf, "time since the brain injury: it never happened"),
        ("seizure_history", False, "there has been no seizure"),
        ("stroke_type == 'tia'", "ischemic", "the kind of stroke is ischaemic"),
        (
            "'MRI' in contraindicated_imaging",
            frozenset({"PET", "CT"}),
            "scans that must not be done: CT, PET",
        ),
        ("antithrombotics == []", frozenset[str](), "blood thinners taken: none"),
        (
            "any_of(infarct_territory, {'MCA'})",
            frozenset({"ICA"}),
            "the territory of the infarct (ICA): not exact enough to tell",
        ),
    ],
)
def test_a_reading_says_the_value(rule: str, answer: Known, said: str) -> None:
    expression = parse(rule)
    (field,) = fields_of(expression)
    (reading,) = evaluate(expression, lambda _: Answer(field, "known", answer)).because
    assert reading_words(reading) == said


def test_a_reading_tells_missing_from_too_old() -> None:
    rule = parse("mrs_current == 3")
    (missing,) = evaluate(rule, by_field(lambda field: Answer(field, "missing"))).because
    (stale,) = evaluate(rule, lambda _: STALE).because
    assert reading_words(missing) == "mRS now: not known"
    assert reading_words(stale) == "mRS now: known only from too long ago"
    flag = evaluate(parse("coma"), by_field(lambda field: Answer(field, "stale"))).because[0]
    assert reading_words(flag).startswith("known only from too long ago whether")


def test_a_stale_value_is_unknown() -> None:
    found = evaluate(parse("mrs_current == 3"), lambda _: STALE)
    assert (found.truth, found.missing) == (Truth.UNKNOWN, frozenset({"mrs_current"}))


def test_only_fields_that_matter_are_missing() -> None:
    person = {"epilepsy": False, "coma": True}

    def lookup(field: str) -> Answer:
        return (
            Answer(field, "known", person[field]) if field in person else Answer(field, "missing")
        )

    rule = parse("diabetes or (epilepsy and dementia) or (coma and inr > 2)")
    found = evaluate(rule, by_field(lookup))
    assert found.missing == {"diabetes", "inr"}


def known(**values: Known) -> Lookup:
    def lookup(field: str) -> Answer:
        return (
            Answer(field, "known", values[field]) if field in values else Answer(field, "missing")
        )

    return by_field(lookup)


TEAM = Criterion("i4", "inclusion", "agrees to take tacrolimus", parse("accepts_tacrolimus"))
JUDGED = Criterion("e1", "exclusion", "unfit", parse("epilepsy"), judgement=True)
MIXED = Criterion("e2", "exclusion", "ill", parse("epilepsy or severe_comorbidity"))


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize("rule", [TEAM, JUDGED])
def test_no_answer_makes_a_rule_of_the_team_met_or_not(rule: Criterion, answer: bool) -> None:  # noqa: FBT001 - the parameter is the answer itself
    judged = judge(rule, known(accepts_tacrolimus=answer, epilepsy=answer))
    assert (judged.verdict, judged.missing) == ("trial team", frozenset())
    assert judged.detail.startswith("the case says: ")


def test_a_mixed_rule_is_the_teams_only_where_nothing_else_decides() -> None:
    assert judge(MIXED, known(epilepsy=True, severe_comorbidity=False)).verdict == "not met"
    assert judge(MIXED, known(epilepsy=False, severe_comorbidity=True)).verdict == "trial team"
    open_ = judge(MIXED, known())
    assert (open_.verdict, open_.missing) == ("unknown", frozenset({"epilepsy"}))


def test_every_rule_of_judgement_or_willingness_is_flagged_in_the_fields() -> None:
    assert fields()["accepts_tacrolimus"].willingness
    assert fields()["severe_comorbidity"].judgement


def test_a_verdict_is_told_in_one_line() -> None:
    rule = Criterion("i5", "inclusion", "mRS 3 or 4", parse("mrs_current in {3, 4}"))
    assert judge(rule, known(mrs_current=5.0)).sentence == "mRS 3 or 4: not met (mRS now is 5)"
    assert judge(TEAM, known()).sentence == "agrees to take tacrolimus: decided by the trial team"
    excluded = Criterion("e", "exclusion", "any seizure", parse("seizure_history"))
    assert excluded.sentence() == "not if there has been a seizure"
    met = judge(excluded, known(seizure_history=False)).sentence
    assert met == "must not be so: any seizure: met (there has been no seizure)"


ENTRY = {
    "id": "i1",
    "kind": "inclusion",
    "text": "18 to 75 years old",
    "when": "18 <= age_years <= 75",
    "unit": "a",
    "source": "s1",
}


def test_a_rule_is_read_from_data() -> None:
    rule = read_criterion(ENTRY, PLACE, "programmes/NCT1")
    assert (rule.id, rule.source) == ("i1", "programmes/NCT1/s1")
    assert fields_of(rule.when) == {"age_years"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unit": "mo"}, "unit"),
        ({"kind": "maybe"}, "wrong-part"),
        ({"text": 3}, "wrong-part"),
        ({"colour": "red"}, "unknown-part"),
        ({"when": "age > 3"}, "unknown-field"),
    ],
)
def test_a_broken_rule_is_refused_with_its_place(change: dict[str, object], code: str) -> None:
    with pytest.raises(CriterionError) as caught:
        read_criterion({**ENTRY, **change}, PLACE, "p")
    assert (caught.value.problems[0].code, caught.value.problems[0].place) == (code, PLACE)


def test_a_rule_without_a_source_is_refused() -> None:
    entry = {key: value for key, value in ENTRY.items() if key != "source"}
    with pytest.raises(CriterionError, match="`source` is missing"):
        read_criterion(entry, PLACE, "p")


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("mrs_current >= 0", Truth.TRUE),
        ("epilepsy or not epilepsy", Truth.TRUE),
        ("mrs_current > 3 and mrs_current < 2", Truth.FALSE),
        ("stroke_type == 'tia' and stroke_type == 'ischemic'", Truth.FALSE),
        ("mrs_current >= 1", None),
        ("any_of(infarct_territory, {'ICA'}) and none_of(infarct_territory, {'MCA'})", None),
        ("months_since_last_seizure > 0", None),
    ],
)
def test_a_rule_that_never_varies_is_found(rule: str, holds: Truth | None) -> None:
    assert constant_truth(parse(rule)) is holds


def test_a_lookup_asks_the_case_once() -> None:
    asked: list[str] = []

    def answer(field: str) -> Answer:
        asked.append(field)
        return Answer(field, "missing")

    lookup = lookup_of(by_field(answer))
    lookup("coma")
    lookup("coma")
    assert asked == ["coma"]


def test_sentences_keep_every_field_and_limit() -> None:
    rule = parse("not (3 < mrs_current <= 4 or coma) or (inr > 1.5 and not epilepsy)")
    said = sentence(rule)
    assert len(list(leaves_of(rule))) == 4
    assert said == (
        "(mRS now is 3 or less, or above 4, and the person is not in a coma), "
        "or (INR is above 1.5, and epilepsy has not been diagnosed)"
    )
