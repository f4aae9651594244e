"""What single rows of an OMOP database say: one person, a few rows, and what is read of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from saisei.cases import fields, item_points
from saisei.cases.codes import codes, of_codes
from saisei.eligibility.columns import EVERY_BIT, OTHER_BIT
from saisei.eligibility.population.events import field_codes
from saisei.eligibility.population.omop import OmopFolder
from saisei.eligibility.population.omop.model import TABLES, of_omop
from saisei.eligibility.population.pairs import entry_field
from saisei.eligibility.population.read import Read

TODAY = date(2026, 11, 20)
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
VOCABULARIES = {"RXNORM": "RxNorm"}
NEEDED = dict.fromkeys(
    (name for name, one in fields().items() if not one.derived or entry_field(one)), 1e6
)


def all_concepts() -> dict[tuple[str, str], int]:
    """Number everything that may be named."""
    named = [(VOCABULARIES.get(one.system, one.system), one.code) for one in codes()]
    results: Mapping[str, list[str]] = of_codes("results")
    for several in results.values():
        named += [(one.split()[0], one.split()[1]) for one in several]
    answers: Mapping[str, Mapping[str, Any]] = of_codes("answers")
    for points in answers.values():
        named += [("LOINC", answer) for answer in points]
    named += [("UCUM", unit) for unit in ("mg/dL", "{score}", "mmol/L", "U/L")]
    return {one: place for place, one in enumerate(dict.fromkeys(named), start=1000)}


CONCEPTS = all_concepts()
INPATIENT = of_omop("inpatient")[0]


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


Row = Mapping[str, Any]
Rows = Mapping[str, list[Row]]


Below = Mapping[int, tuple[str, str]]


def write(folder: Path, people: Sequence[Rows], below: Below | None = None) -> None:
    """Write the tables of some people; a row has the names under which columns are read."""
    concept = [
        {"concept": number, "vocabulary": vocabulary, "code": code}
        for (vocabulary, code), number in CONCEPTS.items()
    ]
    person = [{"person": i, "gender": 8532, "year": 1950} for i in range(len(people))]
    given: dict[str, list[dict[str, Any]]] = {"concept": concept, "person": person}
    if below:
        given["concept_ancestor"] = [
            {"concept": number(top), "descendant": under} for under, top in below.items()
        ]
    for name, table in TABLES.items():
        found = [
            {"person": i} | dict(row) for i, one in enumerate(people) for row in one.get(name, [])
        ]
        rows = given.get(name, found)
        if rows or table.must:
            columns = {
                part.column: pa.array([number(row.get(short)) for row in rows], ARROW[part.kind])
                for short, part in table.parts.items()
            }
            pq.write_table(pa.table(columns), folder / f"{name}.parquet")


ARROW = {"id": pa.int64(), "date": pa.date32(), "number": pa.float64(), "text": pa.string()}


def number(value: Any) -> Any:
    return CONCEPTS[value] if isinstance(value, tuple) else value


Said = dict[str, list[Any]]


def read(
    folder: Path, people: Sequence[Rows], below: Below | None = None
) -> tuple[list[Said], Read]:
    """Read the tables: the values of each field of each person, oldest first; and the counts."""
    write(folder, people, below)
    source = OmopFolder(folder)
    names = list(field_codes())
    with duckdb.connect() as connection:
        source.load(connection, NEEDED, AS_OF)
        rows = connection.execute(
            "SELECT person, field, low, high FROM events ORDER BY person, field, last, low, high"
        ).fetchall()
    found: list[Said] = [{} for _ in people]
    for person, field, low, high in rows:
        if names[field] not in ("sex", "birth_date"):
            value = low if low == high else (low, high)
            found[person].setdefault(names[field], []).append(value)
    return found, source.read


def row(code: tuple[str, str] | int, day: date, **more: Any) -> Row:
    return {"concept": code, "day": day, **more}


CANCER, LIVER_FAILURE = ("SNOMED", "363358000"), ("SNOMED", "59927004")
MYCOPHENOLATE = ("RxNorm", "68149")
STROKE, THROMBOLYSIS = ("SNOMED", "422504002"), ("SNOMED", "472191000119101")
RANKIN = ("LOINC", "75859-9")
PREGNANCY_TEST, PREGNANCY = ("LOINC", "2118-8"), ("LOINC", "82810-3")
POSITIVE, NEGATIVE = ("SNOMED", "10828004"), ("LOINC", "LA6577-6")
ITEMS = {
    fill.value: ("LOINC", one.code) for one in codes() for fill in one.fills if fill.way == "item"
}


def ill(start: date, end: date | None, *stay: date) -> Rows:
    """Liver failure, perhaps during a stay in hospital."""
    visits = [row(INPATIENT, stay[0], ended=stay[1])] if stay else []
    sick = row(LIVER_FAILURE, start, ended=end)
    return {"condition_occurrence": [sick], "visit_occurrence": visits}


def visit(kind: int, start: date, end: date) -> Rows:
    """A stroke four days ago, and a visit."""
    stays = [row(kind, start, ended=end)]
    return {"condition_occurrence": [row(STROKE, ago(4))], "visit_occurrence": stays}


def medicine(start: date, end: date | None) -> Rows:
    return {"drug_exposure": [row(MYCOPHENOLATE, start, ended=end)]}


def rankin(days_after: int, table: str = "measurement") -> Rows:
    """A Rankin score so many days after a stroke."""
    score = row(RANKIN, ago(100 - days_after), value=3.0)
    return {table: [score], "condition_occurrence": [row(STROKE, ago(100))]}


def answered(code: tuple[str, str], answer: tuple[str, str] | None, table: str) -> Rows:
    return {table: [row(code, ago(3), answer=answer)]}


def items(*others: Row, **points: float) -> Rows:
    """All items of the NIH stroke scale on one day: no points but those given."""
    given = dict.fromkeys(ITEMS, 0.0) | {name.strip("i"): worth for name, worth in points.items()}
    rows = [row(ITEMS[item], ago(2), value=worth) for item, worth in given.items()]
    replaced = {other["concept"] for other in others if other.get("instead")}
    return {"measurement": [*(one for one in rows if one["concept"] not in replaced), *others]}


def coded(item: str, answer: str) -> Row:
    return row(ITEMS[item], ago(2), answer=("LOINC", answer), instead=True)


def thrombolysis(days_after: int) -> Rows:
    day = ago(50 - days_after)
    done = row(THROMBOLYSIS, day, ended=day)
    return {"condition_occurrence": [row(STROKE, ago(50))], "procedure_occurrence": [done]}


HIV, HEPATITIS_B = ("LOINC", "56888-1"), ("LOINC", "5196-1")
WARFARIN, HIV_INFECTION = ("RxNorm", "11289"), ("SNOMED", "86406008")
EVERY, OTHER = float(EVERY_BIT), float(1 << OTHER_BIT)
PLACES = {name: 1 << i for i, name in enumerate(fields()["infection_serology_positive"].values)}


def blood(*results: tuple[tuple[str, str], tuple[str, str], int]) -> Rows:
    """Tests, each with its answer and its age in days."""
    return {"measurement": [row(code, ago(days), answer=said) for code, said, days in results]}


def all_tested(*positive: str) -> Rows:
    """A test of each infection."""
    codes_of = {
        fill.value: ("LOINC", one.code)
        for one in codes()
        for fill in one.fills
        if fill.way == "member" and one.on == "Observation"
    }
    assert set(codes_of) == set(PLACES)
    tests = [
        (code, POSITIVE if name in positive else NEGATIVE, 1) for name, code in codes_of.items()
    ]
    return blood(*tests)


TIMES = "ast_alt_x_uln"
SEROLOGY = "infection_serology_positive"
ALT, AST, UNITS = ("LOINC", "1742-6"), ("LOINC", "1920-8"), ("UCUM", "U/L")


def limits(*rows: tuple[tuple[str, str], int, float | None]) -> Rows:
    """Measurements of the liver, each with its age in days and the limit beside it."""
    return {
        "measurement": [
            row(code, ago(days), value=30.0, unit=UNITS, limit=limit) for code, days, limit in rows
        ]
    }


NIHSS = ("LOINC", "72089-6")


def scores(*rows: tuple[int, float], stroke: int = 400) -> Rows:
    """Totals of the NIH stroke scale, each with its age in days."""
    return {
        "measurement": [row(NIHSS, ago(days), value=value) for days, value in rows],
        "condition_occurrence": [row(STROKE, ago(stroke))],
    }


def scores_of_a_day() -> Rows:
    """Two unlike totals of one day, three days after another."""
    return scores((4, 9.0), (1, 5.0), (1, 4.0))


IN_3, TO_DAY_7 = "nihss_change_per_3_days", "nihss_improvement_admission_to_day7"
NONE_BELOW, NONE_ABOVE = -math.inf, math.inf
LIVER, DRUG = "hepatic_dysfunction", "immunosuppressive_therapy"
SEEN: list[tuple[str, Rows, str, list[Any] | None]] = [
    ("a diagnosis that ends later is active", ill(ago(300), ago(-30)), LIVER, [1.0]),
    ("one that has ended is not known to be", ill(ago(300), ago(30)), LIVER, None),
    ("one without an end says nothing", ill(ago(300), None), LIVER, None),
    ("one that ends today may be over", ill(ago(5), TODAY), LIVER, None),
    ("but not in a stay that goes on", ill(ago(5), TODAY, ago(5), ago(-3)), LIVER, [1.0]),
    ("a new one of such a stay", ill(TODAY, None, ago(5), ago(-3)), LIVER, [1.0]),
    ("a new one of a stay that may be over", ill(TODAY, None, ago(5), TODAY), LIVER, None),
    ("one that begins tomorrow", ill(ago(-1), ago(-30)), LIVER, None),
    ("a medicine until later is in use", medicine(ago(20), ago(-10)), DRUG, [1.0]),
    ("until today", medicine(ago(20), TODAY), DRUG, [1.0]),
    ("on its only day", medicine(TODAY, TODAY), DRUG, [1.0]),
    ("until yesterday", medicine(ago(20), ago(1)), DRUG, None),
    ("from tomorrow", medicine(ago(-1), ago(-9)), DRUG, None),
    ("without an end", medicine(ago(20), None), DRUG, None),
    ("a stay since the stroke", visit(INPATIENT, ago(4), ago(-3)), "in_hospital", [1.0]),
    ("since after it", visit(INPATIENT, ago(3), ago(-3)), "in_hospital", [1.0]),
    ("since before it", visit(INPATIENT, ago(5), ago(-3)), "in_hospital", None),
    ("a stay that may be over", visit(INPATIENT, ago(3), TODAY), "in_hospital", None),
    ("a visit as an outpatient", visit(9202, ago(3), ago(-3)), "in_hospital", None),
    ("a Rankin score of before", rankin(-1), "mrs_prestroke", [3.0]),
    ("is not one of now", rankin(-1), "mrs_current", None),
    ("one of the day itself", rankin(0), "mrs_prestroke", None),
    ("is neither", rankin(0), "mrs_current", None),
    ("nor one of six days later", rankin(6), "mrs_current", None),
    ("one of a week later", rankin(7), "mrs_current", [3.0]),
    ("as an observation", rankin(90, "observation"), "mrs_current", [3.0]),
    ("is not one of before", rankin(90), "mrs_prestroke", None),
    (
        "a test of pregnancy speaks by its result",
        answered(PREGNANCY_TEST, POSITIVE, "measurement"),
        "pregnancy_test_negative",
        [0.0],
    ),
    (
        "a negative one too",
        answered(PREGNANCY_TEST, NEGATIVE, "observation"),
        "pregnancy_test_negative",
        [1.0],
    ),
    (
        "another answer says nothing",
        answered(PREGNANCY_TEST, ("LOINC", "LA18436-8"), "measurement"),
        "pregnancy_test_negative",
        None,
    ),
    (
        "a status says only yes",
        answered(PREGNANCY, POSITIVE, "observation"),
        "pregnant_or_breastfeeding",
        [1.0],
    ),
    (
        "and never no",
        answered(PREGNANCY, NEGATIVE, "observation"),
        "pregnant_or_breastfeeding",
        None,
    ),
    ("items come to a total", items(i4=2.0, i5b=3.0), "nihss_total", [5.0]),
    ("one of them is a field", items(i9=2.0), "nihss_best_language", [2.0]),
    ("an impossible one leaves no total", items(i4=9.0), "nihss_total", None),
    ("two unlike ones", items(row(ITEMS["9"], ago(2), value=2.0)), "nihss_total", None),
    ("leave the item open", items(row(ITEMS["9"], ago(2), value=2.0)), "nihss_best_language", None),
    ("two alike ones do not", items(row(ITEMS["9"], ago(2), value=0.0)), "nihss_total", [0.0]),
    ("an answer by its code", items(coded("1a", "LA18438-4")), "nihss_total", [2.0]),
    ("gives its item", items(coded("1a", "LA18438-4")), "nihss_1a", [2.0]),
    ("one that cannot be examined", items(coded("7", "LA18461-6")), "nihss_total", [0.0]),
    ("an answer to another question", items(coded("9", "LA18438-4")), "nihss_total", None),
    (
        "a medicine of a list leaves the list open",
        {"drug_exposure": [row(WARFARIN, ago(9), ended=ago(-9))]},
        "antithrombotics",
        [(OTHER, EVERY)],
    ),
    (
        "one that is over is none",
        {"drug_exposure": [row(WARFARIN, ago(9), ended=ago(1))]},
        "antithrombotics",
        None,
    ),
    ("a positive test too", blood((HIV, POSITIVE, 9)), SEROLOGY, [(PLACES["HIV"], EVERY)]),
    (
        "a negative test closes one place",
        blood((HEPATITIS_B, NEGATIVE, 9)),
        SEROLOGY,
        [(0.0, EVERY - PLACES["HBV"])],
    ),
    (
        "both",
        blood((HIV, POSITIVE, 9), (HEPATITIS_B, NEGATIVE, 9)),
        SEROLOGY,
        [(PLACES["HIV"], EVERY - PLACES["HBV"])],
    ),
    ("a negative test of long ago", blood((HEPATITIS_B, NEGATIVE, 5_000)), SEROLOGY, None),
    (
        "what was found stays found",
        blood((HIV, POSITIVE, 90), (HIV, NEGATIVE, 9)),
        SEROLOGY,
        [(PLACES["HIV"], EVERY)],
    ),
    (
        "a diagnosis says it as well",
        {"condition_occurrence": [row(HIV_INFECTION, ago(900))]},
        SEROLOGY,
        [(PLACES["HIV"], EVERY)],
    ),
    ("all places settled", all_tested("HCV"), SEROLOGY, [PLACES["HCV"]]),
    ("all of them negative", all_tested(), SEROLOGY, [0.0]),
    ("limits of a day", limits((AST, 3, 40.0), (ALT, 3, 50.0)), TIMES, [(40.0, 50.0)]),
    ("only one of them", limits((AST, 3, None), (ALT, 3, 50.0)), TIMES, [(NONE_BELOW, 50.0)]),
    ("two unlike ones of a day", limits((AST, 3, 40.0), (AST, 3, 45.0)), TIMES, None),
    (
        "one of some days before counts still",
        limits((AST, 9, 40.0), (ALT, 3, 50.0)),
        TIMES,
        [(40.0, NONE_ABOVE), (40.0, 50.0)],
    ),
    (
        "one of long before does not",
        limits((AST, 90, 40.0), (ALT, 3, 50.0)),
        TIMES,
        [(40.0, NONE_ABOVE), (NONE_BELOW, 50.0)],
    ),
    ("a sum of items", items(i5a=1.0, i6b=2.0, i9=3.0), "nihss_limb_score", [3.0]),
    (
        "one that cannot be examined adds nothing",
        items(coded("5a", "LA18461-6"), i6b=2.0),
        "nihss_limb_score",
        [2.0],
    ),
    ("the arms", items(i5a=1.0, i5b=3.0), "nihss_motor_arm", [(1.0, 3.0)]),
    (
        "the arms, one of them not examined",
        items(coded("5a", "LA18461-6")),
        "nihss_motor_arm",
        [(NONE_BELOW, NONE_ABOVE)],
    ),
    ("a fall in three days", scores((4, 9.0), (1, 5.0)), IN_3, [4.0]),
    (
        "the largest does not count, but the last",
        scores((7, 15.0), (4, 9.0), (1, 5.0)),
        IN_3,
        [4.0],
    ),
    ("not in four", scores((5, 9.0), (1, 5.0)), IN_3, None),
    ("not before another score", scores((5, 9.0), (2, 5.0), (1, 4.0)), IN_3, None),
    ("two unlike scores", scores_of_a_day(), IN_3, [(NONE_BELOW, NONE_ABOVE)]),
    (
        "from the first day to the seventh",
        scores((20, 12.0), (19, 11.0), (14, 6.0), (13, 5.0), stroke=20),
        TO_DAY_7,
        [7.0],
    ),
    ("not from the second", scores((18, 12.0), (13, 5.0), stroke=20), TO_DAY_7, None),
    ("thrombolysis of the day before", thrombolysis(-1), "thrombolysis_done", None),
    ("of the day of the stroke", thrombolysis(0), "thrombolysis_done", [1.0]),
    ("of the day after", thrombolysis(1), "thrombolysis_done", [1.0]),
]
"""What it is, the rows, the field, and its values."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Said], Read]:
    return read(tmp_path_factory.mktemp("rows"), [rows for _, rows, _, _ in SEEN])


@pytest.mark.parametrize("place", range(len(SEEN)), ids=[what for what, *_ in SEEN])
def test_what_the_rows_of_one_person_say(told: tuple[list[Said], Read], place: int) -> None:
    _, _, field, values = SEEN[place]
    assert told[0][place].get(field) == values


def test_what_is_left_out_is_counted(told: tuple[list[Said], Read]) -> None:
    left = {reason: n for (_, reason), n in told[1].left_out.items()}
    assert left == {"rankin": 3, "no-value": 1, "which-stroke": 1, "future": 1}


def test_every_item_has_a_code() -> None:
    assert set(item_points(fields()["nihss_items"])) == set(ITEMS)


def test_what_counts_for_ever_and_what_only_while_active(tmp_path: Path) -> None:
    over = row(CANCER, ago(900), ended=ago(100))
    active = row(CANCER, ago(900), ended=ago(-100))
    found, _ = read(tmp_path, [{"condition_occurrence": [one]} for one in (over, active)])
    assert found[0] == {"malignancy_history": [1.0]}
    assert set(found[1]) == {"malignancy_history", "active_malignancy_except_skin_bcc_scc"}


def test_the_end_of_a_thrombolysis_is_its_last_day(tmp_path: Path) -> None:
    (found,), _ = read(tmp_path, [thrombolysis(1)])
    ((low, high),) = found["datetime_thrombolysis_end"]
    assert datetime.fromtimestamp(low, UTC).date() == ago(49)
    assert high - low == 86_399


TOPS = {1: STROKE, 2: ("RxNorm", "1191"), 3: ("SNOMED", "90708001"), 4: ("SNOMED", "93143009")}
"""Concepts below others: a stroke, aspirin; kidney disease, which only counts itself; leukaemia."""


def test_what_lies_below_a_code_is_read_like_it_where_that_is_safe(tmp_path: Path) -> None:
    until_later = {"ended": ago(-9)}
    people: list[Rows] = [
        {"condition_occurrence": [row(1, ago(30))]},
        {"drug_exposure": [row(2, ago(30), **until_later)]},
        {"condition_occurrence": [row(3, ago(30), **until_later)]},
        {"condition_occurrence": [row(4, ago(30), **until_later)]},
    ]
    found, counts = read(tmp_path, people, TOPS)
    stroke, aspirin, kidney, leukaemia = found
    assert set(stroke) == {"onset_datetime", "stroke_type"}
    assert aspirin == {"antithrombotics": [(OTHER, EVERY)]}
    assert kidney == {}
    assert leukaemia == {"malignancy_history": [1.0]}
    assert counts.unmapped == {"condition_occurrence": 1}


def test_without_the_table_only_the_very_codes_are_read(tmp_path: Path) -> None:
    found, _ = read(tmp_path, [{"condition_occurrence": [row(1, ago(30))]}])
    assert found == [{}]


def test_what_is_read_with_all_below_it_has_a_code() -> None:
    below: Mapping[str, list[str]] = of_omop("below")
    known = {(one.system, one.code) for one in codes()}
    assert {(system, code) for system, several in below.items() for code in several} <= known
