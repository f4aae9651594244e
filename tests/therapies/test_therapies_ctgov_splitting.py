"""Criteria text of a registry, split: markdown of several kinds, and nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.therapies.ctgov import Piece, split_criteria


def _items(text: str) -> list[tuple[str, str]]:
    return [(p.side, p.text) for p in split_criteria(text) if p.role == "item"]


BULLETS = """\
Inclusion Criteria:

* Grown up
* First stroke \\> 6 months ago

Exclusion Criteria:

* Fear of needles
"""

LISTS = {
    "bullets, with markdown's escapes": BULLETS,
    "numbers": BULLETS.replace("* Grown", "1. Grown").replace("* First", "2. First"),
    "numbers with brackets": BULLETS.replace("* Grown", "1\\) Grown").replace(
        "* First", "2) First"
    ),
    "bullets before numbers": BULLETS.replace("* Grown", "* 1\\) Grown"),
    "dashes": BULLETS.replace("*", "-"),
    "no marks": BULLETS.replace("* ", ""),
    "headings with more words": BULLETS.replace("Inclusion", "Key Inclusion").replace(
        "Exclusion", "Main Exclusion"
    ),
    "headings without a colon": BULLETS.replace("Criteria:", "Criteria"),
    "headings in capitals": BULLETS.replace("Inclusion Criteria", "INCLUSION CRITERIA"),
    "the French way": BULLETS.replace("Exclusion Criteria:", "Non-inclusion criteria :"),
    "sentences as headings": BULLETS.replace("Exclusion Criteria:", "Patients are excluded if:"),
    "line ends of another system": BULLETS.replace("\n", "\r\n"),
    "hard-wrapped": BULLETS.replace("First stroke", "First\n  stroke"),
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS.keys())
def test_every_way_of_writing_a_list_gives_the_same_items(text: str) -> None:
    assert _items(text) == [
        ("inclusion", "Grown up"),
        ("inclusion", "First stroke > 6 months ago"),
        ("exclusion", "Fear of needles"),
    ]


def test_lists_written_as_one_line_are_cut() -> None:
    text = "Inclusion Criteria: 1. Young 2. Fit 3. At home. Exclusion Criteria: 1. A 2. B 3. C"
    assert [words for _, words in _items(text)] == ["Young", "Fit", "At home.", "A", "B", "C"]
    assert [side for side, _ in _items(text)] == ["inclusion"] * 3 + ["exclusion"] * 3


def test_nested_items_and_notes_stand_under_their_item() -> None:
    pieces = [
        p
        for p in split_criteria(
            "Exclusion Criteria:\n\n1. One of these:\n\n   * heart failure\n   * kidney failure\n\n"
            "   A note of its own.\n2. Flat again\n"
        )
        if p.role == "item"
    ]
    assert [(p.text, p.depth, p.nested, p.leads) for p in pieces] == [
        ("One of these:", 0, False, True),
        ("heart failure", 1, True, False),
        ("kidney failure", 1, True, False),
        ("A note of its own.", 1, True, False),
        ("Flat again", 0, False, False),
    ]
    assert {p.under for p in pieces if p.nested} == {"One of these:"}


def test_headings_of_groups_are_kept_with_their_items() -> None:
    pieces = split_criteria(
        "Inclusion Criteria for Cohort A:\n\n* young\n\nInclusion Criteria for Cohort B:\n\n* old\n"
    )
    items = [(p.text, p.under) for p in pieces if p.role == "item"]
    assert items == [
        ("young", "Inclusion Criteria for Cohort A"),
        ("old", "Inclusion Criteria for Cohort B"),
    ]


def test_without_a_heading_nothing_says_which_list_it_is() -> None:
    assert _items("* Grown up\n* First stroke") == [
        ("unclear", "Grown up"),
        ("unclear", "First stroke"),
    ]


@pytest.mark.parametrize("text", ["", "  \n\n ", "\r\n"])
def test_nothing_gives_nothing(text: str) -> None:
    assert split_criteria(text) == ()


def test_a_number_at_the_beginning_of_a_line_is_no_mark() -> None:
    assert _items("Inclusion Criteria:\n\n2.5 times the limit or less\n") == [
        ("inclusion", "2.5 times the limit or less")
    ]


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Inclusion Criteria:", "Exclusion Criteria:", "", "Cohort A:", "AGE",
                "Inclusion: young. Exclusion: old.", "1. one 2. two 3. three", "\\*a note",
            ]
        ),
        st.tuples(
            st.sampled_from(["", "* ", "- ", "  * ", "    ", "1. ", "2) ", "   a. ", "\t"]),
            st.text(max_size=40),
        ).map("".join),
    ),
    max_size=12,
)  # fmt: skip


@given(LINES, st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_every_character_that_is_no_blank_stays_in_one_piece(lines: list[str], end: str) -> None:
    text = end.join(lines)
    pieces = split_criteria(text)
    covered = [at for piece in pieces for at in range(piece.start, piece.end)]
    assert len(covered) == len(set(covered))
    assert [
        text[at] for at in range(len(text)) if not text[at].isspace() and at not in covered
    ] == []
    assert [p.start for p in pieces] == sorted(p.start for p in pieces)


@given(LINES)
def test_splitting_is_the_same_each_time(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert split_criteria(text) == split_criteria(text)
    assert all(isinstance(piece, Piece) for piece in split_criteria(text))
