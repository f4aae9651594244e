"""The data files of the room: whole, linked, and without a rule that never varies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from saisei.base.dates import PartialDate
from saisei.base.documents import parse_document
from saisei.base.errors import DataError, OptionError
from saisei.base.sources import Statement
from saisei.base.store import load_data, load_folder
from saisei.cases import Answer, fields
from saisei.eligibility import by_field, fields_of, judge
from saisei.therapies import (
    Trial,
    after_cells,
    cautions,
    deaths_sentence,
    harms,
    harms_note,
    harms_of,
    insurance,
    law_elsewhere,
    legal_route,
    not_found,
    plan_journey,
    programme,
    programmes,
    questions_for_clinic,
    steps_of,
    therapy_sources,
    trial,
    trials,
    warning_signs_of_a_clinic,
)
from saisei.therapies.harms import read_harm
from saisei.therapies.loading import _programme, _trial
from saisei.therapies.rules import trial_rules
from saisei.therapies.steps import known_steps
from saisei.vocabulary import Truth

BANNED = re.compile(
    r"\b(candidate|recommend\w*|promising|safe|works|success rate|breakthrough)\b", re.IGNORECASE
)


def test_all_programmes_trials_and_rules_are_there() -> None:
    assert (len(programmes()), len(trials())) == (19, 37)
    assert sum(len(trial.criteria) for trial in trials()) == 547
    assert len({trial.id for trial in trials()}) == 37
    assert set(not_found()) == {"NCT03570450", "NCT02117635", "NCT05697718", "NCT03296618", "jRCT"}


def test_partial_lists_say_what_is_missing() -> None:
    for found in trials():
        assert bool(found.criteria_missing) == (not found.criteria_complete), found.id


def test_judgement_is_marked_where_and_only_where_the_field_is_a_judgement() -> None:
    for found in trials():
        for rule in found.criteria:
            of_judgement = all(fields()[name].judgement for name in fields_of(rule.when))
            assert rule.judgement == of_judgement, (found.id, rule.id)


def test_states_were_read_on_a_day() -> None:
    for found in trials():
        assert PartialDate.parse(found.status_read).precision == "day"


def test_programmes_and_trials_name_each_other() -> None:
    known = {p.id: p for p in programmes()}
    for found in trials():
        if found.programme == "none":
            assert found.programme_note
            continue
        named = known[found.programme]
        assert found.id in (*named.registry, *named.other_trials), found.id
        assert set(found.phase_of_stroke) <= set(named.stage) or not named.stage
        assert set(found.condition) <= set(named.condition)


def test_one_of_each_can_be_asked_for() -> None:
    assert trial("NCT06752720").programme == "huns001-intracerebral-jp"
    assert programme("ad-msc-intravenous-asrm").asrm_class == "II"
    with pytest.raises(OptionError, match="no trial"):
        trial("NCT00000000")
    with pytest.raises(OptionError, match="no programme"):
        programme("none")


UNITS_IN_DAYS = {"months": 30.44, "days": 1.0, "hours": 1 / 24}
SINCE = {f"{unit}_since_stroke{at}": unit for unit in UNITS_IN_DAYS for at in ("", "_at_infusion")}


@pytest.mark.parametrize("found", trials(), ids=lambda t: t.id)
def test_the_phase_of_a_trial_covers_its_own_window(found: Trial) -> None:
    """Whoever is inside a printed window is inside the phase that is tested first."""
    windows = [rule for rule in found.criteria if fields_of(rule.when) <= set(SINCE)]
    stages = [rule for rule in trial_rules(found) if rule.id == "stage" and windows]
    inside = 0
    for quarter in (*range(4 * 200), *range(4 * 200, 4 * 5000, 4)):
        known = {name: quarter / 4 / UNITS_IN_DAYS[unit] for name, unit in SINCE.items()}

        def lookup(field: str, known: dict[str, float] = known) -> Answer:
            return Answer(field, "known", known[field])

        if all(judge(rule, by_field(lookup)).truth is Truth.TRUE for rule in windows):
            inside += 1
            if quarter % 4 == 0:
                assert all(judge(stage, by_field(lookup)).truth is Truth.TRUE for stage in stages)
    assert inside


def statements() -> Iterator[Statement]:
    """Give every statement of the room that a report may print."""
    yield from (c.words for c in cautions())
    yield from (h.words for h in harms())
    yield from (deaths_sentence(), harms_note())
    parts = (questions_for_clinic, warning_signs_of_a_clinic, after_cells, insurance, law_elsewhere)
    for part in parts:
        yield from part()
    for found in programmes():
        journey = plan_journey(found)
        yield from (*legal_route(found), *journey.visits, *journey.cost_notes, *journey.culture)
        yield from (*journey.rehabilitation, *journey.flying, *journey.insurance)
        yield from (note for step in journey.steps for note in step.notes)


def test_every_source_of_a_statement_or_rule_is_known() -> None:
    known = therapy_sources()
    keys = {key for statement in statements() for key in statement.sources}
    keys |= {rule.source for found in trials() for rule in found.criteria}
    keys |= {cost.source for found in programmes() for cost in plan_journey(found).costs}
    for found in programmes():
        local = [step.source for step in found.timeline if step.source]
        local += [page for step in found.timeline for page in step.by_page]
        local += [key for alert in found.safety_alerts for key in alert.sources]
        local += [found.results_source] if found.results_source else []
        if found.immunosuppression and found.immunosuppression.source:
            local.append(found.immunosuppression.source)
        if found.harvest_volume_ml:
            local.append(found.harvest_volume_ml.source)
        keys |= {found.source_key(key) for key in local} | set(found.source_keys)
        keys |= {found.source_key(page) for page in found.pages}
    assert keys - set(known) == set()


def test_a_source_is_keyed_once_and_keeps_its_number() -> None:
    for key, source in therapy_sources().items():
        assert source.key == key
    assert therapy_sources()["programmes/NCT06752720/s1"].registry == "NCT06752720"


def test_no_statement_praises() -> None:
    said = [s.text for s in statements() if s not in warning_signs_of_a_clinic()]
    assert [text for text in said if BANNED.search(text)] == []


def test_cautions_name_real_trials_fields_and_steps() -> None:
    numbers = {found.id for found in trials()}
    assert len(cautions()) == 18
    for caution in cautions():
        assert set(caution.excluded_by) <= numbers, caution.id
        assert set(caution.fields) <= set(fields()), caution.id
        assert fields_of(caution.when) <= set(caution.fields), caution.id
        assert set(caution.steps) <= known_steps()


def test_a_trial_named_by_a_caution_tests_one_of_its_fields() -> None:
    """Each caution's list of trials was made from the rules; a rule must still bear it out."""
    for caution in cautions():
        for number in caution.excluded_by:
            rules = trial(number).criteria
            tested = {field for rule in rules for field in fields_of(rule.when)}
            tested |= {name for field in tested for name in fields()[field].inputs}
            named = any(caution.title.split()[0] in rule.text for rule in rules)
            assert tested & set(caution.fields) or named, (caution.id, number)


def test_harms_name_real_programmes_and_studies() -> None:
    known = {p.id for p in programmes()}
    studies = set(load_folder("evidence/studies"))
    for harm in harms():
        assert set(harm.applies_to) <= known, harm.id
        assert not harm.study or harm.study in studies, harm.id
        assert harm.people is not None or harm.no_rate_because or harm.numbers is None, harm.id


def test_an_unverified_harm_is_never_given() -> None:
    entry: dict[str, Any] = dict(load_data("therapies/harms.yaml")["harms"][0])
    assert read_harm(entry) is not None
    assert read_harm({**entry, "status": "unverified"}) is None
    del entry["relation"]
    with pytest.raises(DataError, match="relation"):
        read_harm(entry)


def test_the_deaths_are_told_as_the_rules_print_them() -> None:
    assert deaths_sentence().text == (
        "Two people treated for pain, not stroke, became critically ill during infusions of their "
        "own fat-derived cells in Tokyo (20 August 2025, 10 March 2026) and died. The cause was "
        "not established in what we read. How many such infusions are given is not public, so no "
        "rate can be given."
    )
    assert len(deaths_sentence().sources) == 5
    dead = [
        harm for harm in harms_of(programme("ad-msc-intravenous-asrm")) if harm.group == "death"
    ]
    assert [harm.people for harm in dead] == [None, None]


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("nr1-intracerebral", {"brain-operation", "tacrolimus", "donor-cells", "frozen-cells"}),
        ("ad-msc-intravenous-asrm", {"infusion-vein", "harvest-fat", "culture", "clinic"}),
        ("bmmnc-intraarterial", {"artery-catheter", "harvest-marrow"}),
        ("huns001-intracerebral-jp", {"brain-operation", "harvest-marrow", "culture"}),
        ("cd34-pbsc-intracerebral", {"brain-operation", "harvest-blood"}),
    ],
)
def test_steps_follow_from_route_and_cells(name: str, steps: set[str]) -> None:
    assert steps_of(programme(name)) == steps | {"cells"}


def trial_text(change: tuple[str, str]) -> bytes:
    text = """
id: NCT1
title: t
programme: none
status: completed
status_read: 2026-11-20
status_as_of: null
condition: [ischemic-stroke]
phase_of_stroke: []
criteria_complete: true
sources: {s1: {url: u, kind: k}}
criteria:
  - {id: i1, kind: inclusion, text: t, when: "age_years >= 30", source: s1}
"""
    assert change[0] in text
    return text.replace(*change).encode()


@pytest.mark.parametrize(
    "change",
    [
        ("status: completed", "status: finished"),
        ("source: s1}", "source: s2}"),
        ("age_years >= 30", "age >= 30"),
        ("title: t\n", ""),
        ("title: t\n", "title: t\ncolour: red\n"),
        ("2026-11-20", "soon"),
        ("[ischemic-stroke]", "[migraine]"),
        ("criteria_complete: true", "criteria_complete: 1"),
        ("criteria:\n", "rules:\n"),
    ],
)
def test_a_broken_trial_file_is_our_defect(change: tuple[str, str]) -> None:
    assert _trial(parse_document(trial_text(("title: t", "title: u")), "t.yaml")).title == "u"
    with pytest.raises(DataError, match=r"t\.yaml"):
        _trial(parse_document(trial_text(change), "t.yaml"))


def test_a_broken_programme_is_our_defect() -> None:
    with pytest.raises(DataError, match=r"p\.yaml:2"):
        _programme(parse_document(b"programmes:\n  - {id: x}\n", "p.yaml"), 0)


def test_entries_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Trial.__setattr__(trials()[0], "title", "other")
