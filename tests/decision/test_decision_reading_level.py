"""The parts for patients stay readable: Flesch-Kincaid grade (Kincaid and others 1975), English.

``0.39 words / sentences + 11.8 syllables / words - 15.59``. Syllables are counted as runs of vowels
with a silent final e left out, which is near enough over a whole part; names of trials are in it.
"""

from __future__ import annotations

import re

import pytest

from decision.decision_examples import example
from saisei.base.sources import Statement
from saisei.decision import Decision

HIGHEST_GRADE = 8.0
FULL = ("01", "03", "04", "05", "07", "08", "11")


def syllables(word: str) -> int:
    runs = len(re.findall(r"[aeiouy]+", word.lower()))
    silent = word.lower().endswith("e") and not word.lower().endswith("le") and runs > 1
    return max(1, runs - silent)


def grade(text: str) -> float:
    sentences = [part for part in re.split(r"[.!?:;]+(?:\s|$)", text) if part.strip()]
    words = re.findall(r"[A-Za-z]+", text)
    sounds = sum(map(syllables, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * sounds / len(words) - 15.59


def parts(decision: Decision) -> dict[str, str]:
    asked = decision.questions
    groups: dict[str, list[Statement]] = {
        "answer": list(decision.answer),
        "options": [
            said
            for option in decision.options
            for said in (*option.summary, *option.positives, *option.negatives)
        ],
        "harms": [harm.words for harm in decision.harms],
        "questions": [*asked.clinic, *asked.own_doctor] if asked else [],
        "values": list(decision.values),
    }
    return {name: " ".join(said.text for said in group) for name, group in groups.items() if group}


def test_the_formula_knows_easy_from_hard() -> None:
    assert grade("The cat sat on the mat. It was warm.") < 1
    assert grade("Heterogeneity of intracerebral implantation complicates interpretation.") > 20


@pytest.mark.parametrize("number", FULL)
def test_each_part_for_patients_stays_below_grade_eight(number: str) -> None:
    grades = {name: grade(text) for name, text in parts(example(number)).items()}
    assert {name: round(g, 1) for name, g in grades.items() if g > HIGHEST_GRADE} == {}
