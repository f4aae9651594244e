"""What a screening found, in FHIR R4: the form of the standard, our words, and no word more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from cases.fhir_standard import problems
from cases.test_cases_fhir_writing import coded_cases, read_if_possible
from saisei.base.dates import parse_as_of
from saisei.cases import Case, case_from_data, read_case
from saisei.therapies import screen, trial
from saisei.therapies.fhir import protocol_to_fhir, screening_to_fhir
from saisei.therapies.matching import match_trial
from saisei.vocabulary import Truth

Body = dict[str, Any]
AS_OF = parse_as_of("2026-11-20T09:00:00+09:00")
EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.yaml"))

PERSON = {
    "sex": "female",
    "birth_date": "1964-05",
    "condition": "ischemic-stroke",
    "stroke_type": "ischemic",
    "onset_datetime": "2025-09-18",
    "mrs_current": [
        {"value": 5, "date": "2025-10-01"}, {"value": 3, "date": "2026-11-01"}
    ],
    "lesion_volume_cm3": {"value": 130, "date": "2026-09-20"},
    "seizure_history": False,
    "hba1c_percent": {"value": 7.5, "date": "2026-11-01"},
    "antithrombotics": {"value": [{"drug": "aspirin"}], "date": "2026-11-01"},
}  # fmt: skip


def person(**more: Any) -> Case:
    return case_from_data(PERSON | more, as_of=AS_OF)


def written(case: Case, *names: str) -> Body:
    """Hold a person against trials, all where none is named, and write it as a file holds it."""
    matches = [match_trial(trial(name), case) for name in names] or screen(case).trials
    found: Body = json.loads(json.dumps(screening_to_fhir(case, matches)))
    return found


def resources(bundle: Body, kind: str = "Observation", start: str = "") -> dict[str, Body]:
    held = [entry["resource"] for entry in bundle["entry"]]
    return {
        one["id"]: one
        for one in held
        if one["resourceType"] == kind and one["id"].startswith(start)
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_the_form_of_r4_and_reads_back_to_the_same_verdicts(path: Path) -> None:
    case = read_case(path, otherwise=AS_OF)
    bundle = written(case)
    assert problems(bundle) == []
    again = case_from_data(bundle)
    assert again.as_of == case.as_of
    one, other = screen(case).trials, screen(again).trials
    for mine, theirs in zip(one, other, strict=True):
        assert [j.truth for j in theirs.judged] == [j.truth for j in mine.judged], mine.trial.id


@given(coded_cases())
@settings(max_examples=40, deadline=None)
def test_any_person_has_the_form_of_r4(data: Body) -> None:
    case = read_if_possible(data)
    if case is not None:
        assert problems(written(case, "NCT04631406", "NCT01714167")) == []


def test_every_rule_of_every_trial_is_there_with_its_truth() -> None:
    case = person()
    found = screen(case)
    bundle = written(case)
    for match in found.trials:
        mine = resources(bundle, start=f"{match.trial.id}-")
        verdict = mine.pop(f"{match.trial.id}-verdict")
        assert verdict["valueCodeableConcept"]["coding"][0]["code"] == match.word
        assert len(verdict["hasMember"]) == len(match.judged) == len(mine)
        for judged in match.judged:
            one = mine[f"{match.trial.id}-{judged.criterion.id}"]
            assert one.get("valueBoolean") == {Truth.TRUE: True, Truth.FALSE: False}.get(
                judged.truth
            )
            assert one["note"] == [{"text": judged.sentence}]


def test_one_person_and_one_trial_as_they_were_read() -> None:
    """The person's lesion has 130 cm3; the trial excludes above 100: seen by eye."""
    bundle = written(person(), "NCT04631406")
    found = resources(bundle, start="NCT04631406-")
    large = found["NCT04631406-e1b"]
    assert large["valueBoolean"] is False
    assert large["code"]["coding"][0]["code"] == "NCT04631406/e1b"
    assert large["code"]["text"] == "must not be so: lesion on MRI larger than 100 cm3"
    assert "130" in large["note"][0]["text"]
    verdict = found["NCT04631406-verdict"]
    assert verdict["valueCodeableConcept"]["text"] == "does not match"
    assert "larger than 100 cm3" in verdict["note"][0]["text"]
    assert found["NCT04631406-i5"]["valueBoolean"] is True


def test_what_is_unknown_and_what_the_team_decides_are_told_apart() -> None:
    found = resources(written(person(), "NCT04631406"), start="NCT04631406-")
    absent = {
        name.removeprefix("NCT04631406-"): one["dataAbsentReason"]["coding"][0]["code"]
        for name, one in found.items()
        if "dataAbsentReason" in one
    }
    assert absent["i4"] == "not-performed"
    assert absent["e3"] == "unknown"
    assert set(absent.values()) == {"not-performed", "unknown"}


def derived(bundle: Body, name: str) -> list[Body]:
    by_address = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    refs = resources(bundle)[name].get("derivedFrom", ())
    return [by_address[ref["reference"]] for ref in refs]


def test_a_rule_leads_to_the_values_that_it_rests_on() -> None:
    bundle = written(person(), "NCT04631406")
    (lesion,) = derived(bundle, "NCT04631406-e1b")
    assert lesion["valueQuantity"]["value"] == 130
    (rankin,) = derived(bundle, "NCT04631406-i5")
    assert (rankin["valueQuantity"]["value"], rankin["effectiveDateTime"]) == (3, "2026-11-01")
    assert derived(bundle, "NCT04631406-i1") == [], "the birth date stands in the Patient"
    assert derived(bundle, "NCT04631406-e3") == [], "nobody said it"


def test_only_what_the_rules_read_is_written_of_the_person() -> None:
    rules = trial("NCT04631406").criteria
    assert not any("hba1c" in rule.sentence().lower() for rule in rules)
    text = json.dumps(written(person(), "NCT04631406"))
    assert "lesion_volume_cm3" in text
    for unread in ("4548-4", "antithrombotics", "aspirin"):
        assert unread not in text


def test_the_status_of_the_person_is_never_our_verdict() -> None:
    cases = [person(), person(lesion_volume_cm3=None), case_from_data({}, as_of=AS_OF)]
    words = set()
    for case in cases:
        bundle = written(case)
        words |= {match.word for match in screen(case).trials}
        subjects = resources(bundle, "ResearchSubject").values()
        assert {one["status"] for one in subjects} == {"screening"}
        for one in subjects:
            assert set(one) == {"resourceType", "id", "status", "study", "individual"}
    assert {"does-not-match", "undecided"} <= words


FORBIDDEN = ("eligible", "candidate", "recommended", "promising", "success rate")


def test_no_word_is_written_that_may_not_be_said() -> None:
    text = json.dumps([written(person()), protocol_to_fhir(trial("NCT04631406"))]).lower()
    assert [word for word in FORBIDDEN if word in text] == []


FITTING = {
    "lesion_volume_cm3": 30.0, "onset_datetime": "2025-09-18", "mrs_current": 3,
    "infarct_territory": ["MCA"], "lesion_depth": ["subcortical"],
    "consent_capacity_self": True, "lacunar_infarct": False,
    "other_major_neurological_disease": False, "active_malignancy_except_skin_bcc_scc": False,
    "pregnant_or_breastfeeding": False,
}  # fmt: skip


def test_a_match_says_what_it_does_not_mean() -> None:
    case = person(**FITTING)
    assert match_trial(trial("NCT04631406"), case).word == "matches"
    verdict = resources(written(case, "NCT04631406"))["NCT04631406-verdict"]
    assert verdict["valueCodeableConcept"]["text"] == "matches the entry rules read"
    assert "does not mean" in verdict["note"][0]["text"]
    assert "closed" in verdict["note"][1]["text"]


def test_the_words_can_be_japanese_and_nothing_else_changes() -> None:
    case = person()
    match = match_trial(trial("NCT04631406"), case)
    bundles = [
        json.loads(json.dumps(screening_to_fhir(case, [match], said))) for said in ("en", "ja")
    ]
    assert [problems(bundle) for bundle in bundles] == [[], []]
    assert [bundle["language"] for bundle in bundles] == ["en", "ja"]
    english, japanese = (resources(bundle, start="NCT04631406-") for bundle in bundles)
    assert english.keys() == japanese.keys()
    for name, one in english.items():
        other = japanese[name]
        for part in ("valueBoolean", "derivedFrom", "hasMember", "subject", "effectiveDateTime"):
            assert one.get(part) == other.get(part)
        assert one["code"]["coding"] == other["code"]["coding"]
        assert one["note"] != other["note"]


def test_the_rules_carry_the_version_that_was_held_against_the_person() -> None:
    version = next(
        entry["resource"]["version"]
        for entry in protocol_to_fhir(trial("NCT04631406"))["entry"]
        if entry["resource"]["resourceType"] == "EvidenceVariable"
    )
    found = resources(written(person(), "NCT04631406"), start="NCT04631406-").values()
    assert {one["code"]["coding"][0]["version"] for one in found} == {version}


def test_the_same_person_gives_the_same_and_two_people_share_no_address() -> None:
    one, other = person(), person(sex="male")
    assert written(one) == written(one)
    mine, theirs = ({e["fullUrl"] for e in written(case)["entry"]} for case in (one, other))
    assert not mine & theirs
