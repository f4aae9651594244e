"""A flat table read by queries, against a plain reading of its rows, cell by cell."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saisei.base.dates import PartialDate
from saisei.base.documents import parse_document
from saisei.base.errors import CaseError
from saisei.cases import Case, case_from_data, fields
from saisei.eligibility.population.events import Event, code_of, events_of_case, seconds
from saisei.eligibility.population.flat import FlatTable
from saisei.eligibility.population.flat.reading import read_mapping

AS_OF = datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=9)))
"""A table has no zones: its clock is that of the moment."""
STRANGE = object()
"""What a plain reader gives for a cell that it makes nothing of."""
EVERYTHING = dict.fromkeys(fields(), 1e9)

Row = dict[str, str]


def load(mapping: Path, as_of: datetime = AS_OF) -> tuple[FlatTable, list[int], list[Event]]:
    """Read a source; give it, its people and its records."""
    source = FlatTable(mapping)
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        source.load(connection, EVERYTHING, as_of)
        people = connection.execute("SELECT person FROM people ORDER BY 1").fetchall()
        found = connection.execute("SELECT * FROM events").fetchall()
        left = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert {name for (name,) in left} == {"people", "events"}
    return source, [int(person) for (person,) in people], sorted(Event(*row) for row in found)


def write(folder: Path, mapping: str, table: str = "a\n1\n", name: str = "t.csv") -> Path:
    (folder / name).write_bytes(
        gzip.compress(table.encode()) if name.endswith(".gz") else table.encode()
    )
    path = folder / "mapping.yaml"
    path.write_text(f"table: {name}\n{mapping}", encoding="utf-8")
    return path


@dataclass(frozen=True)
class Way:
    """One field of the random table: how the mapping says it, what stands there, what it means."""

    field: str
    mapping: str
    cells: Mapping[str, Sequence[str]]
    plain: Callable[[Row], Any]


def words(column: str, known: dict[str, Any]) -> Callable[[Row], Any]:
    return lambda row: known.get(row[column], STRANGE) if row[column] else None


def number(column: str, factor: float, decimal: str = ".") -> Callable[[Row], Any]:
    def read(row: Row) -> Any:
        if not row[column]:
            return None
        try:
            assert "." not in row[column] or decimal == "."
            return float(row[column].replace(decimal, ".")) * factor
        except (ValueError, AssertionError):
            return STRANGE

    return read


def german(row: Row) -> Any:
    if not row["stroke day"]:
        return None
    try:
        return datetime.strptime(row["stroke day"], "%d.%m.%Y").date().isoformat()  # noqa: DTZ007 - a day
    except ValueError:
        return STRANGE


def parts(row: Row) -> Any:
    year, month, day = row["y"], row["m"], row["d"]
    if not year:
        return STRANGE if month or day else None
    texts = [f"{int(year):04d}", *(f"{int(one):02d}" for one in (month, month and day) if one)]
    return "-".join(texts)


def by_two(row: Row) -> Any:
    """A value in the first column counts; else that of the second, in rows of the ward only."""
    if row["gcs_now"]:
        return number("gcs_now", 1.0)(row)
    return number("gcs_old", 1.0)(row) if row["ward"] == "in" else None


def members(names: Sequence[str], *, whole: bool) -> Callable[[Row], Any]:
    """Give a list whole where all its values are known, else open; a strange word is none."""

    def read(row: Row) -> Any:
        told = {name: words(name, {"+": True, "-": False, "?": None})(row) for name in names}
        if {None, STRANGE}.issuperset(told.values()):
            return STRANGE if STRANGE in told.values() else None
        held = [name for name, found in told.items() if found is True]
        if whole and {True, False}.issuperset(told.values()):
            return held
        return {
            "value": held,
            "open": True,
            "without": [name for name, found in told.items() if found is False],
        }

    return read


SEROLOGY = fields()["infection_serology_positive"].values
MEMBER = "{0}: {{column: {0}, words: {{+: true, '-': false, '?': unknown}}}}"

OPEN = "{value: [CT], open: true, without: [PET]}"


def of_columns(names: Sequence[str]) -> str:
    return f"{{members: {{{', '.join(map(MEMBER.format, names))}}}}}"


WAYS = [
    Way("sex", "{column: Sex, words: {M: male, w: female, d: other, u: unknown}}",
        {"Sex": ["M", "w", "d", "u", "x", "m", ""]},
        words("Sex", {"M": "male", "w": "female", "d": "other", "u": None})),
    Way("seizure_history", "{column: \"it's\", words: {1: true, 0: false, 8: never, 9: unknown}}",
        {"it's": ["1", "0", "8", "9", "7", " 1", ""]},
        lambda row: words("it's", {"1": True, "0": False, "8": "never", "9": None})(
            row | {"it's": row["it's"].strip()})),
    Way("epilepsy", "{column: 'say \"x\"', words: {\"d'accord\": true, '; DROP': false}}",
        {'say "x"': ["d'accord", "; DROP", "d''accord", ""]},
        words('say "x"', {"d'accord": True, "; DROP": False})),
    Way("mrs_current", "{column: rankin, unknown: [9, '-']}",
        {"rankin": ["0", "3", "5", "6", "7", "2,5", "9", "-", "3,0", "x", "1e0", "0x1", "inf", ""]},
        lambda row: None if row["rankin"] in ("9", "-") else number("rankin", 1.0, ",")(row)),
    Way("fasting_glucose", "{column: gl, unit: mg/dL, factor: 10}",
        {"gl": ["9", "10,5", "0", "-4", "12,75", "1.000", "9999", ""]},
        number("gl", 10.0, ",")),
    Way("body_weight_kg", "{column: kg, unit: kg, dated: {column: weighed}}",
        {"kg": ["70", "82,25", "500", ""],
         "weighed": ["2026-11-01", "2026-10", "2025", "2026-11-20T08:15", "2027", "soon", ""]},
        number("kg", 1.0, ",")),
    Way("date_last_seizure", "{column: fit, date: iso}",
        {"fit": ["2024", "2024-02", "2024-02-29", "2023-02-29", "2026-11-20 09:30", "1830",
                 "2026-11-20T12:00:01", "2026-12", "24-02-01", "2024-2-1", ""]},
        words("fit", {one: one for one in ("2024", "2024-02", "2024-02-29", "2026-11-20 09:30")})),
    Way("onset_datetime", "{column: stroke day, date: '%d.%m.%Y'}",
        {"stroke day": ["01.11.2026", "31.11.2026", "20.11.2026", "21.11.2026", "2026-11-01", ""]},
        german),
    Way("date_other_trial_end", "{date: {year: y, month: m, day: d}}",
        {"y": ["2020", "2019", ""], "m": ["2", "11", ""], "d": ["1", "28", ""]}, parts),
    Way("gcs_total", "[{column: gcs_now}, {column: gcs_old, only_where: {ward: [in]}}]",
        {"gcs_now": ["15", "3", ""], "gcs_old": ["14", "8", ""], "ward": ["in", "out", ""]},
        by_two),
    Way("infection_serology_positive", of_columns(SEROLOGY),
        {name: ["+", "-", "-", "-", "?", ""] for name in SEROLOGY} | {
            SEROLOGY[0]: ["+", "-", "-", "maybe"]}, members(SEROLOGY, whole=True)),
    Way("can_undergo_imaging", of_columns(["CT", "MRI"]),
        {name: ["+", "-", "?", "", "!"] for name in ("CT", "MRI")},
        members(["CT", "MRI"], whole=False)),
    Way("contraindicated_imaging", f"{{column: scans, words: {{no: [], mr: [MRI], ct: {OPEN}}}}}",
        {"scans": ["no", "mr", "ct", "all", ""]},
        words("scans", {"no": [], "mr": ["MRI"], "ct": parse_document(OPEN.encode(), "").data})),
    Way("in_hospital", "{constant: true, only_where: {ward: [in]}}", {},
        lambda row: True if row["ward"] == "in" else None),
]  # fmt: skip


def drawn(random: Random, rows: int) -> list[Row]:
    cells = {name: options for way in WAYS for name, options in way.cells.items()}
    return [{name: random.choice(options) for name, options in cells.items()} for _ in range(rows)]


def said(way: Way, row: Row) -> Any:
    """Give what a case would hold of a row, or that nothing can be made of it."""
    value = way.plain(row)
    if value is None or value is STRANGE:
        return value
    entry = value if isinstance(value, dict) else {"value": value}
    if way.field == "body_weight_kg":
        entry["date"] = row["weighed"] or "no day"
    if way.field == "fasting_glucose":
        entry["unit"] = "mg/dL"
    try:
        return case_from_data({way.field: entry}, as_of=AS_OF)
    except CaseError:
        return STRANGE


def is_partly_strange(way: Way, row: Row) -> bool:
    """Whether one of the columns of a list has a word that nobody knows."""
    return "members" in way.mapping and bool({row[name] for name in way.cells} & {"maybe", "!"})


def as_csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


HEAD = "separator: ';'\ndecimal: ','\nfields:\n"
MAPPING = HEAD + "".join(f"  {way.field}: {way.mapping}\n" for way in WAYS)


@pytest.mark.parametrize("seed", range(3))
def test_every_cell_means_what_it_means_in_a_case(tmp_path: Path, seed: int) -> None:
    """Values that a case refuses are left out here, and counted."""
    rows = drawn(Random(seed), 300)  # noqa: S311 - what is tried, not a secret
    source, people, found = load(write(tmp_path, MAPPING, as_csv(rows)))
    events: list[Event] = []
    strange: Counter[tuple[str, str]] = Counter()
    for person, row in enumerate(rows, 1):
        for way in WAYS:
            case = said(way, row)
            if case is STRANGE or is_partly_strange(way, row):
                strange[way.field, "no-value"] += 1
            if isinstance(case, Case):
                events += events_of_case(person, case)
    assert people == list(range(1, 301))
    assert found == sorted(events)
    assert source.read.left_out == strange
    assert {code_of(way.field) for way in WAYS} == {event.field for event in found}
    assert len(strange) >= 8


ANYTHING = st.text(
    st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=9
)
NUMBERS = st.one_of(st.integers(), st.floats(), st.dates(), st.datetimes()).map(str)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(ANYTHING, NUMBERS), min_size=40, max_size=40), st.integers(0, 9))
def test_whatever_stands_in_a_table_is_read_or_counted(
    tmp_path: Path, cells: list[str], seed: int
) -> None:
    """Nothing raises, and no record is out of the range of its field."""
    random = Random(seed)  # noqa: S311 - what is tried, not a secret
    columns = [name for way in WAYS for name in way.cells]
    rows = [{name: random.choice(cells) for name in columns} for _ in range(20)]
    source, people, found = load(write(tmp_path, MAPPING, as_csv(rows)))
    assert len(people) == 20
    assert set(source.read.left_out) <= {(way.field, "no-value") for way in WAYS}
    names = list(fields())
    for event in found:
        limits = fields()[names[event.field]].range
        assert limits is None or limits.low <= event.low <= event.high <= limits.high
        assert event.first <= min(event.last, seconds(AS_OF))


@pytest.mark.parametrize(
    "as_of",
    ["2026-11-20T12:00", "2028-02-29T00:00", "2027-02-28T23:59", "2027-03-01", "2027-01-01"],
)
def test_an_age_is_every_birth_date_that_gives_it(tmp_path: Path, as_of: str) -> None:
    moment = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    ages = range(126)
    table = "age\n" + "".join(f"{age}\n" for age in ages) + "69.7\n-1\n131\nold\n"
    mapping = "fields:\n  birth_date: {column: age, age_in: a}\n"
    source, _, found = load(write(tmp_path, mapping, table), moment)
    assert source.read.left_out == {("birth_date", "no-value"): 3}
    assert len(found) == len(ages) + 1
    assert found[-1][3:] == found[69][3:]
    for age, event in zip(ages, found, strict=False):
        first, last = (datetime.fromtimestamp(end, UTC) for end in event[4:])
        assert (first.hour, last.hour, last.second) == (0, 23, 59)
        days = [first.date() - timedelta(1), first.date(), last.date(), last.date() + timedelta(1)]
        assert [age_on(day, moment) for day in days] == [age + 1, age, age, age - 1]


def age_on(born: date, moment: datetime) -> float:
    found = PartialDate.parse(born.isoformat()).years_before(moment)
    assert found.exact
    return found.low


@pytest.mark.parametrize(
    ("way", "cell", "hours"),
    [
        ("ago_in: h", "17", (17, 17)),
        ("ago_in: h, off_by: 0.5", "17", (17.5, 16.5)),
        ("ago_in: h, off_by: {less: 1, more: 24}", "0.25", (24.25, 0)),
        ("ago_in: d, off_by: {more: 1}", "2", (72, 48)),
        ("ago_in: min", "90", (1.5, 1.5)),
        ("ago_in: wk", "3", (504, 504)),
    ],
)
def test_how_long_ago(tmp_path: Path, way: str, cell: str, hours: tuple[float, float]) -> None:
    mapping = f"fields:\n  onset_datetime: {{column: x, {way}}}\n"
    _, _, (event,) = load(write(tmp_path, mapping, f"x\n{cell}\n"))
    low, high = (seconds(AS_OF) - 3600 * many for many in hours)
    assert event == Event(1, code_of("onset_datetime"), seconds(AS_OF), seconds(AS_OF), low, high)


def test_what_lies_before_the_moment_of_a_row(tmp_path: Path) -> None:
    """Ages and times ago count from the day that the row was written."""
    mapping = (
        "moment: {column: seen}\nfields:\n  birth_date: {column: age, age_in: a}\n"
        "  onset_datetime: {column: h, ago_in: h}\n"
    )
    table = "seen,age,h\n2020-03-01,50,24\n2027-01-01,50,24\n,50,24\n"
    source, people, found = load(write(tmp_path, mapping, table))
    born, onset = sorted(found, key=lambda event: event.low)
    day = PartialDate.parse("2020-03-01")
    assert people == [1, 2, 3]
    assert (born.first, born.last) == (seconds(day.first), seconds(day.last))
    assert age_on(datetime.fromtimestamp(born.high, UTC).date(), day.first) == 50
    assert (onset.low, onset.high) == (born.first - 86_400, born.last - 86_400)
    assert source.read.left_out == {
        ("birth_date", "no-value"): 2,
        ("onset_datetime", "no-value"): 2,
    }


TYPED = {
    "sex": pa.array(["M", "F", None, " M "]),
    "mrs": pa.array([3.0, None, 2.0, float("nan")]),
    "fits": pa.array([True, False, None, True]),
    "born": pa.array([date(1950, 2, 28), None, date(1960, 12, 31), date(1970, 1, 1)]),
    "seen": pa.array([datetime(2026, 11, 20, 8, 30), datetime(2026, 1, 1), None, None]),  # noqa: DTZ001 - no zone
    "id": pa.array([40, 30, 20, 10]),
}
TYPED_MAPPING = (
    "person: id\nunknown: [NA]\nfields:\n  sex: {column: sex, words: {M: male, F: female}}\n"
    "  mrs_current: {column: mrs, words: {3: 3, 2: 2}}\n"
    "  seizure_history: {column: fits, words: {true: true, false: false}}\n"
    "  birth_date: {column: born, date: iso}\n  onset_datetime: {column: seen, date: iso}\n"
)


def test_parquet_and_csv_say_the_same(tmp_path: Path) -> None:
    table = pa.table(TYPED)
    pq.write_table(table, tmp_path / "t.parquet")
    mapping = tmp_path / "m.yaml"
    mapping.write_text(f"table: t.parquet\n{TYPED_MAPPING}", encoding="utf-8")
    _, people, found = load(mapping)
    assert people == [10, 20, 30, 40]
    assert len(found) == 3 + 2 + 3 + 3 + 2
    rows = [
        "sex,mrs,fits,born,seen,id",
        "M,3,true,1950-02-28,2026-11-20 08:30:00,40",
        "F,NA,false,,2026-01-01 00:00:00,30",
        ",2,,1960-12-31,,20",
        '" M ",,true,1970-01-01,NA,10',
    ]
    for name in ("t.csv", "t.csv.gz"):
        text = "\ufeff" + "\r\n".join(rows) + "\r\n"
        assert load(write(tmp_path, TYPED_MAPPING, text, name))[1:] == (people, found)


def test_rows_that_do_not_count_are_left_out_and_counted(tmp_path: Path) -> None:
    mapping = (
        "only_where: {state: [alive, moved]}\nfields:\n"
        "  sex: {column: sex, words: {M: male, F: female}}\n"
    )
    table = "state,sex\nalive,M\ndead,F\nmoved,?\n,M\n"
    source, people, found = load(write(tmp_path, mapping, table))
    assert (people, len(found)) == ([1, 3], 1)
    assert source.read.rows == {"t.csv": 4}
    assert source.read.people == 2
    assert source.read.left_out == {("t.csv", "only-where"): 2, ("sex", "no-value"): 1}


def test_only_the_fields_that_are_asked_for_are_read(tmp_path: Path) -> None:
    mapping = write(
        tmp_path, "fields: {sex: {column: a, words: {1: male}}, coma: {constant: no}}\n"
    )
    with duckdb.connect() as connection:
        FlatTable(mapping).load(connection, {"coma": 1.0}, AS_OF)
        rows = connection.execute("SELECT DISTINCT field FROM events").fetchall()
    assert rows == [(code_of("coma"),)]


def test_the_digest_tells_states_apart(tmp_path: Path) -> None:
    mapping = write(tmp_path, "fields: {sex: {column: a, words: {1: male}}}\n")
    before = FlatTable(mapping).digest
    assert FlatTable(mapping).digest == before
    mapping.write_text(mapping.read_text() + "# a word more\n", encoding="utf-8")
    other = FlatTable(mapping).digest
    (tmp_path / "t.csv").write_text("a\n1\n2\n", encoding="utf-8")
    assert len({before, other, FlatTable(mapping).digest}) == 3


SEX = "fields: {sex: {column: a, words: {1: male}}}\n"
MISTAKES = {
    "fields: {age_years: {column: a}}": "computed, never typed in",
    "fields: {sexe: {column: a}}": "Did you mean `sex`",
    "fields: {sex: {column: a, words: {1: mal}}}": "Did you mean `male`",
    "fields: {sex: {column: a}}": "expected `words`",
    "fields: {onset_datetime: {column: a, unit: h}}": "expected `date`, `ago_in` or `age_in`",
    "fields: {sex: {words: {1: male}}}": "no column is named",
    "fields: {sex: {column: a, wrds: {1: male}}}": "Did you mean `words`",
    "fields: {systolic_bp_mmhg: {column: a}}": "no unit",
    "fields: {systolic_bp_mmhg: {column: a, unit: kg}}": "a unit that does not convert",
    "fields: {mrs_current: {column: a, unit: kg}}": "a unit that does not convert",
    "fields: {systolic_bp_mmhg: {column: a, unit: 'mm[Hg]', factor: -1}}":
        "fields.systolic_bp_mmhg.factor",
    "fields: {sex: {column: a, age_in: a}}": "under birth_date",
    "fields: {birth_date: {column: a, age_in: mo}}": "completed years",
    "fields: {sex: {column: a, ago_in: h}}": "a way to fill a field of type enum",
    "fields: {onset_datetime: {column: a, ago_in: mo}}": "one of min, h, d, wk",
    "fields: {onset_datetime: {column: a, ago_in: h, off_by: {mor: 1}}}": "Did you mean `more`",
    "fields: {onset_datetime: {column: a, date: '%d.%m.%y'}}": "a form of dates",
    "fields: {onset_datetime: {column: a, date: '%Y%'}}": "a form of dates",
    "fields: {onset_datetime: {date: {month: a}}}": "the columns of the year",
    "fields: {onset_datetime: {constant: 2027-01-01}}": "after the moment",
    "fields: {sex: {constant: unknown}}": "a constant that says nothing",
    "fields: {nihss_items: {column: a}}": "items of a scale",
    "fields: {allergy: {members: {latex: {column: a, words: {1: true}}}}}": "members",
    "fields: {has_brain_imaging: {members: {PET: {column: a, words: {1: true}}}}}": "CT, MRI",
    "fields: {has_brain_imaging: {members: {CT: {column: a, words: {1: CT}}}}}": "true, false",
    "fields: {has_brain_imaging: {constant: {value: [CT], open: 1}}}": "cannot be open",
    "fields: {sex: {column: a, words: {1: {value: male, date: 2024}}}}": "named values",
    "fields: {sex: {column: a, words: {1: male}, only_where: {a: {b: c}}}}": "a list of words",
    "fields: {}": "nothing to read",
    "feilds: {sex: {column: a}}": "Did you mean `fields`",
    "separator: ';;'\n" + SEX: "one of",
    "decimal: ';'\n" + SEX: "one of",
    "moment: {column: a, words: {}}\n" + SEX: "one of column, date",
    "person: b\n" + SEX: "the table has no column `b`",
    "fields: {sex: {column: A, words: {1: male}}}": "Check the first line",
    "fields: {sex: {column: sx, words: {1: male}}}": "no column `sx`",
}  # fmt: skip


@pytest.mark.parametrize("mapping", MISTAKES)
def test_a_mistake_in_a_mapping_is_told_with_its_place(tmp_path: Path, mapping: str) -> None:
    path = write(tmp_path, mapping + "\n")
    line = 2 + mapping.count("\n") * (
        not mapping.startswith(("moment", "separator", "decimal", "person"))
    )
    with pytest.raises(CaseError) as caught:
        load(path)
    assert MISTAKES[mapping] in str(caught.value)
    assert f"mapping.yaml:{line}:" in str(caught.value)


def test_all_mistakes_are_told_together(tmp_path: Path) -> None:
    mapping = "fields:\n  sex: {column: a, words: {1: men, 2: woman}}\n  kg: {column: a}\n"
    with pytest.raises(CaseError) as caught:
        load(write(tmp_path, mapping))
    assert [problem.field for problem in caught.value.problems] == [
        "fields.sex.words.1",
        "fields.sex.words.2",
        "fields.kg",
    ]
    assert [p.place.line for p in caught.value.problems if p.place] == [3, 3, 4]


TRUNCATED = gzip.compress(("a\n" + "1\n" * 50_000).encode())[:-20]
TABLES = {
    "ragged": ("t.csv", b"a,b\n1,2\nsecret,2,3\n", "t.csv:3"),
    "other encoding": ("t.csv", "a\nsecr\u00e9t\n".encode("latin-1"), "UTF-8"),
    "other encoding of the names": ("t.csv", "a,\u00e9\nsecret,1\n".encode("latin-1"), "UTF-8"),
    "broken off": ("t.csv.gz", TRUNCATED, "complete"),
    "not compressed": ("t.csv.gz", b"a\nsecret\n", "complete"),
    "no Parquet": ("t.parquet", b"a\nsecret\n", "a Parquet file"),
    "two columns": ("t.csv", b"a,a\nsecret,1\n", "two columns `a`"),
    "empty": ("t.csv", b"", "no column `a`"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_broken_table_ends_with_one_message(tmp_path: Path, name: str) -> None:
    """No message repeats what stands in a row."""
    file, content, expected = TABLES[name]
    path = write(tmp_path, SEX, "", file)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(CaseError) as caught:
        load(path)
    assert expected in str(caught.value)
    assert "secr" not in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("id,a\n1,1\nsecret,1\n,1\n", "2 rows have no whole number"),
        ("id,a\n1,1\n2,1\n1,1\n2,1\n3,1\n", "2 people have more than one row"),
    ],
)
def test_people_can_be_told_apart(tmp_path: Path, table: str, expected: str) -> None:
    with pytest.raises(CaseError, match=expected) as caught:
        load(write(tmp_path, "person: id\n" + SEX, table))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("table", ["", "table: other.csv\n", "table: t.xlsx\n", "table: [t.csv]\n"])
def test_the_table_must_be_there(tmp_path: Path, table: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(f"{table}{SEX}", encoding="utf-8")
    with pytest.raises(CaseError, match="beside this one"):
        load(path)


def test_nobody_is_a_population_too(tmp_path: Path) -> None:
    source, people, found = load(write(tmp_path, SEX, "a\n"))
    assert (people, found, source.read.people) == ([], [], 0)


ROOT = Path(__file__).resolve().parents[2]


def test_the_mappings_of_the_page_are_mappings() -> None:
    page = (ROOT / "docs" / "flat-tables.md").read_text(encoding="utf-8")
    whole, part = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    mapped = read_mapping(parse_document(whole.encode(), "page"), AS_OF)
    assert len(mapped.fields) == 6
    several = read_mapping(parse_document(f"fields:\n{part}".encode(), "page"), AS_OF)
    assert len(several.fields["onset_datetime"]) == 2
