"""For whom: pregnancy, a family, cells before."""

from __future__ import annotations

import re

import pytest

from decision.decision_examples import example
from rules.rules_words import AS_OF, person, sentences
from saisei.decision import Kind, decide

BEFORE = {"prior_cell_therapy": True, "date_last_cell_therapy": "2025-03"}


@pytest.mark.parametrize(
    "values",
    [{}, {"pregnant_or_breastfeeding": True},
     {"condition": "none", "onset_datetime": None, "stroke_type": None},
     {"onset_datetime": "2026-11-18", "in_hospital": True}],
)  # fmt: skip
def test_cells_before_bring_what_to_watch_for_what_to_ask_and_that_trials_can_close(
    values: dict[str, object],
) -> None:
    said = [s.text for s in decide(person(**values, **BEFORE), AS_OF).had_cells]
    assert any("atch for" in text for text in said)
    assert any("papers" in text for text in said)
    assert any("can close trials" in text for text in said)
    assert decide(person(**values), AS_OF).had_cells == ()


def test_a_pregnant_person_whose_family_asks_has_the_part_on_deciding() -> None:
    asked = decide(person(pregnant_or_breastfeeding=True, respondent="family"), AS_OF)
    assert asked.kind is Kind.PREGNANCY
    assert asked.deciding_for_another
    assert not asked.therapies
    assert not asked.futures
    assert not asked.options


def test_no_sentence_for_a_family_speaks_to_the_person() -> None:
    decision = example("08")
    assert decision.audience == "family"
    spoken = [
        text
        for text in sentences(decision, without=("claims",))
        if re.search(r"\b(you|your|yours|my|me|mine)\b", text, re.IGNORECASE)
    ]
    assert spoken == []
    assert [item.where for item in decision.audit if "your" in item.where.lower()] == []
