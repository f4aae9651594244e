"""Records of the registry, the drafts they become, and the review that makes a trial of one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.base.documents import Document, parse_document
from saisei.base.errors import DataError, DocumentError
from saisei.therapies import loading
from saisei.therapies.ctgov import (
    accepted_trial,
    check_review,
    draft_criteria,
    draft_text,
    is_draft,
    measure,
    read_records,
    records_in,
    trial_text,
)

DAY = date(2026, 11, 20)

CRITERIA = """\
Key Inclusion Criteria:

* Adults of 18 to 75 years
* First ischemic stroke
* NIHSS score of 7-20 inclusive
* Stroke onset at least 6 months and no more than 60 months ago
* Written informed consent

Key Exclusion Criteria:

* Platelets \\< 100,000/mm3
* Uncontrolled epilepsy
* Wears a hat indoors
"""

STUDY: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {
            "nctId": "NCT00000000",
            "briefTitle": "Made-up Cells After a Made-up Stroke",
            "officialTitle": "A Study That Never Took Place",
        },
        "statusModule": {
            "overallStatus": "ENROLLING_BY_INVITATION",
            "statusVerifiedDate": "2026-10",
            "startDateStruct": {"date": "2025-03", "type": "ACTUAL"},
            "completionDateStruct": {"date": "2028-12-31", "type": "ESTIMATED"},
            "lastUpdatePostDateStruct": {"date": "2026-10-15", "type": "ACTUAL"},
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Nobody", "class": "OTHER"}},
        "conditionsModule": {"conditions": ["Ischemic Stroke"]},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": ["PHASE1", "PHASE2"],
            "designInfo": {"allocation": "RANDOMIZED", "maskingInfo": {"masking": "DOUBLE"}},
            "enrollmentInfo": {"count": 40, "type": "ESTIMATED"},
        },
        "armsInterventionsModule": {
            "armGroups": [
                {"label": "Cells", "type": "EXPERIMENTAL", "interventionNames": ["Biological: X"]}
            ],
            "interventions": [{"type": "BIOLOGICAL", "name": "X"}],
        },
        "eligibilityModule": {
            "eligibilityCriteria": CRITERIA,
            "healthyVolunteers": False,
            "sex": "FEMALE",
            "minimumAge": "18 Years",
            "maximumAge": "80 Years",
        },
        "contactsLocationsModule": {
            "centralContacts": [{"name": "Jane Nobody", "phone": "000", "email": "j@example.org"}],
            "locations": [
                {"facility": "A", "country": "Japan"},
                {"facility": "B", "country": "Norway"},
                {"facility": "C", "country": "Japan"},
            ],
        },
    }
}


def _study(**parts: object) -> dict[str, Any]:
    study = deepcopy(STUDY)
    study["protocolSection"]["eligibilityModule"].update(parts)
    return study


def _draft(study: dict[str, Any] = STUDY) -> Document:
    (registered,) = records_in(study)
    return parse_document(draft_text(registered, DAY).encode(), "draft.yaml")


def test_what_is_taken_over_of_a_record() -> None:
    data = _draft().data
    assert data["definition"] == {"status": "draft"}
    assert (data["id"], data["phase"], data["status"]) == ("NCT00000000", "1/2", "recruiting")
    assert data["status_note"] == "the registry says ENROLLING_BY_INVITATION"
    assert (data["start"], data["status_as_of"]) == ("2025-03", "2026-10-15")
    assert data["country"] == ["Japan", "Norway"]
    assert data["condition"] == ["ischemic-stroke"]
    assert data["design"] == "interventional, randomized, double, n=40 (estimated)"
    registry = data["registry"]
    assert (registry["sites"], registry["healthy_volunteers"]) == (3, False)
    assert registry["arms"][0]["interventions"] == ["Biological: X"]


def test_contacts_are_not_taken_over() -> None:
    text = draft_text(records_in(STUDY)[0], DAY)
    assert "Jane" not in text
    assert "example.org" not in text


def test_each_criterion_says_what_was_read_and_waits_for_review() -> None:
    rules = {rule["id"]: rule for rule in _draft().data["criteria"]}
    assert rules["f1"]["when"] == "18 <= age_years <= 80"
    assert rules["f2"]["when"] == "sex == 'female'"
    assert rules["i3"]["when"] == "7 <= nihss_total <= 20"
    assert rules["i3"]["read"] == [
        {"phrase": "NIHSS score of 7-20 inclusive", "from": 0, "to": 29, "as": rules["i3"]["when"]}
    ]
    assert rules["i5"]["judgement"] is True
    assert (rules["e2"]["reading"], rules["e2"].get("when")) == ("partly", None)
    assert rules["e2"]["unread"] == "Uncontrolled"
    assert (rules["e3"]["reading"], rules["e3"]["text"]) == ("unread", "Wears a hat indoors")
    assert {rule["review"] for rule in rules.values()} == {"needed"}
    start, end = rules["e1"]["place"]
    assert CRITERIA[start:end] == "* Platelets \\< 100,000/mm3"


def test_the_measures_count_every_item() -> None:
    counted = measure(draft_criteria(CRITERIA))
    assert (counted.items, counted.whole + counted.partly + counted.unread) == (8, 8)
    assert str(counted) == ("8 items: 5 read whole, 2 partly (1 with an expression), 1 not read")


def test_ages_that_differ_from_the_field_are_flagged() -> None:
    (flag,) = _draft().data["flags"]
    assert flag == ("the text says age <= 75 ('Adults of 18 to 75 years'), the age field 80 Years")
    (strict,) = _draft(_study(eligibilityCriteria="Exclusion Criteria:\n\n* Age ≤ 18 years")).data[
        "flags"
    ]
    assert strict.startswith("the text says age > 18 ")
    assert not _draft(_study(maximumAge="75 Years")).data["flags"]


@pytest.mark.parametrize(
    ("low", "high", "when"),
    [
        ("18 Years", "N/A", "age_years >= 18"),
        ("6 Months", "5 Years", "0.5 <= age_years <= 5"),
        ("N/A", "75 Years", "age_years <= 75"),
        (None, None, None),
        ("2 Weeks", None, None),
    ],
)
def test_ages_of_the_registrys_fields(low: str | None, high: str | None, when: str | None) -> None:
    rules = _draft(_study(minimumAge=low, maximumAge=high, sex="ALL")).data["criteria"]
    found = [rule["when"] for rule in rules if rule["id"].startswith("f")]
    assert found == ([when] if when else [])


@pytest.mark.parametrize("criteria", ["", None, "Inclusion Criteria:\n\n* 脳梗塞の既往がある方\n"])
def test_an_empty_or_foreign_text_gives_no_drafts(criteria: str | None) -> None:
    rules = _draft(_study(eligibilityCriteria=criteria)).data["criteria"]
    assert all(rule.get("when") is None for rule in rules if not rule["id"].startswith("f"))
    assert len(rules) == (3 if criteria else 2)


@given(st.text(max_size=300))
def test_any_text_comes_back_from_the_draft_as_it_was(words: str) -> None:
    study = _study(eligibilityCriteria=f"Inclusion Criteria:\n\n* {words}\n* NIHSS > 6")
    study["protocolSection"]["identificationModule"]["briefTitle"] = words
    text = draft_text(records_in(study)[0], DAY)
    assert text == draft_text(records_in(deepcopy(study))[0], DAY)
    data = parse_document(text.encode(), "draft.yaml").data
    assert data["title"] == " ".join(words.split())
    assert [r["text"] for r in data["criteria"] if r["id"] != "f1"][-1] == "NIHSS > 6"


def test_the_example_of_the_page_is_what_is_drafted() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "import-registry.md"
    (block,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (shown,) = parse_document(block.encode(), "page").data
    rules = _draft(_study(eligibilityCriteria=f"Exclusion Criteria:\n\n* {shown['text']}")).data
    found = rules["criteria"][-1]
    differing = {key for key in {*shown, *found} if shown.get(key) != found.get(key)}
    assert differing == {"id", "place"}


# Bad input


def _told(error: pytest.ExceptionInfo[DocumentError]) -> str:
    (problem,) = error.value.problems
    assert problem.expected
    return problem.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([1], "not-a-study"),
        ({"FullStudiesResponse": {}}, "old-version"),
        ({"FullStudy": {}}, "old-version"),
        ({}, "no-protocol-section"),
        ({"studies": []}, "no-studies"),
        ({"studies": [{"hasResults": True}]}, "no-protocol-section"),
        ({"studies": [STUDY, STUDY]}, "repeated"),
        ({"protocolSection": {}}, "no-number"),
        ({"protocolSection": {"identificationModule": {"nctId": "12"}}}, "no-number"),
        ({"protocolSection": {"identificationModule": {"nctId": 12}}}, "wrong-kind"),
        (_study(eligibilityCriteria=["a"]), "wrong-kind"),
        (_study(eligibilityCriteria="x" * 200_000), "too-long"),
    ],
)
def test_what_is_no_record_is_refused(data: object, code: str) -> None:
    with pytest.raises(DocumentError) as error:
        records_in(data)
    assert _told(error) == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"definition: {}", "syntax"),
        (b'{"a": ', "syntax"),
        (b"\xff\xfe{}", "encoding"),
        (b"", "syntax"),
        (b"[" * 100_000, "too-deep"),
    ],
)
def test_files_that_are_no_json_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as error:
        read_records(path)
    assert _told(error) == code
    with pytest.raises(DocumentError):
        read_records(tmp_path)


def test_a_file_of_several_studies_gives_each(tmp_path: Path) -> None:
    other = _study()
    other["protocolSection"]["identificationModule"]["nctId"] = "NCT00000001"
    path = tmp_path / "studies.json"
    path.write_text(json.dumps({"studies": [STUDY, other]}), encoding="utf-8")
    assert [study.id for study in read_records(path)] == ["NCT00000000", "NCT00000001"]


# Review, and what is never screened


@pytest.fixture
def trials_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Document]]:
    """Stand in for the folder of the trials, and forget afterwards what was read of it."""
    folder: dict[str, Document] = {}
    monkeypatch.setattr(loading, "load_folder", lambda _: folder)
    loading.trials.cache_clear()
    yield folder
    loading.trials.cache_clear()


def _changed(document: Document, **parts: object) -> Document:
    return Document("draft.yaml", {**document.data, **parts}, document.places)


def _reviewed(**parts: object) -> Document:
    """Give the draft as a careful reviewer leaves it."""
    draft = _draft()
    by = {"reviewed_by": "R. Eviewer", "reviewed_on": "2026-11-20"}
    rules = [{**rule, **by, "review": "accepted"} for rule in draft.data["criteria"]]
    for rule in rules:
        if rule["reading"] == "partly":
            rule["remainder"] = "decided by hand"
        if not rule.get("when"):
            rule |= {"review": "left-out", "reason": "no field"}
    filled: dict[str, object] = {
        "programme": "sb623-intracerebral", "phase_of_stroke": ["chronic"], "criteria": rules,
    }  # fmt: skip
    return _changed(draft, **{**filled, **parts})


def test_a_draft_in_the_folder_of_the_trials_is_not_screened(
    trials_folder: dict[str, Document],
) -> None:
    trials_folder["NCT00000000"] = _draft()
    with pytest.raises(DataError, match=r"draft\.yaml: this is a draft, which is never screened"):
        loading.trials()


def test_not_even_when_each_criterion_was_accepted(trials_folder: dict[str, Document]) -> None:
    trials_folder["NCT00000000"] = _reviewed()
    with pytest.raises(DataError, match="never screened"):
        loading.trials()


def test_nor_when_only_its_status_was_changed(trials_folder: dict[str, Document]) -> None:
    trials_folder["NCT00000000"] = _changed(_draft(), definition={"status": "published"})
    with pytest.raises(DataError, match="never screened"):
        loading.trials()


def test_a_reviewed_draft_becomes_a_trial_that_loads(trials_folder: dict[str, Document]) -> None:
    text = trial_text(accepted_trial(_reviewed()))
    trials_folder["NCT00000000"] = parse_document(text.encode(), "trial.yaml")
    (trial,) = loading.trials()
    assert not is_draft(trials_folder["NCT00000000"])
    assert [rule.id for rule in trial.criteria] == ["f1", "f2", "i1", "i2", "i3", "i4", "i5", "e1"]
    assert not trial.criteria_complete
    assert trial.criteria_missing == "2 items of the registry's list were left out on review"
    assert next(rule for rule in trial.criteria if rule.id == "i5").judgement


def test_an_untouched_draft_is_not_accepted() -> None:
    with pytest.raises(DocumentError) as error:
        accepted_trial(_draft())
    codes = [problem.code for problem in error.value.problems]
    assert codes == ["not-filled"] * 2 + ["not-reviewed"] * 10
    assert all(problem.place and problem.place.line for problem in error.value.problems)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"review": "perhaps"}, "review"),
        ({"review": "needed"}, "not-reviewed"),
        ({"reviewed_by": None}, "by-whom"),
        ({"reviewed_on": "some day"}, "by-whom"),
        ({"when": None}, "no-expression"),
        ({"kind": "unclear"}, "kind"),
        ({"review": "left-out"}, "no-reason"),
        ({"reading": "partly"}, "remainder"),
    ],
)
def test_a_decision_that_is_not_whole_is_told(change: dict[str, object], code: str) -> None:
    document = _reviewed()
    document.data["criteria"][0] |= change
    (problem,) = check_review(document)
    assert (problem.code, problem.field) == (code, "f1")


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"phase_of_stroke": ["someday"]}, "phase_of_stroke"),
        ({"surprise": 1}, "surprise"),
        ({"criteria": []}, "no criteria"),
    ],
)
def test_what_is_no_trial_after_review_is_refused(parts: dict[str, object], text: str) -> None:
    with pytest.raises(DocumentError, match=text):
        accepted_trial(_reviewed(**parts))


def test_an_expression_that_was_mistyped_on_review_is_told() -> None:
    document = _reviewed()
    document.data["criteria"][0]["when"] = "18 <= age_yeers"
    with pytest.raises(DocumentError, match="age_years"):
        accepted_trial(document)
