"""The planted truth: what both engines say of made-up people is what was decided beforehand."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from saisei.base.dates import PartialDate
from saisei.base.errors import OptionError
from saisei.base.units import convert
from saisei.cases import Case, Entry, EntryValue, Field, fields
from saisei.cases.entries import in_order
from saisei.eligibility import evaluate, parse
from saisei.eligibility.columns import OTHER_BIT, sources_read
from saisei.eligibility.population.events import field_codes
from saisei.eligibility.population.needed import longest_days
from saisei.eligibility.population.omop import OmopFolder
from saisei.eligibility.population.planted import (
    label_planted,
    planted_criteria,
    reasons,
    score_guess,
    situations,
)
from saisei.eligibility.population.planted.tables import Planting
from saisei.eligibility.population.simulate import simulate_omop

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmark-unknown.md"
PLAIN_SQL = ROOT / "examples" / "benchmark-unknown" / "absence-is-no.sql"
DAY = date(2026, 11, 20)
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
PEOPLE, FEW = 10_000, 1_000


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public benchmark: `saisei population simulate --people 10000 --seed 1`."""
    folder = tmp_path_factory.mktemp("bench") / "bench"
    simulate_omop(PEOPLE, 1, folder, DAY, PEOPLE)
    return folder


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smaller one, to look at row by row."""
    folder = tmp_path_factory.mktemp("few") / "few"
    simulate_omop(FEW, 2, folder, DAY, FEW)
    return folder


@pytest.fixture(scope="module")
def ours(bench: Path) -> Path:
    guess = bench.parent / "ours.parquet"
    label_planted(bench, guess)
    return guess


def read_plainly(hospital: Path, guess: Path) -> None:
    """Run the example's two-valued SQL."""
    with duckdb.connect() as connection:
        connection.execute(f"SET VARIABLE hospital = '{hospital}'")
        connection.execute(f"SET VARIABLE day = DATE '{DAY}'")
        connection.execute(PLAIN_SQL.read_text("utf-8"))
        connection.table("guess").write_parquet(str(guess))


@pytest.fixture(scope="module")
def plain(bench: Path) -> Path:
    guess = bench.parent / "plain.parquet"
    read_plainly(bench, guess)
    return guess


def truth_of(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "gold" / "truth.parquet").to_pylist()
    return rows


def test_screening_finds_what_was_planted(bench: Path, ours: Path) -> None:
    score = score_guess(bench, ours)
    assert score.people == PEOPLE
    assert score.whole.right == score.whole.total == PEOPLE * len(planted_criteria())
    assert min(score.whole.of(label, label) for label in ("true", "false", "unknown")) > 50_000
    assert [one.name for one in score.reasons] == list(reasons())


@pytest.mark.parametrize("day", [date(2024, 2, 27), date(2025, 1, 1)])
def test_it_does_so_on_any_day_and_beside_others(tmp_path: Path, day: date) -> None:
    simulate_omop(600, 3, tmp_path / "hospital", day, 400)
    label_planted(tmp_path / "hospital", tmp_path / "guess.parquet")
    score = score_guess(tmp_path / "hospital", tmp_path / "guess.parquet")
    assert score.people == 400
    assert score.whole.right == score.whole.total


def test_the_plain_reading_of_a_case_finds_it_too(few: Path) -> None:
    some = 250
    rules = {one.id: parse(one.when) for one in planted_criteria()}
    cases = cases_of(few, longest_days(sources_read(rules.values())), some)
    rows = [row for row in truth_of(few)[: some * len(rules)] if not contested(row)]
    assert len(rows) > 7_000
    unlike = [
        (row["situation"], row["criterion"])
        for row in rows
        if evaluate(rules[row["criterion"]], cases[row["person_id"]]).truth.name.lower()
        != row["recorded"]
    ]
    assert unlike == []


def contested(row: Mapping[str, Any]) -> bool:
    """Whether two values of one moment are asked for, which no case file may say; windows may."""
    return row["reason"] == "tie" and not row["criterion"].startswith("nihss")


def cases_of(folder: Path, needed: Mapping[str, float], some: int) -> dict[int, Case]:
    """Write the records of the first people down as cases."""
    entries: dict[int, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    names = {code: name for name, code in field_codes().items()}
    with duckdb.connect() as connection:
        OmopFolder(folder).load(connection, needed, AS_OF)
        found = connection.execute(f"FROM events WHERE person <= {some}").fetchall()
    for person, code, first, last, low, high in found:
        wanted = fields()[names[code]]
        entries[person][wanted.id].append(entry(wanted, stretch(first, last), low, high))
    return {
        person: Case("made up", AS_OF, {name: in_order(several) for name, several in held.items()})
        for person, held in entries.items()
    }


def stretch(first: float, last: float) -> PartialDate:
    ends = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=end) for end in (first, last)]
    days = (ends[1] - ends[0]).days
    return PartialDate("", ends[0], ends[1], "day" if days == 0 and first != last else "year")


def entry(wanted: Field, when: PartialDate, low: float, high: float) -> Entry:
    if wanted.type != "list":
        return Entry(value_of(wanted, low, high), when, unit=wanted.unit)
    held, may = int(low), int(high)
    value = [name for place, name in enumerate(wanted.values) if held >> place & 1]
    value += ["another"] if held >> OTHER_BIT & 1 else []
    without = [name for place, name in enumerate(wanted.values) if not may >> place & 1]
    is_open = bool(may >> OTHER_BIT & 1)
    return Entry(tuple(value), when, is_open=is_open, without=tuple(without))


def value_of(wanted: Field, low: float, high: float) -> EntryValue:
    if wanted.type == "boolean":
        return low == 1
    if wanted.type == "enum":
        return wanted.values[int(low)]
    return stretch(low, high) if wanted.type in ("date", "datetime") else low


def test_every_situation_occurs_and_says_what_it_should(few: Path) -> None:
    planted = {f"{one.topic}/{one.id}": one for one in situations()}
    rows = truth_of(few)
    assert {row["situation"] for row in rows} == set(planted)
    for row in rows:
        label = planted[row["situation"]].labels[row["criterion"]]
        assert (row["recorded"], row["reason"]) == (label.recorded, label.reason)
        assert (row["reason"] is None) is (row["recorded"] != "unknown")
        if row["reason"] is None:
            assert row["world"] is (row["recorded"] == "true")


def test_each_person_has_one_label_of_each_criterion(few: Path) -> None:
    pairs = [(row["person_id"], row["criterion"]) for row in truth_of(few)]
    assert len(set(pairs)) == len(pairs) == FEW * len(planted_criteria())


def test_the_worlds_are_possible_ones(few: Path) -> None:
    worlds: dict[int, dict[str, bool]] = defaultdict(dict)
    for row in truth_of(few):
        worlds[row["person_id"]][row["criterion"]] = row["world"]
    for world in worlds.values():
        assert world["age-range"] <= world["adult"]
        assert world["hiv"] <= world["any-infection"]
        assert not (world["pregnant"] and world["pregnancy-test"])
        assert not (world["stroke-fresh"] and world["stroke-window"])


def test_planting_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    simulate_omop(300, 4, tmp_path / "with", DAY, 100)
    simulate_omop(300, 4, tmp_path / "without", DAY)
    assert not (tmp_path / "without" / "gold").exists()
    for table in ("person", "measurement", "condition_occurrence", "procedure_occurrence", "death"):
        one, other = (
            {
                tuple(sorted((name, value) for name, value in row.items() if name not in NUMBERS))
                for row in pq.read_table(tmp_path / kind / f"{table}.parquet").to_pylist()
                if row["person_id"] > 100
            }
            for kind in ("with", "without")
        )
        assert one == other


NUMBERS = ("condition_occurrence_id", "procedure_occurrence_id")


def test_the_same_seed_plants_the_same(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("other", 1), ("another", 2)):
        simulate_omop(50, seed, tmp_path / name, DAY, 50)
    assert truth_of(tmp_path / "one") == truth_of(tmp_path / "other")
    assert truth_of(tmp_path / "one") != truth_of(tmp_path / "another")


def test_what_is_not_written_is_missed(few: Path, tmp_path: Path) -> None:
    """Were rows of another sense, the gold would not be found: without units, much is unknown."""
    hospital = tmp_path / "hospital"
    shutil.copytree(few, hospital)
    measured = pq.read_table(hospital / "measurement.parquet")
    place = measured.column_names.index("unit_concept_id")
    no_units = pa.array([0] * len(measured), pa.int32())
    changed = measured.set_column(place, "unit_concept_id", no_units)
    pq.write_table(changed, hospital / "measurement.parquet")
    label_planted(hospital, tmp_path / "guess.parquet")
    by_name = {one.name: one for one in score_guess(hospital, tmp_path / "guess.parquet").criteria}
    assert by_name["creatinine"].of("true", "unknown") > 200
    assert by_name["creatinine"].of("true", "true") == 0
    assert by_name["diabetes"].right == FEW


def test_a_day_at_the_end_of_a_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="27th"):
        simulate_omop(5, 1, tmp_path / "hospital", date(2026, 2, 28), 5)
    assert not (tmp_path / "hospital").exists()


def test_numbers_in_another_unit_mean_the_same_side() -> None:
    """What the file says in two units by hand lies on the same side of the limit."""
    limits = {"creatinine": 2.0, "glucose": convert(200, "mg/dL", "mmol/L", "fasting_glucose")}
    named = {"creatinine": "serum_creatinine_mg_dl", "glucose": "fasting_glucose"}
    rows = [
        (one.topic, one.labels[one.topic].recorded, row)
        for one in situations()
        if one.topic in limits and one.id in ("met-in-another-unit", "not-met-in-another-unit")
        for row in one.rows
    ]
    assert len(rows) == 4
    for topic, recorded, row in rows:
        field = fields()[named[topic]]
        assert row.value is not None
        for number in row.value[:2]:
            kept = convert(number, row.unit, field.unit or "", field.id)
            over = kept > limits[topic] if topic == "creatinine" else kept < limits[topic]
            assert over is (recorded == "true")


def test_the_stretches_of_the_draws_join() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE MACRO u(a, b) AS 0.5")
        connection.execute("CREATE TABLE people AS SELECT 1 AS person")
        connection.execute("SET VARIABLE today = DATE '2026-11-20'")
        Planting(1, {}, {}, {}, {}).prepare(connection)
        found = connection.execute("SELECT topic, low, high FROM plant_situations").fetchall()
    for one, other in pairwise(found):
        assert (one[2] == other[1]) if one[0] == other[0] else (one[2] == 1 and other[1] == 0)


def test_absence_read_as_no_is_counted(few: Path) -> None:
    """By hand: the same counts from the two files, row by row."""
    guess = few.parent / "plain.parquet"
    read_plainly(few, guess)
    score = score_guess(few, guess)
    said = {
        (row["person_id"], row["criterion"]): row["label"]
        for row in pq.read_table(guess).to_pylist()
    }
    rows = truth_of(few)
    open_rows = [row for row in rows if row["recorded"] == "unknown"]
    no = [row for row in open_rows if said[row["person_id"], row["criterion"]] == "false"]
    assert score.whole.of("unknown", "false") == len(no) > FEW
    assert score.no_but_so == sum(row["world"] for row in no)
    assert score.whole.of("unknown", "unknown") == 0
    assert sum(one.total for one in score.reasons) == len(open_rows)


def shown(number: int) -> str:
    return f"{number:,}"


def test_the_numbers_of_the_page_are_those_of_a_run(bench: Path, ours: Path, plain: Path) -> None:
    page = PAGE.read_text("utf-8")
    one, other = score_guess(bench, plain), score_guess(bench, ours)
    rows: list[tuple[str, Callable[[Any], int]]] = [
        ("right", lambda s: s.whole.right),
        ("said *false* where unknown", lambda s: s.whole.of("unknown", "false")),
        ("of which it is so in the world", lambda s: s.no_but_so),
        ("said *true* where unknown", lambda s: s.whole.of("unknown", "true")),
        ("of which it is not so in the world", lambda s: s.yes_but_not_so),
        (
            "said *unknown* where it is known",
            lambda s: s.whole.of("true", "unknown") + s.whole.of("false", "unknown"),
        ),
        (
            "said the opposite of what is known",
            lambda s: s.whole.of("true", "false") + s.whole.of("false", "true"),
        ),
    ]
    for name, count in rows:
        assert f"| {name} | {shown(count(one))} | {shown(count(other))} |" in page, name
    for reason in one.reasons:
        total = shown(reason.total)
        said = " | ".join(shown(reason.of("unknown", label)) for label in ("false", "true"))
        assert f"| {reason.name} | {reasons()[reason.name]} | {total} | {said} |" in page
    for rule in planted_criteria():
        assert f"| `{rule.id}` | `{rule.when}` | {rule.tests} |" in page


BROKEN: list[tuple[str, Callable[[pa.Table], pa.Table]]] = [
    ("no column `label`", lambda t: t.drop_columns(["label"])),
    ("no whole numbers", lambda t: t.set_column(0, "person_id", t["person_id"].cast(pa.string()))),
    ("1 rows have a label", lambda t: with_last(t, label="no")),
    ("1 rows have a label", lambda t: with_last(t, label=None)),
    ("1 rows name a criterion", lambda t: with_last(t, criterion="height")),
    ("1 rows name a person", lambda t: with_last(t, person_id=10**9)),
    ("1 rows give a second label", lambda t: pa.concat_tables([t, t.slice(0, 1)])),
    ("1 labels are missing", lambda t: t.slice(1)),
]


def with_last(table: pa.Table, **changed: Any) -> pa.Table:
    """Add a row like the last one, but for something."""
    last = table.slice(len(table) - 1).to_pylist()[0] | changed
    return pa.concat_tables([table, pa.Table.from_pylist([last], table.schema)])


@pytest.mark.parametrize("place", range(len(BROKEN)), ids=[found for found, _ in BROKEN])
def test_a_malformed_guess_is_refused(bench: Path, ours: Path, tmp_path: Path, place: int) -> None:
    found, change = BROKEN[place]
    guess = tmp_path / "guess.parquet"
    pq.write_table(change(pq.read_table(ours)), guess)
    with pytest.raises(OptionError, match=found) as told:
        score_guess(bench, guess)
    assert "1000000000" not in str(told.value)


def test_what_is_no_guess_and_what_has_no_gold_is_named(bench: Path, tmp_path: Path) -> None:
    text = tmp_path / "guess.parquet"
    text.write_text("person_id,criterion,label\n", "utf-8")
    with pytest.raises(OptionError, match="no Parquet file"):
        score_guess(bench, text)
    with pytest.raises(OptionError, match="no such file"):
        score_guess(bench, tmp_path / "nothing.parquet")
    with pytest.raises(OptionError, match="gold/truth"):
        score_guess(tmp_path, text)


def names(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(row["criterion"]) for row in rows}


def test_the_labels_are_of_planted_people_only(tmp_path: Path) -> None:
    simulate_omop(30, 2, tmp_path / "hospital", DAY, 10)
    label_planted(tmp_path / "hospital", tmp_path / "guess.parquet")
    rows = pq.read_table(tmp_path / "guess.parquet").to_pylist()
    assert {row["person_id"] for row in rows} == set(range(1, 11))
    assert names(rows) == {one.id for one in planted_criteria()}
