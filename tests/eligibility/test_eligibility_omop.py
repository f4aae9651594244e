"""An OMOP database read by queries, against a plain reading of its rows, person by person."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from saisei.base.errors import CaseError
from saisei.base.units import convert, units_for
from saisei.cases import Case, case_from_data, fields
from saisei.cases.codes import Code, codes
from saisei.eligibility.population.omop import OmopFolder
from saisei.eligibility.population.screen import screen_population
from saisei.eligibility.population.simulate import simulate_omop
from saisei.therapies import match_trial, trials
from saisei.therapies.protocols import population_protocols

DAY = date(2026, 11, 20)
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
PEOPLE = 150
SAME_STROKE = timedelta(days=30)
WORDS = {"RXNORM": "RxNorm"}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospital")
    simulate_omop(PEOPLE, 7, folder, DAY)
    return folder


def rows_of(folder: Path, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


Records = dict[str, list[tuple[date, Any]]]
Strokes = list[tuple[date, str]]
TABLES = (
    ("condition_occurrence", "condition_concept_id", "condition_start_date"),
    ("procedure_occurrence", "procedure_concept_id", "procedure_date"),
)


def plain_cases(folder: Path) -> dict[int, Case]:
    """Read the tables row by row, and write down what they say as case files would.

    People of whom two unlike numbers stand on one day are left out: no case file may say so.
    """
    dead = {r["person_id"] for r in rows_of(folder, "death") if r["death_date"] <= DAY}
    living = [r for r in rows_of(folder, "person") if r["person_id"] not in dead]
    records: dict[int, Records] = defaultdict(lambda: defaultdict(list))
    strokes: dict[int, Strokes] = defaultdict(list)
    add_numbers(folder, records)
    add_events(folder, records, strokes)
    return {
        person: case_of(born(row), records[person], strokes[person])
        for row in living
        if not contested(records[person := row["person_id"]])
    }


def known_codes(folder: Path) -> tuple[dict[int, Code], dict[int, tuple[str, str]]]:
    concepts = {
        row["concept_id"]: (row["vocabulary_id"], row["concept_code"])
        for row in rows_of(folder, "concept")
    }
    known = {(WORDS.get(one.system, one.system), one.code): one for one in codes()}
    return {at: known[named] for at, named in concepts.items() if named in known}, concepts


def add_numbers(folder: Path, records: dict[int, Records]) -> None:
    known, concepts = known_codes(folder)
    for row in rows_of(folder, "measurement"):
        code, unit = known.get(row["measurement_concept_id"]), row["unit_concept_id"]
        if code is not None and row["measurement_date"] <= DAY:
            for name, value in numbers(code, row["value_as_number"], concepts.get(unit)):
                records[row["person_id"]][name].append((row["measurement_date"], value))


def add_events(folder: Path, records: dict[int, Records], strokes: dict[int, Strokes]) -> None:
    known, _ = known_codes(folder)
    for table, what, when in TABLES:
        for row in rows_of(folder, table):
            code, day = known.get(row[what]), row[when]
            if code is None or day > DAY:
                continue
            if code.event and table == "condition_occurrence":
                strokes[row["person_id"]].append((day, code.event))
            for fill in code.fills if code.when != "active" else ():
                if fill.way == "onset":
                    records[row["person_id"]][fill.field].append((day, day.isoformat()))
                elif fill.way == "member":
                    records[row["person_id"]][MEMBERS + fill.field].append((day, fill.value))
                elif fill.way == "value" and isinstance(fill.value, bool):
                    records[row["person_id"]][fill.field].append((day, fill.value))


MEMBERS = "members of "


def contested(records: Records) -> bool:
    return any(
        len(set(found)) > len({day for day, _ in found})
        for name, found in records.items()
        if not name.startswith(MEMBERS)
    )


def born(row: dict[str, Any]) -> dict[str, Any]:
    parts = [f"{row['year_of_birth']:04d}"]
    if row["month_of_birth"] is not None:
        parts.append(f"{row['month_of_birth']:02d}")
        if row["day_of_birth"] is not None:
            parts.append(f"{row['day_of_birth']:02d}")
    return {
        "as_of": AS_OF.isoformat(),
        "birth_date": "-".join(parts),
        "sex": {8507: "male", 8532: "female"}[row["gender_concept_id"]],
    }


def numbers(code: Code, value: float, unit: tuple[str, str] | None) -> list[tuple[str, float]]:
    found = []
    for fill in code.fills:
        field = fields()[fill.field]
        if field.unit in ("{score}", "{INR}") and unit is None:
            unit = ("UCUM", field.unit)  # a number of no unit needs none
        if fill.way != "number" or unit is None or unit[0] != "UCUM" or field.unit is None:
            continue
        if unit[1] in units_for(field.unit, field.id) and field.range is not None:
            number = value * convert(1.0, unit[1], field.unit, field.id)
            if field.range.low <= number <= field.range.high:
                found.append((field.id, number))
    return found


SINCE = {f.field for one in codes() if one.when == "since-the-stroke" for f in one.fills}


def case_of(said: dict[str, Any], records: Records, strokes: Strokes) -> Case:
    groups: list[list[tuple[date, str]]] = []
    for day, kind in sorted(strokes):
        if groups and day - groups[-1][-1][0] <= SAME_STROKE:
            groups[-1].append((day, kind))
        else:
            groups.append([(day, kind)])
    began = groups[-1][0][0] if groups else date.max
    for name, found in records.items():
        if name.startswith(MEMBERS):
            known = sorted({one for _, one in found})
            said[name.removeprefix(MEMBERS)] = {"value": known, "open": True}
            continue
        counts = {one for one in found if name not in SINCE or one[0] >= began}
        said[name] = [{"value": value, "date": day.isoformat()} for day, value in counts]
    if groups:
        first = began.isoformat()
        said["onset_datetime"] = {"value": first, "date": first}
        kinds = {kind for _, kind in groups[-1]} - {"any"}
        if len(kinds) == 1:
            said["stroke_type"] = {"value": kinds.pop(), "date": first}
    if len(groups) > 1:
        before = groups[-2][0][0].isoformat()
        said["date_previous_stroke"] = {"value": before, "date": before}
    return case_from_data({name: value for name, value in said.items() if value != []})


def test_every_verdict_is_that_of_a_plain_reading(hospital: Path, tmp_path: Path) -> None:
    cases = plain_cases(hospital)
    source = OmopFolder(hospital)
    result = screen_population(source, population_protocols(), AS_OF, tmp_path)
    assert result.people == PEOPLE - source.read.dead
    assert source.read.dead > 0
    assert len(cases) > PEOPLE / 2
    found = {
        (row["person_id"], row["protocol"]): row["verdict"]
        for row in pq.read_table(tmp_path / "verdicts.parquet").to_pylist()
    }
    unlike = [
        (person, trial.id, found[person, trial.id], match_trial(trial, case).word)
        for person, case in cases.items()
        for trial in trials()
        if found[person, trial.id] != match_trial(trial, case).word
    ]
    assert unlike == []
    assert {word for _, word in found.items()} >= {"undecided", "does-not-match"}


def test_the_same_seed_gives_the_same_tables(hospital: Path, tmp_path: Path) -> None:
    simulate_omop(PEOPLE, 7, tmp_path, DAY)
    for table in ("person", "measurement", "condition_occurrence", "death"):
        one, other = (sorted(map(repr, rows_of(f, table))) for f in (hospital, tmp_path))
        assert one == other


def test_a_database_file_gives_the_same_as_its_folder(hospital: Path, tmp_path: Path) -> None:
    file = tmp_path / "hospital.duckdb"
    with duckdb.connect(str(file)) as connection:
        for path in hospital.glob("*.parquet"):
            connection.from_parquet(str(path)).create(path.stem)
    protocols = population_protocols()[:6]
    one = screen_population(OmopFolder(hospital), protocols, AS_OF, tmp_path / "folder")
    other = screen_population(OmopFolder(file), protocols, AS_OF, tmp_path / "file")
    assert one.protocols == other.protocols


@pytest.mark.parametrize("table", ["person", "concept", "measurement"])
def test_a_missing_table_is_named_and_nothing_is_left(
    hospital: Path, tmp_path: Path, table: str
) -> None:
    partial = tmp_path / "partial"
    partial.mkdir()
    for path in hospital.glob("*.parquet"):
        if path.stem != table:
            (partial / path.name).symlink_to(path)
    with pytest.raises(CaseError, match=f"no table `{table}`"):
        screen_population(OmopFolder(partial), population_protocols(), AS_OF, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_column_is_named(hospital: Path, tmp_path: Path) -> None:
    for path in hospital.glob("*.parquet"):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "measurement.parquet").unlink()
    rows = pq.read_table(hospital / "measurement.parquet").drop_columns(["unit_concept_id"])
    pq.write_table(rows, tmp_path / "measurement.parquet")
    with pytest.raises(CaseError, match="`unit_concept_id`"):
        screen_population(OmopFolder(tmp_path), population_protocols(), AS_OF, tmp_path / "out")


def test_what_is_not_read_is_counted_by_reason(tmp_path: Path) -> None:
    """One row for each reason, and one that counts."""
    concepts = [
        (1, "LOINC", "2160-0", "creatinine"),
        (2, "UCUM", "mg/dL", "milligrams"),
        (3, "UCUM", "m", "metres"),
        (4, "None", "x", "a local test"),
        (5, "LOINC", "29463-7", "weight, which nobody asks for here"),
    ]
    rows = [
        (1, DAY, 1.2, 2, None),  # read
        (1, DAY, 1.2, 2, 4172703),  # read: the operator says that it is equal
        (1, DAY, 1.2, 2, 4171756),  # less than that
        (1, DAY, 1.2, 3, None),
        (1, DAY, 4000.0, 2, None),
        (1, DAY, None, 2, None),
        (1, DAY + timedelta(days=1), 1.2, 2, None),
        (4, DAY, 5.0, 2, None),
        (4, DAY, 6.0, 2, None),
        *[(5, DAY, 80.0, 2, None)] * 3,
    ]
    measured = ("measurement_concept_id", "measurement_date", "value_as_number", "unit_concept_id")
    write(
        tmp_path,
        "concept",
        ("concept_id", "vocabulary_id", "concept_code", "concept_name"),
        concepts,
    )
    write(tmp_path, "person", ("gender_concept_id", "year_of_birth"), [(8507, 1950)])
    write(tmp_path, "measurement", (*measured, "operator_concept_id"), rows)
    for table, what in (("condition", "start_date"), ("procedure", "date")):
        day = [(0, DAY)]
        write(tmp_path, f"{table}_occurrence", (f"{table}_concept_id", f"{table}_{what}"), day)
    source = OmopFolder(tmp_path)
    with duckdb.connect() as connection:
        source.load(connection, {"serum_creatinine_mg_dl": 30.0}, AS_OF)
        found = connection.execute("SELECT low FROM events").fetchall()
    assert found == [(1.2,), (1.2,)]
    assert {reason: n for (_, reason), n in source.read.left_out.items()} == {
        "bound": 1,
        "unit": 1,
        "range": 1,
        "no-value": 1,
        "future": 1,
    }
    assert source.read.unmapped["measurement"] == 2
    most = source.read.most_unmapped[0]
    assert (most.concept, most.name, most.rows) == (4, "a local test", 2)


def write(folder: Path, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Write a table of the person 1."""
    named = [{"person_id": 1, **dict(zip(columns, row, strict=True))} for row in rows]
    pq.write_table(pa.Table.from_pylist(named), folder / f"{table}.parquet")


@pytest.mark.parametrize(
    ("unit", "text", "read"),
    [
        (0, "U/L", True),
        (None, "U/L", True),
        (0, None, False),
        (0, "U/dL", False),
        (2, "U/L", False),
    ],
)
def test_a_unit_without_a_concept_may_stand_as_a_text(
    tmp_path: Path, unit: int | None, text: str | None, *, read: bool
) -> None:
    concepts = [(1, "LOINC", "1742-6"), (2, "UCUM", "mg/dL")]
    write(tmp_path, "concept", ("concept_id", "vocabulary_id", "concept_code"), concepts)
    write(tmp_path, "person", ("gender_concept_id", "year_of_birth"), [(8507, 1950)])
    columns = (
        "measurement_concept_id",
        "measurement_date",
        "value_as_number",
        "unit_concept_id",
        "unit_source_value",
    )
    write(tmp_path, "measurement", columns, [(1, DAY, 30.0, unit, text)])
    for table, what in (("condition", "start_date"), ("procedure", "date")):
        day = [(0, DAY)]
        write(tmp_path, f"{table}_occurrence", (f"{table}_concept_id", f"{table}_{what}"), day)
    with duckdb.connect() as connection:
        OmopFolder(tmp_path).load(connection, {"alt_u_l": 30.0}, AS_OF)
        assert bool(connection.execute("SELECT * FROM events").fetchall()) is read
