"""Bad study files: each mistake is named with its file and line, and none stops the check."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.evidence_builders import SOUND
from saisei.base.documents import parse_document
from saisei.base.errors import DocumentError, Problem, StudyError
from saisei.evidence import check_studies, load_study
from saisei.evidence.checking import check_document

LOW = "low: {counts: [1, 4, 6, 8, 6, 2, 1]}"
CHANGE = "low: {mean: 5.5, sd: 9.1, n: 28}"
SHAM_CHANGE = "sham: {mean: 4.1, se: 1.7, ci95: [0.6, 7.6], n: 29}"
RESPONDERS = "low: {events: 7, n: 28}"
EFFECT = (
    "contrast: {measure: MD, estimate: 2.0, ci95: [-3, 7], adjusted: true, of: low, versus: sham}"
)
DOSE_LABEL = 'label: "low dose"\n    control: null'
UNREAD = (
    'publication: published-unread\npublication_note: "P values only"\n'
    "people: null\nreported_direction: unclear\n"
)
READ = 'publication: read\npublication_note: "read whole"\n'
GAIN = "event: {gain_at_least: 10}"

BAD: list[tuple[str, str, str, str]] = [
    # (code, what is replaced, by what, a part of the message)
    ("id-and-file-name", "id: good-2020", "id: bad-2020", "good-2020"),
    ("unknown-word", "condition: ischemic-stroke", "condition: ischaemic-stroke", "Did you mean"),
    ("unknown-word", "stage: chronic", "stage: cronic", "`chronic`"),
    ("unknown-word", "cell_type: BM-MSC", "cell_type: BMSC", "BM-MSC"),
    ("unknown-word", "outcome: barthel", "outcome: bartel", "`barthel`"),
    ("unknown-word", "kind: median", "kind: medians", "`median`"),
    ("unknown-word", "randomisation: {j", "randomization: {j", "`randomisation`"),
    ("unknown-word", "publication: read", "publication: raed", "`read`"),
    ("unknown-word", "prespecified: true", "prespecified: maybe", "true, false, unclear"),
    ("unknown-field", "blinding: double", "blinding: double\nblindness: no", "`blinding`"),
    ("unknown-field", "route: intravenous", "route: intravenous\n    roote: x", "`route`"),
    ("unknown-field", GAIN, "event: {gains_at_least: 10}", "`gain_at_least`"),
    ("missing-field", "design: rct\n", "", "`design` is missing"),
    ("missing-field", "    donor: autologous\n", "", "`donor` is missing"),
    ("number-as-text", "dose_cells: 1.0e+8", 'dose_cells: "1.2e9"', "without quotes"),
    ("not-a-number", "dose_cells: 1.0e+8", "dose_cells: plenty", "`plenty`"),
    ("wrong-value", "dose_cells: 1.0e+8", "dose_cells: .nan", "finite"),
    ("wrong-value", "countries: [JP]", "countries: [Japan]", "pattern"),
    ("wrong-value", "doi: 10.1000/good", "doi: doi.org/10.1000", "pattern"),
    ("wrong-value", LOW, "low: {counts: [1, -4, 6, 8, 6, 2, 1]}", "greater than or equal to 0"),
    ("registry", "NCT01234567", "NCT1234567", "eight digits"),
    ("reversed", "range_days: [200, 900]", "range_days: [900, 200]", "the lower first"),
    ("stage-and-days", "stage: chronic", "stage: acute", "200 to 900"),
    ("unusual-dose", "dose_cells: 1.0e+8", "dose_cells: 1.0e+18", "exponent"),
    ("sd-or-se", "sd: 11.2", "sd: 2.1", "standard error"),
    ("more-than-randomised", "n_analysed: 28", "n_analysed: 31", "31 analysed of 30"),
    ("more-than-n", "female: 12", "female: 31", "31 women"),
    ("repeated-arm", "- id: sham", "- id: low", "a second arm"),
    ("control-missing", "control: sham\n", "control: null\n", "placebo"),
    ("control-on-cells", DOSE_LABEL, 'label: "low dose"\n    control: sham', "null"),
    ("cells-in-control", "control: sham\n", "control: sham\n    route: intravenous\n", "`route`"),
    ("unknown-arm", RESPONDERS, "lo: {events: 7, n: 28}", "low, sham"),
    ("unknown-arm", "of: low", "of: lwo", "`low`"),
    ("arm-role", "of: low, versus: sham", "of: sham, versus: sham", "no treatment arm"),
    ("unknown-source", "source: main", "source: man", "`main`"),
    ("more-than-n", RESPONDERS, "low: {events: 29, n: 28}", "29 events in 28"),
    ("more-than-n", RESPONDERS, "low: {events: 7, n: 31}", "an arm of 30"),
    ("more-than-n", LOW, "low: {counts: [9, 4, 6, 8, 6, 2, 1]}", "36 people in an arm of 30"),
    ("nobody", RESPONDERS, "low: {events: 0, n: 0}", "n is 0"),
    ("percent", "percent: 20.7", "percent: 120.7", "0 to 100"),
    ("percent-and-n", "percent: 20.7", "percent: 22.0", "no whole number"),
    ("counts", LOW, "low: {counts: [1, 4, 6, 8, 6, 3]}", "6 categories"),
    ("counts-and-n", LOW, "low: {counts: [1, 4, 6, 8, 6, 2, 1], n: 27}", "add up to 28"),
    ("outside-interval", SHAM_CHANGE, "sham: {mean: 8.1, ci95: [0.6, 7.6], n: 29}", "8.1"),
    ("outside-interval", EFFECT, EFFECT.replace("2.0", "9.0"), "does not hold 9"),
    ("outside-interval", "{median: 4, iqr: [2, 7]", "{median: 9, iqr: [2, 7]", "does not hold 9"),
    ("reversed", EFFECT, EFFECT.replace("[-3, 7]", "[7, -3]"), "the lower first"),
    ("lopsided", EFFECT, EFFECT.replace("[-3, 7]", "[1.5, 7]"), "middle"),
    ("ratio", EFFECT, EFFECT.replace("MD", "OR"), "0 or less"),
    ("interval-and-se", SHAM_CHANGE, SHAM_CHANGE.replace("1.7", "7.7"), "SE an SD"),
    ("sd-or-se", CHANGE, "low: {mean: 5.5, sd: 1.7, n: 28}", "standard error"),
    ("sd-or-se", CHANGE, "low: {mean: 25.5, sd: 8.1, n: 28}", "a change of 25.5"),
    ("out-of-range", CHANGE, "low: {mean: 155, sd: 9.1, n: 28}", "-100 to 100"),
    ("out-of-range", "{median: 4, iqr: [2, 7]", "{median: 44, iqr: [2, 47]", "0 to 42"),
    ("out-of-range", GAIN, "event: {at_least: 101}", "0 to 100"),
    ("entry-missing", CHANGE, "low: {sd: 9.1, n: 28}", "`mean`"),
    ("entry-missing", RESPONDERS, "low: {n: 28}", "either"),
    ("entry-missing", EFFECT, EFFECT.replace("ci95: [-3, 7], ", ""), "ci95 or se"),
    ("entry-misplaced", CHANGE, "low: {mean: 5.5, sd: 9.1, n: 28, events: 3}", "`events`"),
    ("effect-entry", EFFECT, EFFECT.replace("contrast:", "other:"), "`contrast`"),
    ("event-missing", "    event: {gain_at_least: 10}\n", "", "without `event`"),
    ("event-misplaced", "good: false\n", "good: false\n    event: {at_most: 1}\n", "death"),
    ("note-missing", GAIN, "event: null", "why there is no limit"),
    ("limit", GAIN, "event: {gain_at_least: 10, at_least: 5}", "exactly one"),
    ("limit", GAIN, "event: {composite: [{scale: mrs, at_most: 1}, {scale: nihss}]}", "composite"),
    ("good-missing", "    good: false\n", "", "true or false"),
    ("good-misplaced", "kind: median\n", "kind: median\n    good: true\n", "median"),
    ("direction", "good: false\n", "good: true\n", "good: false"),
    ("direction", "good: true\n", "good: false\n", "fma-motor"),
    ("time-missing", "time_days: 90\n", "time_days: null\n", "no pool"),
    ("prespecified", "time_days: 90\n", "time_days: 90\n    time_exact: false\n", "unclear"),
    ("prespecified", "180\n    kind: change", "0\n    kind: change", "baseline"),
    ("note-missing", READ, "publication: running\n", "note"),
    ("missing-field", "publication: read\n", "publication: published-unread\n", "`people`"),
    ("year-missing", "year: 2020", "year: null", "no year"),
    ("design-and-arms", "design: rct", "design: single-arm", "control arm"),
    ("design-missing", "design: rct", "design: null", "placeholder"),
    ("placeholder", "funding: public", "funding: public\nplaceholder: true", "no outcomes"),
    ("no-treatment-arm", "role: treatment", "role: control", "given cells"),
    ("people-unknown", READ, UNREAD, "not known"),
    ("overlaps-itself", "publication: read", "publication: read\noverlaps: [good-2020]", "itself"),
]  # fmt: skip


def check(text: str) -> tuple[Problem, ...]:
    """Check a text as the file `good-2020.yaml`."""
    return check_document(parse_document(text.encode(), "studies/good-2020.yaml"))


def test_the_sound_file_is_sound() -> None:
    assert check(SOUND) == ()


@pytest.mark.parametrize(("code", "old", "new", "words"), BAD)
def test_a_mistake_is_named_with_file_and_line(code: str, old: str, new: str, words: str) -> None:
    assert old in SOUND
    at = SOUND.index(old)
    text = SOUND[:at] + new + SOUND[at + len(old) :]
    found = [problem for problem in check(text) if problem.code == code]
    assert found, [str(problem) for problem in check(text)]
    message = next((str(p) for p in found if words in str(p)), None)
    assert message is not None, [str(problem) for problem in found]
    assert message.startswith("studies/good-2020.yaml:")
    # the line is the one that was changed, or that of the row or arm that it stands in
    first = SOUND[:at].count("\n") + 1
    changed = range(first, first + max(new.count("\n"), old.count("\n")) + 2)
    places = [p.place for p in found if words in str(p)]
    row = max((line for line in row_lines(text) if line <= first), default=1)
    # (what is missing can only be told of the whole that it is missing from)
    whole = {"missing-field": 1, "no-treatment-arm": SOUND[: SOUND.index("arms:")].count("\n") + 1}
    near = {*changed, row, whole.get(code, row)}
    assert any(place is not None and place.line in near for place in places), places


def row_lines(text: str) -> list[int]:
    """Lines on which an arm, a row or a part of the head begins."""
    lines = enumerate(text.splitlines(), start=1)
    return [number for number, line in lines if line.startswith("  - ") or line[:1] != " "]


def test_a_repeated_row_names_the_first() -> None:
    start, end = SOUND.index("  - outcome: death"), SOUND.index("notes:")
    found = check(SOUND[:end] + SOUND[start:end] + SOUND[end:])
    line = SOUND[:start].count("\n") + 1
    assert [problem.code for problem in found] == ["repeated-row"]
    assert f"line {line}" in str(found[0])


def test_arms_many_deviations_apart_are_doubted() -> None:
    text = SOUND.replace("sham: {mean: 4.1, se: 1.7, ci95: [0.6, 7.6], n: 29}",
                         "sham: {mean: -34.1, sd: 9.1, n: 29}")  # fmt: skip
    assert any("deviations apart" in str(problem) for problem in check(text))


def test_a_mistake_in_an_arm_does_not_make_it_unknown() -> None:
    found = check(SOUND.replace("dose_cells: 1.0e+8", 'dose_cells: "1e8"'))
    assert [problem.code for problem in found] == ["number-as-text"]


def test_read_needs_a_row_that_shows_it() -> None:
    begin, end = SOUND.index("outcomes:"), SOUND.index("notes:")
    death = SOUND[SOUND.index("  - outcome: death") : end]
    found = check(f"{SOUND[:begin]}outcomes:\n{death}{SOUND[end:]}")
    assert [problem.code for problem in found] == ["read-without-rows"]
    assert found[0].place is not None
    assert found[0].place.line == SOUND[: SOUND.index("publication: read")].count("\n") + 1


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    text = SOUND.replace(RESPONDERS, "lo: {events: 7, n: 28}")
    text = text.replace("stage: chronic", "stage: cronic").replace("female: 12", "female: 31")
    text = text.replace("blinding: double", "blinding: double\ncolour: red")
    codes = {problem.code for problem in check(text)}
    assert {"unknown-arm", "unknown-word", "more-than-n", "unknown-field"} <= codes


def test_load_study_raises_all_errors_and_no_warning(tmp_path: Path) -> None:
    path = tmp_path / "good-2020.yaml"
    path.write_text(SOUND.replace("sd: 11.2", "sd: 2.1"), "utf-8")
    assert load_study(path).title == "GOOD"  # a warning stops nothing
    path.write_text(SOUND.replace("female: 12", "female: 31").replace("JP", "Japan"), "utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert {problem.code for problem in caught.value.problems} == {"more-than-n", "wrong-value"}
    assert str(path) in str(caught.value)


def test_overlaps_are_mutual_in_a_folder(tmp_path: Path) -> None:
    other = SOUND.replace("good-2020", "other-2020")
    one = SOUND.replace(
        "publication: read\n", "publication: read\noverlaps: [other-2020, nobody]\n"
    )
    (tmp_path / "good-2020.yaml").write_text(one, "utf-8")
    (tmp_path / "other-2020.yaml").write_text(other, "utf-8")
    found = check_studies(tmp_path)
    assert {problem.code for problem in found} == {"overlap-one-way", "unknown-study"}
    assert all(
        p.place and p.place.line == one[: one.index("overlaps")].count("\n") + 1 for p in found
    )


BROKEN = {
    "empty": b"",
    "syntax": b"id: [1, 2\ntitle: x",
    "encoding": b"id: \xff\xfe",
    "alias": b"a: &a [1]\nb: *a\n",
    "repeated": b"id: a\nid: b\n",
}


@pytest.mark.parametrize("code", BROKEN)
def test_an_unreadable_file_is_told_and_the_others_are_checked(tmp_path: Path, code: str) -> None:
    (tmp_path / "broken.yaml").write_bytes(BROKEN[code])
    (tmp_path / "good-2020.yaml").write_text(SOUND.replace("female: 12", "female: 31"), "utf-8")
    found = check_studies(tmp_path)
    assert {problem.code for problem in found} == {code, "more-than-n"}
    assert check_studies(tmp_path / "broken.yaml")[0].code == code


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert [problem.code for problem in check_studies(tmp_path / "none.yaml")] == ["unreadable"]


@pytest.mark.parametrize("text", ["1", "[]", "text", "null", "{}", "arms: 3", "arms: [1, {}]"])
def test_what_is_no_study_at_all_is_told(text: str) -> None:
    assert check(text)
    if text in ("1", "[]"):
        assert [problem.code for problem in check(text)] == ["not-a-table"]


VALUES = ["null", "[]", "{}", "-1", "text", "true", ".nan", "[1, 2, 3]", "{a: 1}", "1.0e+30", '""']


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_no_broken_file_crashes_the_checker(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - chooses what to break, guards nothing
    lines = SOUND.splitlines()
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(lines))
        if chance.random() < 0.3:
            lines[place : place + 1] = []
        else:
            lines[place] = lines[place].split(":")[0] + ": " + chance.choice(VALUES)
    try:
        document = parse_document("\n".join(lines).encode(), "studies/good-2020.yaml")
    except DocumentError:
        return
    for problem in check_document(document):
        assert problem.place is not None
        assert str(problem)


def test_every_code_is_documented_and_every_documented_code_is_tested() -> None:
    root = Path(__file__).parents[2]
    source = "".join(
        path.read_text("utf-8")
        for path in sorted((root / "src/saisei/evidence").rglob("*.py"))
        if path.parent.name == "checks" or path.name == "checking.py"
    )
    given = set(re.findall(r'(?:draft\.(?:add|warn)|Problem|\badd)\(\s*"([a-z-]+)"', source))
    given |= set(re.findall(r'return "([a-z-]+)", ', source))
    page = (root / "docs/curating-evidence.md").read_text("utf-8")
    tables = page[page.index("## What is checked") : page.index("## From rows")]
    told = {
        code
        for line in tables.splitlines()
        if line.startswith("| `")
        for code in re.findall(r"`([a-z-]+)`", line.split("|")[1])
    }
    assert told == given
    tested = {code for code, *_ in BAD} | {"repeated-row", "read-without-rows", "not-a-table"}
    tested |= {"overlap-one-way", "unknown-study"}
    assert told == tested
