"""The command line as its user meets it: what it prints, what it refuses, and with which code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "examples" / "01-chronic-arm.yaml"
AS_OF = "2026-11-20T09:00+09:00"


def saisei(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, with what it printed."""
    command = [sys.executable, "-m", "saisei", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_a_report_is_written_whole_and_twice_the_same(tmp_path: Path) -> None:
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        done = saisei("report", CASE, "--as-of", AS_OF, "-o", page)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.html", "b.html"]


def test_json_prints_the_decision_with_its_schema() -> None:
    done = saisei("report", CASE, "--as-of", AS_OF, "--json")
    said = json.loads(done.stdout)
    assert said["schema"] == "saisei-decision/1"
    assert said["kind"] == "full"
    assert said["as_of"] == AS_OF.replace("09:00+", "09:00:00+")


BAD_CASES = {
    "empty": (b"", "empty"),
    "not-utf-8": (b"sex: m\xe4le\n", "UTF-8"),
    "truncated": (b"barthel_items: {feeding: 5, bathing", "breaks off"),
    "aliases": (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "alias"),
    "unknown-field": (b"mrs_curent: 3\n", "mrs_current"),
    "nan": (b"fma_ue: .nan\n", "fma_ue"),
    "wrong-unit": (b"ldl_mmol_l: {value: 4.2, unit: furlong}\n", "mg/dL"),
    "impossible-date": (b"birth_date: 1964-02-30\n", "birth_date"),
    "out-of-range": (b"fma_ue: 97\n", "66"),
    "fhir": (b'{"resourceType": "Bundle", "type": "collection"}\n', "FHIR"),
    "a-list": (b"- mrs_current: 3\n", "field"),
    "derived": (b"age_years: 62\n", "birth_date"),
}


@pytest.mark.parametrize(("content", "told"), BAD_CASES.values(), ids=BAD_CASES.keys())
def test_a_bad_case_gets_one_clear_message_and_nothing_is_written(
    tmp_path: Path, content: bytes, told: str
) -> None:
    case, page = tmp_path / "case.yaml", tmp_path / "report.html"
    case.write_bytes(content)
    done = saisei("report", case, "--as-of", AS_OF, "-o", page)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "case.yaml" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["case.yaml"]


def test_no_personal_value_stands_in_a_message(tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text("fma_ue: 97\nbirth_date: 1964-02-30\nsex: Yamada Taro\n")
    done = saisei("report", case, "--as-of", AS_OF)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 3
    for value in ("97", "1964-02-30", "Yamada"):
        assert value not in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("report", "nowhere.yaml"), "nowhere.yaml"),
        (("report", CASE, "--as-of", "yesterday"), "--as-of"),
        (("report", CASE, "--as-of", AS_OF, "-o", "/nowhere/at/all/report.html"), "written"),
        (("evidence", "show", "sanbio-2020"), "sanbio-2020-actissima"),
        (("evidence", "list", "--stage", "chronical"), "chronic"),
        (("therapies", "show", "nr1"), "nr1-intracerebral"),
        (("therapies", "journey", "nr1-intracerebral", "--start", "soon"), "--start"),
        (("therapies", "journey", "nr1-intracerebral", "--calendar", "x.ics"), "--start"),
        (("case", "check", "nowhere.yaml"), "nowhere.yaml"),
        (("report",), "CASE"),
        (("dance",), "dance"),
    ],
)
def test_a_wrong_call_ends_with_code_2(words: tuple[object, ...], told: str) -> None:
    done = saisei(*words)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (ROOT / "x.ics").exists()


def test_a_study_with_an_unknown_arm_is_told_with_file_and_line(tmp_path: Path) -> None:
    source = ROOT / "src/saisei/evidence/studies/sanbio-2020-actissima.yaml"
    text = source.read_text(encoding="utf-8").replace(
        "      sham: {events: 7", "      shame: {events: 7"
    )
    study = tmp_path / "sanbio-2020-actissima.yaml"
    study.write_text(text, encoding="utf-8")
    done = saisei("evidence", "check", study)
    assert done.returncode == 2
    line = text.splitlines().index("      shame: {events: 7, n: 52}") + 1
    assert f"{study}:{line}" in done.stderr
    assert "shame" in done.stderr


def test_screen_names_rules_values_cautions_and_questions() -> None:
    done = saisei("screen", CASE, "--as-of", AS_OF)
    assert done.returncode == 0
    for part in ("NCT06752720", "does not match", "undecided", "mRS now is 3", "Cautions",
                 "never stop", "Questions that would settle"):  # fmt: skip
        assert part.lower() in done.stdout.lower(), part


def test_screen_of_an_emergency_is_the_emergency_words_alone() -> None:
    done = saisei("screen", ROOT / "examples" / "12-already-treated.yaml", "--as-of", AS_OF)
    assert done.returncode == 0
    assert "call the emergency number now" in done.stdout
    assert "NCT" not in done.stdout


def test_template_can_be_read_back(tmp_path: Path) -> None:
    template = saisei("case", "template")
    path = tmp_path / "me.yaml"
    filled = template.stdout.replace("\nbirth_date:", "\nbirth_date: 1964-05-14", 1)
    assert filled != template.stdout
    path.write_text(filled, encoding="utf-8")
    assert saisei("case", "check", path, "--as-of", AS_OF).returncode == 0


def test_lists_and_shows_print(tmp_path: Path) -> None:
    listed = saisei("evidence", "list", "--design", "rct", "--stage", "chronic")
    assert "sanbio-2020-actissima" in listed.stdout
    assert "steinberg-2025-nr1" not in listed.stdout
    shown = saisei("evidence", "show", "sanbio-2020-actissima")
    assert "primary endpoint, missed" in shown.stdout
    assert "huns001-intracerebral-jp" in saisei("therapies", "list").stdout
    calendar = tmp_path / "journey.ics"
    done = saisei("therapies", "journey", "ad-msc-intravenous-asrm", "--start", "2027-01-15",
                  "--calendar", calendar)  # fmt: skip
    assert done.returncode == 0
    assert calendar.read_text(encoding="utf-8").startswith("BEGIN:VCALENDAR")
    assert "quality of the source: low" in done.stdout


def test_every_command_has_help_with_an_example() -> None:
    commands = [("report",), ("screen",), ("pool",), ("network",), ("case", "template"),
                ("case", "check"),
                ("evidence", "check"), ("evidence", "list"), ("evidence", "show"),
                ("evidence", "pool"),
                ("therapies", "list"), ("therapies", "show"), ("therapies", "journey"),
                ("therapies", "check")]  # fmt: skip
    for words in commands:
        done = saisei(*words, "--help")
        assert done.returncode == 0
        assert "Example: saisei" in done.stdout, words


def test_importing_saisei_loads_no_heavy_library() -> None:
    heavy = "matplotlib sqlalchemy fastapi starlette numpy scipy pydantic yaml typer rich jinja2"
    code = f"import sys, saisei; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


BCG = "author,ai,n1i,ci,n2i\nAronson,4,123,11,139\nFerguson,6,306,29,303\nRosenthal,3,231,11,220\n"


def test_a_table_is_pooled_as_the_library_pools_it(tmp_path: Path) -> None:
    from saisei import synthesis as syn  # noqa: PLC0415 - of this test alone

    path = tmp_path / "bcg.csv"
    path.write_text(BCG + "Empty,0,20,0,20\n", encoding="utf-8")
    said = json.loads(saisei("pool", path, "--measure", "RR", "--json").stdout)
    raw = syn.effect(
        "RR", events1=[4, 6, 3], n1=[123, 306, 231], events2=[11, 29, 11], n2=[139, 303, 220]
    )
    assert said["pool"]["estimate"] == syn.pool(raw.y, raw.v).estimate
    assert said["left_out"] == [{"study": "Empty", "reason": "no event in either arm"}]
    shown = saisei("pool", path, "--measure", "RR").stdout
    assert "Ferguson" in shown
    assert "left out: Empty" in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--measure", "XX"), "SMD"),
        (("--measure", "SMD"), "mean1"),
        (("--measure", "RR", "--method", "REMEL"), "REML"),
        (("--measure", "RR", "--test", "w"), "knha"),
        (("--measure", "RR", "--level", "95"), "0.95"),
    ],
)
def test_a_table_pooled_the_wrong_way_is_refused(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "bcg.csv"
    path.write_text(BCG, encoding="utf-8")
    done = saisei("pool", path, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("measure", "table", "told"),
    [
        ("GEN", "study,y,v\nA,0.1,0.2\nB,,\nC,0.3,-1\n", "t.csv:4:7: v is -1"),
        ("GEN", "study,y,v\nA,0.1,0\n", "t.csv:2:7: v is 0"),
        ("GEN", "study,y,v\nA,1e308,1e-308\nB,-1e308,1\n", "t.csv:2:3: y is 1e+308"),
        ("OR", "study,events1,n1,events2,n2\n\nA,12,10,1,10\n", "t.csv:3:3: events1 is 12"),
        ("MD", "study,mean1,sd1,n1,mean2,sd2,n2\nA,1,-1,9,2,1,9\n", "t.csv:2:5: sd1 is -1"),
    ],
)
def test_a_number_that_cannot_be_is_told_by_its_line(
    tmp_path: Path, measure: str, table: str, told: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(table, encoding="utf-8")
    done = saisei("pool", path, "--measure", measure)
    assert done.returncode == 2
    assert told in done.stderr
    assert "expected" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_ratio_beyond_all_numbers_is_shown_as_that(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("events1,n1,events2,n2\n9,10,1,10\n1,99,98,99\n", encoding="utf-8")
    done = saisei("pool", path, "--measure", "OR", "--level", "0.9999")
    assert done.returncode == 0, done.stderr
    assert "to inf" in done.stdout


def test_a_question_to_the_study_files_leaves_nobody_out_in_silence() -> None:
    done = saisei("evidence", "pool", "--outcome", "fma-motor", "--event", "gain_at_least:10",
                  "--condition", "ischemic-stroke", "--stage", "chronic")  # fmt: skip
    assert done.returncode == 0, done.stderr
    for part in ("ACTIsSIMA", "16/111 against 7/52", "higher is better", "PISCES", "left out",
                 "not randomised"):  # fmt: skip
        assert part in done.stdout, part


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--outcome", "mrss"), "mrs"),
        (("--outcome", "mrs", "--event", "at_most"), "at_most:2"),
        (("--outcome", "mrs", "--event", "below:2"), "at_most"),
        (("--outcome", "death", "--kind", "mean"), "events"),
        (("--outcome", "mrs", "--kind", "ordinal", "--stage", "late"), "chronic"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(words: tuple[str, ...], told: str) -> None:
    done = saisei("evidence", "pool", *words)
    assert done.returncode == 2, done.stdout
    assert told in done.stderr
    assert "Traceback" not in done.stderr
