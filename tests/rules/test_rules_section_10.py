"""Words: what no sentence of ours says, and those that always stand there."""

from __future__ import annotations

import re

import pytest

from decision.decision_examples import example
from rules.rules_words import sentences
from saisei.decision import Kind
from saisei.report import to_html

ALL = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11")
SENTENCES = (
    "Saisei has no funding from any maker, clinic or agency.",
    "The evidence files carry the date each was read; a report older than 90 days says so.",
)
SELLS = re.compile(
    r"\b(candidates?|recommended|promising|safe|works|success rate|breakthrough|eligible)\b",
    re.IGNORECASE,
)
ALLOWED = (
    "A success rate without a source.",  # a warning sign of a clinic
    "a doctor who does not work",
    "anybody found the treatment to work",
)


@pytest.mark.parametrize("number", ALL)
def test_the_fixed_sentences_stand_on_every_page_but_the_emergency_page(number: str) -> None:
    decision = example(number)
    assert decision.kind is not Kind.EMERGENCY
    policy = [said.text for said in decision.policy]
    for wanted in SENTENCES:
        assert wanted in policy
    device = next(text.lower() for text in policy if "medical device" in text)
    assert "not authorised as a medical device anywhere" in device
    assert "whoever uses it in care must check local law" in device
    assert any("a better course is not evidence of effect" in text for text in policy)
    assert SENTENCES[0] in to_html(decision)


@pytest.mark.parametrize("number", ALL)
def test_no_sentence_sells(number: str) -> None:
    """Claims of pages, which are quoted as theirs, are left out."""
    for text in sentences(example(number), without=("claims",)):
        plain = text
        for allowed in ALLOWED:
            plain = plain.replace(allowed, "")
        assert SELLS.search(plain) is None, text


def test_the_bottom_line_where_nothing_controlled_exists() -> None:
    (fat,) = [t for t in example("01").therapies if t.id == "ad-msc-intravenous-asrm"]
    assert fat.bottom_line.text == (
        "No controlled trial has tested your own fat-derived cells by vein in people like you. "
        "Nobody can say whether it helps."
    )


def test_the_audit_says_that_it_is_our_own() -> None:
    assert "(IPDAS), self-audited" in to_html(example("01"))
