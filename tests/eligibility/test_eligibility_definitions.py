"""Definitions: the hash of rules, and versions that are never altered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.base.documents import parse_document
from saisei.base.errors import OptionError, Place
from saisei.eligibility import Criterion, parse, read_criterion
from saisei.eligibility.definitions import (
    Definition,
    Version,
    check_definition,
    definition_hash,
    published,
    read_definition,
)

PLAIN = b"""
- {id: i1, kind: inclusion, text: "mRS 3 or 4", when: "mrs_current in {3, 4}", source: s1}
- {id: e1, kind: exclusion, text: "a fit or a coma", when: "seizure_history or coma", source: s1}
"""
LAID_OUT = b"""
- when: "mrs_current  in [3, 4]"
  source: s2
  kind: inclusion
  text: >-
    mRS 3
    or 4
  id: i1
- id: "e1"
  note: "a note that judges nobody"
  kind: exclusion
  text: 'a fit or a coma'
  source: s1
  when: |
    (seizure_history
      or coma)
"""
DAY = date(2026, 11, 20)
RULES = [
    Criterion("i1", "inclusion", "mRS 3 or 4", parse("mrs_current in {3, 4}")),
    Criterion("e1", "exclusion", "a fit or a coma", parse("seizure_history or coma")),
]


def read(content: bytes) -> list[Criterion]:
    rows = parse_document(content, "t.yaml").data
    return [read_criterion(row, Place("t.yaml"), "p") for row in rows]


def test_the_hash_does_not_depend_on_the_layout_of_a_file() -> None:
    assert definition_hash(read(PLAIN)) == definition_hash(read(LAID_OUT)) == definition_hash(RULES)


def test_the_hash_is_the_one_that_was_published() -> None:
    """Computed once, 2026-11-20; another value means that every published hash is void."""
    assert definition_hash(RULES) == (
        "6ac95b497629d025eddf592d1154fd604f31c5c4e54703587a4ede30599168c2"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"id": "i2"},
        {"kind": "exclusion"},
        {"text": "mRS 3 to 4"},
        {"when": parse("mrs_current in {3, 5}")},
        {"judgement": True},
    ],
)
def test_whatever_judges_a_person_is_in_the_hash(change: dict[str, Any]) -> None:
    assert definition_hash([replace(RULES[0], **change), RULES[1]]) != definition_hash(RULES)
    assert definition_hash(RULES[::-1]) != definition_hash(RULES)
    assert definition_hash(RULES[:1]) != definition_hash(RULES)


def test_a_definition_reads_back() -> None:
    definition = published(None, definition_hash(RULES), DAY)
    assert read_definition(definition.as_data()) == definition
    assert definition.label == f"published v1 {definition_hash(RULES)[:8]}"


ROW = {"version": 1, "date": "2026-11-20", "sha256": "0" * 64}


@pytest.mark.parametrize(
    "given_",
    [
        None,
        {},
        {"status": "final"},
        {"status": "draft", "version": 1},
        {"status": "published", "versions": {}},
        {"status": "published", "versions": [3]},
        {"status": "published", "versions": [{**ROW, "version": 2}]},
        {"status": "published", "versions": [{**ROW, "date": "2026-11"}]},
        {"status": "published", "versions": [{**ROW, "sha256": "0" * 8}]},
        {"status": "published", "versions": [{**ROW, "sha256": "x" * 64}]},
    ],
)
def test_another_form_is_no_definition(given_: object) -> None:
    assert read_definition(given_) is None


def test_rules_that_changed_in_place_are_an_error() -> None:
    definition = published(None, definition_hash(RULES), DAY)
    assert list(check_definition("p", definition, RULES)) == []
    (finding,) = check_definition("p", definition, RULES[:1])
    assert (finding.code, finding.severity) == ("definition-changed", "error")
    assert "publish version 2" in finding.next_step


def test_going_back_to_an_earlier_version_is_told() -> None:
    definition = published(None, definition_hash(RULES), DAY)
    definition = published(definition, definition_hash(RULES[:1]), DAY)
    (finding,) = check_definition("p", definition, RULES)
    assert "those of version 1" in finding.found


@pytest.mark.parametrize("status", ["draft", "review"])
def test_what_is_not_published_is_told(status: Any) -> None:
    (finding,) = check_definition("p", Definition(status), RULES)
    assert (finding.code, finding.severity) == (f"definition-{status}", "info")


def test_published_without_a_version_is_an_error() -> None:
    (finding,) = check_definition("p", Definition("published"), RULES)
    assert finding.severity == "error"


def test_a_withdrawn_definition_keeps_its_rules() -> None:
    versions = published(None, definition_hash(RULES), DAY).versions
    assert list(check_definition("p", Definition("withdrawn", versions), RULES)) == []
    assert list(check_definition("p", Definition("withdrawn", versions), RULES[:1]))


HASHES = st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), min_size=1, max_size=5)


@given(HASHES)
def test_no_published_version_is_ever_altered(hashes: list[str]) -> None:
    definition: Definition | None = None
    for sha256 in hashes:
        before = definition.versions if definition else ()
        try:
            definition = published(definition, sha256, DAY)
        except OptionError:
            assert sha256 in [version.sha256 for version in before]
            continue
        assert definition.versions[:-1] == before
        assert definition.latest == Version(len(before) + 1, "2026-11-20", sha256)


def test_what_is_refused_to_be_published() -> None:
    definition = published(None, "0" * 64, DAY)
    with pytest.raises(OptionError, match="published as version 1 already"):
        published(definition, "0" * 64, DAY)
    with pytest.raises(OptionError, match="lies before version 1"):
        published(definition, "1" * 64, date(2026, 11, 19))
    with pytest.raises(OptionError, match="withdrawn"):
        published(Definition("withdrawn", definition.versions), "1" * 64, DAY)
