"""Cautions: never stop a medicine for cells, and stopping can itself cause a stroke."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rules.rules_words import AS_OF, person
from saisei.cli import app
from saisei.decision import decide
from saisei.therapies import cautions

STEPS = ("harvest-fat", "harvest-marrow", "lumbar-puncture", "brain-operation")
THINNER = [{"drug": "apixaban", "indication": "atrial fibrillation"}]


def test_every_list_of_cautions_begins_with_the_one_rule() -> None:
    first = decide(person(antithrombotics=THINNER), AS_OF).cautions[0]
    assert first.words.text == (
        "Never stop a prescribed medicine for a cell therapy without the doctor who prescribed it."
    )


def test_the_one_rule_stands_above_the_cautions_of_a_screening() -> None:
    (path,) = (Path(__file__).parents[2] / "examples").glob("01-*.yaml")
    done = CliRunner().invoke(app, ["screen", str(path), "--as-of", AS_OF.isoformat()])
    shown = " ".join(done.output.split())
    assert "Cautions Never stop a prescribed medicine for a cell therapy without" in shown


@pytest.mark.parametrize("step", STEPS)
def test_blood_thinners_are_a_caution_before_every_step_that_can_bleed(step: str) -> None:
    found = decide(person(antithrombotics=THINNER), AS_OF).cautions
    (one,) = [c for c in found if c.id.startswith("blood-thinner") and step in c.steps]
    assert one.state == "applies"
    assert "cause a stroke" in one.words.text
    assert "doctor who prescribed" in one.words.text
    none = decide(person(antithrombotics=[]), AS_OF).cautions
    assert not [c for c in none if c.id.startswith("blood-thinner")]


def test_what_the_rules_name_is_a_caution() -> None:
    ids = " ".join(one.id for one in cautions())
    for named in ("cancer", "pregnancy", "infection", "clots", "seizures", "tacrolimus"):
        assert named in ids
