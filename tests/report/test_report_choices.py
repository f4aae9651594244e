"""Other reasonable choices on the page: one thing changed at a time, and what it would give."""

from __future__ import annotations

from dataclasses import replace

from report.report_builders import full_decision
from report.report_reading import read_page
from saisei.report import to_html
from saisei.report.page import Page
from saisei.report.tables import Table, Tables

DECISION = full_decision()
TABLES = Tables(Page(DECISION), DECISION)
ARM = DECISION.futures[0]
WITH = ARM.with_therapy[0]


def cells(table: Table) -> list[list[str]]:
    return [list(map(str, row)) for row in table.rows]


def test_a_finding_shows_each_choice_with_its_effect_its_word_and_how_sure() -> None:
    (finding,) = [one for one in DECISION.findings if one.choices]
    table = TABLES.choices(finding)
    assert [row[:2] for row in cells(table)] == [
        ["a half-normal prior", "1.30 (0.80 to 2.20)"],
        ["without A", "1.10 (0.40 to 3.10)"],
        ["without studies at risk", "nothing remains"],
    ]
    assert [row[2] for row in cells(table)] == ["Uncertain", "Uncertain", "No data"]


def test_a_drawn_future_shows_the_printed_numbers_first_and_no_number_where_none_is_drawn() -> None:
    rows = cells(TABLES.choices_with(ARM, WITH))
    assert rows[0] == ["as printed", "14 (6 to 31)", "8 (4 to 13)", "Uncertain"]
    assert rows[1][1:3] == ["15 (7 to 29)", "8 (5 to 12)"]
    assert rows[2][1:3] == ["no forecast possible", "no forecast possible"]


def test_the_page_tells_them_once_and_leaves_them_out_where_there_are_none() -> None:
    page = to_html(DECISION)
    assert page.count("one thing changed at a time") == 2
    assert "would give between 11 and 15 of 100" in page
    bare = replace(
        DECISION,
        findings=tuple(replace(one, choices=(), method=()) for one in DECISION.findings),
        futures=(replace(ARM, with_therapy=(replace(WITH, choices=()),)),),
    )
    without = to_html(bare)
    assert "one thing changed at a time" not in without
    assert "add up the trials, and what" not in without


def test_the_curve_with_cells_says_where_it_begins_and_what_its_bands_are() -> None:
    page = to_html(DECISION)
    assert "With cells, from 6 months on" in page
    assert "middle with cells, from the time on at which the trials measured" in page
    assert "for the trials’ middle estimate" in page
    assert read_page(page) is not None


def test_a_curve_measured_at_the_very_end_is_wide_enough_to_be_seen() -> None:
    last = replace(WITH, points=WITH.points[-1:])
    shown = replace(DECISION, futures=(replace(ARM, with_therapy=(last,)),))
    one = to_html(shown)
    assert "With cells, from 12 months on" in one


def test_a_group_moved_by_an_odds_ratio_shows_ends_rounded_outwards_and_leaves_deaths() -> None:
    (finding,) = [one for one in DECISION.findings if one.group]
    assert finding.group is not None
    assert cells(TABLES.group(finding, finding.group)) == [
        ["0 or better", "3", "4 (1 to 11)"],
        ["1 or better", "11", "13 (4 to 31)"],
        ["died", "3", "left as it was"],
    ]
    assert "moved by the common odds ratio" in to_html(DECISION)


def test_statements_about_groups_stand_open_and_the_reason_in_its_list() -> None:
    page = to_html(DECISION)
    shown = page.index("This is what is known of groups")
    assert shown < page.index("Of 100 people about 11 moved by a grade")
    assert page.count("Of 100 people about 11 moved by a grade") == 1
    assert page.count("No model of the natural course a year or more") == 1
