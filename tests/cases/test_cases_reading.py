"""Reading files: YAML and JSON, the moment that counts, the empty case, checking."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from saisei.base.dates import parse_as_of
from saisei.base.documents import parse_document
from saisei.cases import (
    Case,
    Field,
    case_from_data,
    case_template,
    check_case,
    fields,
    read_case,
)
from saisei.scales import scale
from saisei.scales.scoring import scoring_items

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def written(folder: Path, text: str, name: str = "case.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    data = {
        "birth_date": "1964-05-14",
        "fma_ue": [{"value": 28, "date": "2026-11-05", "source": "clinic"}],
        "nihss_items": {"1a": 0, "2": 1},
        "malignancies": [{"kind": "blood", "last_active": "2011"}],
    }
    as_json = read_case(written(tmp_path, json.dumps(data), "case.json"), as_of=AS_OF)
    as_yaml = read_case(
        written(
            tmp_path,
            "birth_date: 1964-05-14\n"
            "fma_ue:\n- {value: 28, date: 2026-11-05, source: clinic}\n"
            "nihss_items: {1a: 0, 2: 1}\n"
            "malignancies: [{kind: blood, last_active: 2011}]\n",
        ),
        as_of=AS_OF,
    )
    assert as_json.entries == as_yaml.entries == case_from_data(data, as_of=AS_OF).entries
    assert as_yaml.name == "case"


@pytest.mark.parametrize(
    ("own", "given", "otherwise", "counts"),
    [
        ("2026-01-01", "2026-11-20", "2025-01-01", "2026-11-20"),
        ("2026-01-01", None, "2025-01-01", "2026-01-01"),
        (None, None, "2025-01-01", "2025-01-01"),
        (None, "2026-11-20", None, "2026-11-20"),
    ],
)
def test_which_moment_counts(
    own: str | None, given: str | None, otherwise: str | None, counts: str
) -> None:
    data = {"as_of": own, "sex": "male"}
    found = case_from_data(
        data,
        as_of=parse_as_of(given) if given else None,
        otherwise=parse_as_of(otherwise) if otherwise else None,
    )
    assert found.as_of == parse_as_of(counts)


def test_a_moment_without_a_zone_is_read_as_utc() -> None:
    found = case_from_data({}, as_of=AS_OF.replace(tzinfo=None))
    assert found.as_of.isoformat() == "2026-11-20T09:00:00+00:00"


def test_a_date_without_a_zone_is_in_the_zone_of_the_report() -> None:
    found = case_from_data({"onset_datetime": "2026-11-19T13:00"}, as_of=AS_OF)
    assert found.answer("hours_since_stroke").value == 20


def test_the_empty_case_reads_as_a_case_of_nothing() -> None:
    found = case_from_data(parse_document(case_template().encode(), "c.yaml"), as_of=AS_OF)
    assert found.entries == {}


def test_the_empty_case_has_every_field_that_can_be_typed_once() -> None:
    named = re.findall(r"^(\w+):", case_template(), flags=re.MULTILINE)
    typed = [field.id for field in fields().values() if not field.derived]
    assert sorted(named) == sorted([*typed, "as_of"])
    for field in fields().values():
        words = " ".join(re.sub(r"^# *", "", line) for line in case_template().splitlines())
        assert field.derived or field.question["en"] in words


def test_the_empty_case_keeps_to_its_width() -> None:
    assert max(len(line) for line in case_template().splitlines()) <= 100


def test_the_empty_case_filled_in_is_a_case() -> None:
    filled = re.sub(r"^(\w+):$", _filled, case_template(), flags=re.MULTILINE)
    filled = re.sub(r"^( {4}\w+:)( +)# ", r"\1 0\2# ", filled, flags=re.MULTILINE)
    filled = filled.replace("  date:", "  date: 2026-11-19")
    found = case_from_data(parse_document(filled.encode(), "c.yaml"))
    assert set(found.entries) == {f.id for f in fields().values() if not f.derived}
    assert found.as_of == parse_as_of("2026-11-20")
    assert found.answer("barthel_total").value == 0


def _filled(match: re.Match[str]) -> str:
    name = match.group(1)
    if name == "as_of":
        return "as_of: 2026-11-20"
    field = fields()[name]
    return match.group(0) if field.type == "items" else f"{name}: {_value(field)}"


def _value(field: Field) -> str:
    """Give a value of the field that contradicts nothing: all quiet, nothing happened."""
    quiet = {
        "condition": "ischemic-stroke",
        "stroke_type": "ischemic",
        "onset_datetime": "2024-09-18",
        "birth_date": "1964-05-14",
        "conscious_level": "alert",
        "planned_treatment_datetime": "2026-12-01",
        "date_brain_injury": "2010",
        "datetime_thrombolysis_end": "never",
        "sex": "female",
        "uln": "{alt_u_l: 40}",
    }
    if field.id in quiet:
        return quiet[field.id]
    if field.never:
        return "never"
    if field.type == "number":
        assert field.range is not None
        return f"{max(field.range.low, 0):g}"
    return {"boolean": "false", "list": "[]"}.get(field.type) or field.values[0]


def test_checking_an_impossible_case_gives_its_errors(tmp_path: Path) -> None:
    (problem,) = check_case(written(tmp_path, "mrs_current: 9"), as_of=AS_OF)
    assert (problem.code, problem.severity) == ("out-of-range", "error")
    (problem,) = check_case(tmp_path / "not-there.yaml", as_of=AS_OF)
    assert problem.code == "unreadable"


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("hemoglobin_g_dl: 13", "undated", "hemoglobin_g_dl"),
        ("seizure_history: never", "undated", "seizure_history"),
        ("hemoglobin_g_dl: {value: 13, date: 2020-01-01}", "stale", "hemoglobin_g_dl"),
        ("nihss_items: {value: {1a: 0}, date: 2026-11-19}", "incomplete-items", "nihss_items"),
        ("sex:", "no-values", ""),
    ],
)
def test_checking_warns_of_what_will_not_count(
    tmp_path: Path, text: str, code: str, field: str
) -> None:
    (problem,) = check_case(written(tmp_path, text), as_of=AS_OF)
    assert (problem.code, problem.field, problem.severity) == (code, field, "warning")
    assert problem.place is not None
    assert problem.place.line == 1


@pytest.mark.parametrize("text", ["seizure_history: true", "birth_date: 1964", "lesion_depth: []"])
def test_checking_says_nothing_of_what_does_not_expire(tmp_path: Path, text: str) -> None:
    assert check_case(written(tmp_path, text), as_of=AS_OF) == ()


def example(number: str) -> Case:
    (path,) = [path for path in EXAMPLES if path.name.startswith(f"{number}-")]
    return read_case(path, as_of=AS_OF)


def test_there_are_thirteen_examples() -> None:
    assert [path.stem.split("-")[0] for path in EXAMPLES] == [
        "01",
        "02",
        "02b",
        *(f"{number:02}" for number in range(3, 13)),
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_reads_and_says_who_it_is(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert first.endswith("Synthetic.")
    assert [p for p in check_case(path, as_of=AS_OF) if p.severity == "error"] == []
    found = read_case(path, as_of=AS_OF)
    assert found.name == path.stem
    assert not [name for name in found.entries if found.answer(name).state == "stale"]


@pytest.mark.parametrize(
    ("number", "field", "value"),
    [
        ("01", "age_years", 62),
        ("01", "nihss_total", 6),
        ("01", "barthel_total", 75),
        ("01", "fma_motor_total", 50),
        ("01", "nihss_motor_arm", 2),
        ("01", "seizure_history", False),
        ("01", "antithrombotics", {"apixaban"}),
        ("01", "brunnstrom_stage", None),
        ("01", "dti_rainbow_percent", None),
        ("01", "malignancy_history", None),
        ("02", "hours_since_stroke", 20),
        ("02", "in_hospital", True),
        ("02b", "in_hospital", None),
        ("02b", "thrombectomy_done", True),
        ("03", "days_since_stroke", 21),
        ("03", "fma_ue", 30),
        ("03", "nihss_total", 6),
        ("04", "condition", "intracerebral-haemorrhage"),
        ("05", "condition", "tbi"),
        ("05", "fma_motor_total", 60),
        ("06", "condition", "none"),
        ("06", "ldl_mmol_l", 4.2),
        ("07", "condition", None),
        ("07", "age_years", None),
        ("08", "aphasia", "global"),
        ("08", "consent_capacity_self", False),
        ("09", "pregnant_or_breastfeeding", True),
        ("10", "age_years", 11),
        ("11", "nihss_total", 2),
        ("11", "nihss_best_language", 2),
        ("12", "warning_signs", {"breathlessness", "swollen-leg"}),
        ("12", "prior_cell_therapy", True),
    ],
)
def test_the_examples_say_what_they_should(number: str, field: str, value: object) -> None:
    assert example(number).answer(field).value == value


def test_the_third_example_has_a_course() -> None:
    course = example("03").series("fma_ue")
    assert [(e.value, e.date.text) for e in course] == [(18.0, "2026-11-04"), (30.0, "2026-11-19")]


def test_items_of_the_examples_are_whole() -> None:
    for number in ("01", "11"):
        (entry,) = example(number).series("nihss_items")
        assert isinstance(entry.value, Mapping)
        assert list(entry.value) == [item.id for item in scoring_items(scale("nihss"))]


GUIDE = (ROOT / "docs" / "case-file.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", GUIDE, flags=re.DOTALL))
def test_every_case_in_the_guide_reads(block: str) -> None:
    found = case_from_data(parse_document(block.encode(), "guide.yaml"), as_of=AS_OF)
    assert found.entries


def test_the_guide_names_only_fields_that_there_are() -> None:
    named = set(re.findall(r"`([a-z]+_[a-z_0-9]+)(?::[^`]*)?`", GUIDE)) - {"as_of"}
    assert len(named) >= 4
    assert named <= set(fields())
