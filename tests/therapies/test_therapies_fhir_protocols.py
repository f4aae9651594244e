"""Trials and programmes in FHIR R4: the form of the standard, and every rule back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.fhir_standard import problems, table
from eligibility.drawn import draw_rule
from saisei.base.errors import CriterionError
from saisei.eligibility import Criterion, parse, unparse
from saisei.eligibility.population.protocols import Protocol
from saisei.therapies import Programme, Trial, programme, programmes, trial, trials
from saisei.therapies.definitions import definition_of
from saisei.therapies.fhir import (
    Rules,
    protocol_from_fhir,
    protocol_to_fhir,
    rules_of,
    rules_to_fhir,
    version_of,
)
from saisei.therapies.protocols import population_protocols

Body = dict[str, Any]
EVERY: tuple[Trial | Programme, ...] = (*trials(), *programmes())
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"


def resource(bundle: Body, kind: str) -> Body:
    found = [entry["resource"] for entry in bundle["entry"]]
    only: Body = next(one for one in found if one["resourceType"] == kind)
    return only


def written(*rules: Criterion) -> Body:
    """Write rules as a bundle, as the file holds it."""
    entries = rules_to_fhir(Rules(Protocol("drawn", rules), "drawn"))
    held = [{"fullUrl": url, "resource": body} for url, body in entries]
    again: Body = json.loads(
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": held})
    )
    return again


def trait(text: str, kind: str = "inclusion") -> Body:
    """Write one rule, and give what the Group says of it."""
    rule = Criterion("r1", "inclusion" if kind == "inclusion" else "exclusion", text, parse(text))
    bundle = written(rule)
    assert problems(bundle) == []
    found: Body = resource(bundle, "Group")["characteristic"][0]
    return found


@pytest.mark.parametrize("about", EVERY, ids=lambda one: one.id)
def test_what_is_written_has_the_form_of_r4_and_comes_back(about: Trial | Programme) -> None:
    bundle = json.loads(json.dumps(protocol_to_fhir(about)))
    assert problems(bundle) == []
    assert protocol_from_fhir(bundle) == rules_of(about).protocol


def test_the_rules_are_those_that_a_person_is_held_against() -> None:
    held = {one.id: one for one in population_protocols()}
    assert {about.id: rules_of(about).protocol for about in EVERY} == held


@given(st.randoms(use_true_random=False))
def test_a_drawn_rule_comes_back_the_same(random: Random) -> None:
    try:
        when = parse(unparse(draw_rule(random)))
    except CriterionError:
        return  # holds for nobody, or has no text
    kind, judgement = random.choice(["inclusion", "exclusion"]), random.random() < 0.3
    note = random.choice(["", "a note"])
    rule = Criterion(
        "r1", "inclusion" if kind == "inclusion" else "exclusion", "a rule", when, "s1",
        judgement, note,
    )  # fmt: skip
    bundle = written(rule)
    assert problems(bundle) == []
    assert protocol_from_fhir(bundle).criteria == (rule,)


def test_one_trial_as_it_was_read() -> None:
    """The states and phases as the record of NCT04631406 has them, seen by eye."""
    bundle = protocol_to_fhir(trial("NCT04631406"))
    study = resource(bundle, "ResearchStudy")
    assert study["identifier"] == [{"system": "http://clinicaltrials.gov", "value": "NCT04631406"}]
    assert study["status"] == "closed-to-accrual"
    assert study["phase"]["coding"][0]["code"] == "phase-1-phase-2"
    assert study["condition"][0]["coding"][1] == {"system": SNOMED, "code": "422504002"}
    assert study["sponsor"] == {"display": "Gary Steinberg, Stanford"}
    assert study["period"] == {"start": "2021-01-04"}
    people = next(e for e in bundle["entry"] if e["resource"]["resourceType"] == "Group")
    assert study["enrollment"] == [{"reference": people["fullUrl"]}]
    rules = resource(bundle, "EvidenceVariable")
    canonical = study["relatedArtifact"][0]["resource"]
    assert canonical == f"{rules['url']}|{rules['version']}"
    assert "Not all entry rules were read" in rules["description"]


def test_the_sponsor_is_absent_unless_it_is_known() -> None:
    for one in trials():
        study = resource(protocol_to_fhir(one), "ResearchStudy")
        assert ("sponsor" in study) is bool(one.sponsor)


def test_a_state_that_nobody_knows_has_no_code_and_is_said_to_be_unknown() -> None:
    unknown = [one for one in trials() if one.status == "unknown"]
    assert unknown
    for one in unknown:
        study = resource(protocol_to_fhir(one), "ResearchStudy")
        assert "status" not in study
        assert study["_status"]["extension"][0]["valueCode"] == "unknown"


def test_a_programme_is_no_study() -> None:
    bundle = protocol_to_fhir(programme("ad-msc-intravenous-asrm"))
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds == ["Group", "EvidenceVariable"]
    assert "No study" in resource(bundle, "EvidenceVariable")["description"]


def test_no_rule_is_missing_from_the_group() -> None:
    for about in EVERY:
        bundle = protocol_to_fhir(about)
        names = [one["id"] for one in resource(bundle, "Group")["characteristic"]]
        assert names == [rule.id for rule in rules_of(about).protocol.criteria]


TRAITS: dict[str, Body] = {
    "6 <= nihss_total <= 20": {
        "valueRange": {"low": {"value": 6, "code": "{score}"}, "high": {"value": 20}}
    },
    "nihss_total >= 6": {"valueRange": {"low": {"value": 6, "unit": "{score}"}}},
    "nihss_total <= 6": {"valueRange": {"high": {"value": 6, "unit": "{score}"}}},
    "lesion_volume_cm3 > 100": {"valueQuantity": {"value": 100, "comparator": ">", "code": "cm3"}},
    "lesion_volume_cm3 < 0.5": {"valueQuantity": {"value": 0.5, "comparator": "<"}},
    "mrs_current == 3": {"valueQuantity": {"value": 3}},
    "epilepsy": {"valueBoolean": True, "exclude": False},
    "not epilepsy": {"valueBoolean": True, "exclude": True},
    "stroke_type == 'ischemic'": {"valueCodeableConcept": {"text": "ischemic"}},
    "stroke_type != 'ischemic'": {"valueCodeableConcept": {}, "exclude": True},
}
"""A rule, and what its trait has to hold."""


def holds(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return all(key in found and holds(found[key], value) for key, value in wanted.items())
    return bool(found == wanted)


@pytest.mark.parametrize("text", TRAITS)
def test_a_comparison_of_one_field_is_a_coded_trait(text: str) -> None:
    found = trait(text)
    assert holds(found, TRAITS[text]), found
    assert found["code"]["coding"][0]["system"] == "urn:saisei:field"


@pytest.mark.parametrize("text", TRAITS)
def test_an_exclusion_is_the_opposite(text: str) -> None:
    one, other = trait(text), trait(text, "exclusion")
    assert one["exclude"] is not other["exclude"]
    assert {**one, "exclude": 0} == {**other, "exclude": 0}


@pytest.mark.parametrize(
    "text",
    ["mrs_current in {3, 4}", "6 < nihss_total <= 20", "epilepsy or coma", "antithrombotics == []",
     "any_of(infarct_territory, {'MCA'})", "days_since(onset_datetime) < 3"],
)  # fmt: skip
def test_what_a_trait_cannot_say_is_a_trait_of_its_own(text: str) -> None:
    found = trait(text)
    assert found["code"]["coding"] == [{"system": "urn:saisei:criterion", "code": "drawn/r1"}]
    assert found["valueBoolean"] is True


def codes_of(text: str) -> list[tuple[str, str]]:
    return [(one["system"], one["code"]) for one in trait(text)["code"]["coding"]][1:]


def test_a_code_of_a_terminology_stands_only_where_it_says_the_same() -> None:
    assert codes_of("nihss_total > 3") == [(LOINC, "72089-6")]
    assert codes_of("diabetes") == [(SNOMED, "73211009")]
    assert codes_of("mrs_current > 3") == [(LOINC, "75859-9")]
    assert codes_of("mrs_prestroke > 1") == [], "the same code, of another time"
    assert codes_of("pregnant_or_breastfeeding") == [], "more than a pregnancy"
    assert codes_of("active_infection") == [], "more than a sepsis"


def test_what_the_trial_team_decides_is_marked_in_both() -> None:
    bundle = protocol_to_fhir(trial("NCT04631406"))
    for kind in ("Group", "EvidenceVariable"):
        marked = {
            one["id"]
            for one in resource(bundle, kind)["characteristic"]
            for mark in one.get("extension", ())
            if mark["url"].endswith("decided-by-trial-team")
        }
        assert marked == {"i4"}, "willing to take a medicine"


def test_the_version_changes_with_any_rule_and_with_nothing_else() -> None:
    rule = Criterion("r1", "inclusion", "old", parse("age_years >= 18"), "s1")
    first = version_of(Protocol("p", (rule,)))
    assert version_of(Protocol("p", (rule,))) == first
    others = [
        Criterion("r1", "exclusion", "old", rule.when, "s1"),
        Criterion("r1", "inclusion", "older", rule.when, "s1"),
        Criterion("r1", "inclusion", "old", parse("age_years >= 19"), "s1"),
        Criterion("r1", "inclusion", "old", rule.when, "s1", judgement=True),
    ]
    assert len({first, *(version_of(Protocol("p", (one,))) for one in others)}) == 5


def test_published_rules_are_active_and_others_a_draft() -> None:
    for about in EVERY:
        definition = definition_of(about.id)
        assert definition is not None
        rules = resource(protocol_to_fhir(about), "EvidenceVariable")
        latest = definition.latest
        assert latest is not None
        assert rules["version"] == f"{latest.number}.{latest.sha256}"
        assert (rules["status"], rules["date"]) == ("active", latest.date)
    drawn = resource(
        written(Criterion("r1", "inclusion", "adult", parse("age_years >= 18"))),
        "EvidenceVariable",
    )
    assert drawn["status"] == "draft"
    assert drawn["version"].startswith("0.")
    assert "date" not in drawn


def test_every_state_and_phase_has_a_code_of_the_standard() -> None:
    """The check of the form holds the codes; here that none is left out unseen."""
    for one in trials():
        study = resource(protocol_to_fhir(one), "ResearchStudy")
        assert ("phase" in study) is bool(one.phase)
        assert "coding" in study.get("phase", {"coding": ()})
        assert "status" in study or one.status == "unknown"
    assert "screening" in table()["values"]["research-subject-status"]


BROKEN: dict[str, tuple[str, Callable[[Body], object]]] = {
    "no rules": ("no-rules", lambda b: b["entry"].pop()),
    "two sets": ("no-rules", lambda b: b["entry"].append(b["entry"][-1])),
    "of another": ("no-id", lambda b: resource(b, "EvidenceVariable").pop("identifier")),
    "no expression": (
        "no-expression",
        lambda b: resource(b, "EvidenceVariable")["characteristic"][3].pop("extension"),
    ),
    "another form": (
        "form",
        lambda b: resource(b, "EvidenceVariable").update(characteristic={"exclude": True}),
    ),
    "another language": (
        "unsupported",
        lambda b: resource(b, "EvidenceVariable")["characteristic"][3]["extension"][0].update(
            valueString="%age.value > 18"
        ),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_not_ours_is_refused_with_its_place(what: str) -> None:
    code, spoil = BROKEN[what]
    bundle = json.loads(json.dumps(protocol_to_fhir(trial("NCT04631406"))))
    spoil(bundle)
    with pytest.raises(CriterionError) as refused:
        protocol_from_fhir(bundle, "protocol.json")
    (problem,) = refused.value.problems
    assert problem.place is not None
    assert problem.place.file == "protocol.json"
    assert problem.code in (code, "syntax")
    if code in ("no-expression", "unsupported"):
        assert problem.place.path == "EvidenceVariable.characteristic[3]"
