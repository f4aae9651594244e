"""The people of IST-1: the page tells what the command gives, and every verdict is the case's."""

from __future__ import annotations

import csv
import gzip
import re
import shlex
from collections.abc import Iterator
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import duckdb
import pytest
from typer.testing import CliRunner

from saisei.base.dates import PartialDate
from saisei.cases import Case, Entry, case_from_data
from saisei.cli import app
from saisei.eligibility.population.flat import FlatTable
from saisei.eligibility.population.screen import screen_population
from saisei.therapies import match_trial, programmes, trial, trials
from saisei.therapies.protocols import population_protocols
from saisei.vocabulary import Stage

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "ist1"
PAGE = (ROOT / "docs" / "ist1.md").read_text(encoding="utf-8")
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
TRIALS = tuple(one for one in trials() if Stage.ACUTE in one.phase_of_stroke)
SHOWN = ("NCT03545607", "NCT00535197")
ASKED = re.compile(r"```sql\n(?P<query>.*?)```\n\n(?P<table>(?:\|[^\n]*\n)+)", re.DOTALL)

VERDICTS = """
    SELECT protocol, count(*) FILTER (WHERE verdict = 'matches'),
        count(*) FILTER (WHERE verdict = 'undecided'),
        count(*) FILTER (WHERE verdict = 'does-not-match')
    FROM 'ist1-acute/verdicts.parquet' GROUP BY 1 ORDER BY 1"""
RULES = """
    SELECT criterion, "true", "false", "unknown", only_failed, "left", met_so_far
    FROM 'ist1-acute/criteria.parquet' WHERE protocol = $1"""
RULE = """
    SELECT "true" AS met, "false" AS not_met, "unknown"
    FROM 'ist1-acute/criteria.parquet' WHERE protocol = $1 AND criterion = $2"""

ALONE = """
    SELECT only_failed AS fails_this_alone
    FROM 'ist1-acute/criteria.parquet' WHERE protocol = $1 AND criterion = $2"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the command of the page as it stands; give the folder in which its results lie."""
    (command,) = re.findall(r"^saisei (screen-population .*)$", PAGE, re.MULTILINE)
    *words, out = shlex.split(command)
    folder = tmp_path_factory.mktemp("ist1")
    with chdir(ROOT):
        done = CliRunner().invoke(app, [*words, str(folder / out)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "left out" not in done.stdout
    return folder


def ask(results: Path, sql: str, *told: object) -> tuple[list[str], list[tuple[object, ...]]]:
    with duckdb.connect() as connection:
        connection.execute(f"SET file_search_path = '{ROOT},{results}'")
        asked = connection.execute(sql, list(told))
        return [column[0] for column in asked.description or ()], asked.fetchall()


def as_table(names: list[str], rows: list[tuple[object, ...]]) -> str:
    lines = [names, ["---"] * len(names), *([shown(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def shown(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def trial_table(results: Path) -> str:
    names = ["trial", "title", "matches", "undecided", "does not match"]
    _, rows = ask(results, VERDICTS)
    titles = {one.id: one.title for one in TRIALS}
    return as_table(
        names, [(row[0], titles[str(row[0])], *row[1:]) for row in rows if row[0] in titles]
    )


def rule_table(results: Path, name: str) -> str:
    names = ["rule", "what it asks", "met", "not met", "unknown", "fails this alone"]
    names += ["not ruled out", "known to meet all"]
    _, rows = ask(results, RULES, name)
    (protocol,) = (one for one in population_protocols() if one.id == name)
    texts = {rule.id: rule.text for rule in protocol.criteria}
    return as_table(names, [(row[0], texts[str(row[0])], *row[1:]) for row in rows])


def test_the_page_shows_what_the_command_gives(results: Path) -> None:
    assert trial_table(results) in PAGE
    for name in SHOWN:
        assert rule_table(results, name) in PAGE


QUERIES = list(ASKED.finditer(PAGE))


@pytest.mark.parametrize("place", range(len(QUERIES)))
def test_the_queries_of_the_page_give_what_stands_below_them(results: Path, place: int) -> None:
    assert as_table(*ask(results, QUERIES[place]["query"])) == QUERIES[place]["table"]


def by_hand() -> Iterator[tuple[str, str, str]]:
    """Give the queries that count one rule: the one named last before them."""
    for found in QUERIES:
        if "AS not_met" in found["query"] or "fails_this_alone" in found["query"]:
            protocol, rule = re.findall(r"`([\w-]+)/(\w+)`", PAGE[: found.start()])[-1]
            yield protocol, rule, found["query"]


def test_counting_by_hand_comes_to_the_same(results: Path) -> None:
    counted = list(by_hand())
    assert len(counted) >= 5
    for protocol, rule, query in counted:
        wanted = ALONE if "fails_this_alone" in query else RULE
        assert ask(results, query) == ask(results, wanted, protocol, rule), (protocol, rule)


def test_what_is_left_by_hand_is_what_the_screening_left() -> None:
    (both,) = (found["table"] for found in QUERIES if "by_hand" in found["query"])
    numbers = re.findall(r"[\d,]+", both)
    assert len(numbers) == 2
    assert len(set(numbers)) == 1


Row = dict[str, str]


def rows_of_the_table() -> list[Row]:
    with gzip.open(FOLDER / "ist1.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def case_of(row: Row) -> Case:
    """Turn a row into a case by hand, apart from the mapping."""
    scanned = row["RCT"] == "Y"
    deficits = ["face", "arm_hand", "leg_foot", "dysphasia", "hemianopia", "visuospatial"]
    deficits += ["brainstem_cerebellar", "other"]
    grades = {"Y": "present", "N": "absent", "C": "cannot-assess"}
    said: dict[str, object] = {
        f"deficit_{name}": grades[row[f"RDEF{i}"]] for i, name in enumerate(deficits, 1)
    }
    said |= {
        "sex": {"F": "female", "M": "male"}[row["SEX"]],
        "in_hospital": True,
        "thrombolysis_done": False,
        "receiving_thrombolysis": False,
        "ocsp_class": "other" if row["STYPE"] == "OTH" else row["STYPE"],
        "conscious_level": {"F": "alert", "D": "drowsy", "U": "unconscious"}[row["RCONSC"]],
        "systolic_bp_mmhg": int(row["RSBP"]),
        "atrial_fibrillation": {"Y": True, "N": False, "": None}[row["RATRIAL"]],
        "stroke_type": "ischemic" if scanned else None,
        "intracranial_haemorrhage_on_imaging": False if scanned else None,
        "visible_infarct_on_ct": row["RVISINF"] == "Y" if scanned else None,
    }
    a_ct = {"value": ["CT"], "open": True}
    no_ct = {"value": [], "open": True, "without": ["CT"]}
    said["has_brain_imaging"] = a_ct if scanned else no_ct
    case = case_from_data(said, as_of=AS_OF)
    added = {"birth_date": born(int(row["AGE"])), "onset_datetime": began(row)}
    now = PartialDate(AS_OF.isoformat(), AS_OF, AS_OF, "minute")
    stretches = {name: (Entry(value, now, dated=False),) for name, value in added.items()}
    return Case("a row", AS_OF, MappingProxyType({**case.entries, **stretches}))


def born(age: int) -> PartialDate:
    first, last = (
        PartialDate.parse(f"{2026 - age - less}-11-{day}") for less, day in ((1, 21), (0, 20))
    )
    return PartialDate("some day of a year", first.first, last.last, "minute")


def began(row: Row) -> PartialDate:
    hours = float(row["RDELAY"])
    longest = hours + (24.5 if row["RSLEEP"] == "Y" else 0.5)
    first, last = (AS_OF - timedelta(hours=ago) for ago in (longest, hours - 0.5))
    return PartialDate("some hours ago", first, last, "minute")


def test_every_verdict_is_that_of_the_row_as_a_case(results: Path) -> None:
    rows = rows_of_the_table()
    assert len(rows) == 19_435
    chosen = [*range(1, 41), *range(41, len(rows), 173)]
    assert {rows[n - 1]["RCONSC"] + rows[n - 1]["RSLEEP"] for n in chosen} >= {
        "FN",
        "FY",
        "DY",
        "UN",
    }
    _, found = ask(results, "FROM 'ist1-acute/verdicts.parquet' WHERE person_id IN $1", chosen)
    verdicts = {(person, protocol): verdict for person, protocol, verdict in found}
    for person in chosen:
        case = case_of(rows[person - 1])
        unlike = [
            one.id for one in TRIALS if verdicts[person, one.id] != match_trial(one, case).word
        ]
        assert unlike == [], person


def test_any_other_day_gives_the_same_counts(results: Path, tmp_path: Path) -> None:
    protocols = [one for one in population_protocols() if one.id in SHOWN]
    day = datetime(1996, 2, 29, tzinfo=UTC)
    found = screen_population(FlatTable(FOLDER / "mapping.yaml"), protocols, day, tmp_path / "out")
    for one in found.protocols:
        _, rows = ask(results, RULES, one.protocol)
        assert [
            (r.rule, r.met, r.not_met, r.unknown, r.only_failed, r.left, r.met_so_far)
            for r in one.rules
        ] == rows


def test_whose_data_it_is_stands_beside_it() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    said = (
        "Contains information from the International Stroke Trial database (version 2), made "
        "available under the ODC Attribution License."
    )
    assert said in readme
    title = FlatTable(FOLDER / "mapping.yaml").read.title
    assert said.rstrip(".").removeprefix("C") in title
    assert said in PAGE
    assert "10.7488/ds/104" in readme
    assert "10.7488/ds/104" in (ROOT / "LICENSE-DATA").read_text(encoding="utf-8")
    assert "ODC Attribution License (ODC-By)" in (FOLDER / "LICENSE-ODC-BY.txt").read_text()


def test_the_trials_of_the_page_are_those_of_the_first_week() -> None:
    assert len(TRIALS) == len(re.findall(r"^\| (?:NCT|STROKECENTER)\S+ \| ", PAGE, re.MULTILINE))
    assert {trial(name).id for name in SHOWN} <= {one.id for one in TRIALS}
    acute = {one.id for one in population_protocols(Stage.ACUTE)}
    at_stage = {one.id for one in programmes() if Stage.ACUTE in one.stage}
    assert acute == {one.id for one in TRIALS} | at_stage
    assert at_stage
