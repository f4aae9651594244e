"""What a page says of the future with a therapy: drawn only where trials allow it, else why not."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from appraisal.appraisal_builders import ARM, GAIN, TEN, THREE, contrast, events, finding
from decision.decision_examples import AS_OF, EXAMPLES, ROOT, example
from saisei.appraisal import Asked, Finding, findings_for
from saisei.cases import Case, read_case
from saisei.decision import Decision, Options, decide
from saisei.decision import findings as room
from saisei.evidence import Target
from saisei.forecast import futures
from saisei.report import to_html, to_json
from saisei.therapies import programmes
from saisei.vocabulary import Condition, Design, Route, RouteKind, Stage

FAT = "ad-msc-intravenous-asrm"
CITED = ("sanbio-2020-actissima/counts",)


def case(number: str) -> Case:
    (path,) = [path for path in EXAMPLES if path.name.startswith(f"{number}-")]
    return read_case(path, as_of=AS_OF)


def made(*effects: float, asked: Asked = ARM, **changes: object) -> Finding:
    trials = [
        contrast(y, 0.8, title=f"MADE {n}", study_id=f"made-{n}", source_keys=CITED, **changes)
        for n, y in enumerate(effects)
    ]
    return finding(*trials, asked=asked)


def decided(found: Finding, monkeypatch: pytest.MonkeyPatch, number: str = "01") -> Decision:
    """Decide an example in which constructed trials answer for cells put into the brain."""
    real = findings_for

    def answers(target: Target) -> tuple[Finding, ...]:
        given = real(target)
        if target.route is not Route.INTRACEREBRAL:
            return given
        return tuple(found if one.asked.id == found.asked.id else one for one in given)

    monkeypatch.setattr(room, "findings_for", answers)
    return decide(case(number), AS_OF)


# no effect


@pytest.mark.parametrize(
    "found",
    [
        made(0.0, 0.0, 0.0),
        finding(*[events((60, 300), (60, 300), source_keys=CITED)] * 3, asked=GAIN, worthwhile=TEN),
    ],
    ids=["points", "odds"],
)
def test_a_point_effect_of_none_gives_equal_futures_in_either_measure(found: Finding) -> None:
    (arm,) = [one for one in futures(case("01"), [found]) if one.scale_id == "fma_ue"]
    (drawn,) = arm.with_
    assert arm.course is not None
    assert drawn.drawn.counts == arm.counts == drawn.without
    for spread, plain in zip(drawn.spreads, arm.course.spreads[-len(drawn.spreads) :], strict=True):
        assert spread.probabilities == pytest.approx(plain.probabilities)
    # what is uncertain lies around equality, in a new setting more widely
    low, high = drawn.drawn.better_interval
    assert drawn.drawn.better_new is not None
    assert low < drawn.drawn.better < high
    assert drawn.drawn.better_new[0] <= low < high <= drawn.drawn.better_new[1]


@pytest.mark.parametrize("spread", [1.0, 3.0, 6.0])
def test_disagreeing_trials_around_none_never_shift_what_is_printed(spread: float) -> None:
    (arm,) = [
        one for one in futures(case("01"), [made(-spread, spread)]) if one.scale_id == "fma_ue"
    ]
    assert arm.course is not None
    for drawn in arm.with_:
        assert drawn.drawn.better == pytest.approx(arm.course.share(6))
        assert drawn.drawn.worse == pytest.approx(arm.course.share(-6))
        assert drawn.drawn.better_interval[0] < arm.course.share(6) < drawn.drawn.better_interval[1]
        assert (drawn.between.better_same_shift, drawn.between.worse_same_shift) == (0.0, 0.0)


# drawn


def test_a_drawn_future_stands_in_the_page_and_the_json_with_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = made(4.0, 4.4, 3.0)
    decision = decided(found, monkeypatch)
    (arm,) = [one for one in decision.futures if one.scale == "fma_ue"]
    assert arm.people is not None
    assert arm.with_therapy
    one = arm.with_therapy[0]
    assert one.people.better > arm.people.better
    assert one.better_new is not None
    assert one.better_new[0] <= one.better_low < one.better_high <= one.better_new[1]
    assert one.between is not None
    assert one.between.better_low <= one.between.better_alike <= one.between.better_high
    assert [row.left_out for row in one.choices if row.left_out]
    said = " ".join(sentence.text for sentence in (*one.sentences, *one.choices_words))
    for words in (
        "nobody lives both futures",
        "moved everybody alike",
        "Other reasonable ways to add up the trials would give between",
        "the answer",
    ):
        assert words in said
    (shown,) = [f for f in decision.findings if f.id == one.finding]
    assert len(shown.choices) == len(one.choices)
    drawn = [t for t in decision.therapies if one.finding in t.findings]
    assert all("strong enough to draw" in t.forecast.text for t in drawn)
    page, data = to_html(decision), json.loads(to_json(decision))
    assert "one thing changed at a time" in page
    (written,) = [f for f in data["futures"] if f["scale"] == "fma_ue"]
    assert written["with_therapy"][0]["between"]["better_high"] == one.between.better_high
    assert "inf" not in re.findall(r"\b(inf|nan)\b", page.lower())


def test_the_choices_move_the_chance_as_their_own_finding_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = made(4.0, 4.4, 3.0)
    (arm,) = [one for one in futures(case("01"), [found]) if one.scale_id == "fma_ue"]
    (drawn,) = arm.with_
    assert drawn.choices is not None
    values = [drawn.drawn.better]
    for row in drawn.choices.rows:
        (alone,) = [
            f for f in futures(case("01"), [row.specification.finding]) if f.scale_id == "fma_ue"
        ]
        if row.drawn is None:
            assert not alone.with_
            continue
        assert alone.with_[0].drawn == row.drawn
        values.append(row.drawn.better)
    assert drawn.choices.better == (min(values), max(values))


def test_a_choice_that_could_not_be_drawn_gives_no_number() -> None:
    """With one of two small trials left out, one of fewer than 100 people remains."""
    found = finding(
        contrast(6.0, 0.4, n=45, title="ONE"), contrast(6.2, 0.4, n=45, title="TWO"),
        asked=ARM, worthwhile=THREE,
    )  # fmt: skip
    (arm,) = [one for one in futures(case("01"), [found]) if one.scale_id == "fma_ue"]
    (drawn,) = arm.with_
    assert drawn.choices is not None
    left = [row for row in drawn.choices.rows if row.specification.kind == "one study"]
    assert [row.drawn for row in left] == [None, None]
    assert all("studies" in row.refused for row in left)
    said = " ".join(sentence.text for sentence in drawn.choices.sentences)
    assert "no forecast would be possible" in said


# not drawn


def test_the_only_counts_of_the_first_example_are_told_out_of_100_in_both_framings() -> None:
    decision = example("01")
    told = decision.answer[0].text
    assert "about 13 with sham surgery (87 not) and about 14 with cells (86 not)" in told
    (found,) = [f for f in decision.findings if f.id.startswith("fma-motor-10.a.")]
    said = " ".join(count.text for count in found.counts)
    for words in (
        "about 13 gain 10 points of movement or more; about 87 do not",
        "With cells about 14 gain 10 points of movement or more; about 86 do not",
        "7 of 55 with cells (SB623 2.5 million cells, stereotactic), about 13 of 100",
        "9 of 56 with cells (SB623 5 million cells, stereotactic), about 16 of 100",
        "7 of 52 in the control group (sham surgery), about 13 of 100",
        "missed its own main goal",
    ):
        assert words in said
    (therapy,) = [t for t in decision.therapies if t.id == "sb623-intracerebral"]
    assert "*No forecast is possible.*" in therapy.forecast.text
    assert "No course of the Fugl-Meyer total of arm and leg was found" in therapy.forecast.text
    assert "certainty of the evidence is very low" in therapy.forecast.text


def test_for_fat_derived_cells_by_vein_no_forecast_is_possible_on_the_page_and_in_the_json() -> (
    None
):
    decision = example("01")
    written = json.loads(to_json(decision))
    (therapy,) = [one for one in written["therapies"] if one["id"] == FAT]
    assert therapy["forecast"]["text"].startswith("*No forecast is possible.*")
    assert "No controlled trial tested these cells" in therapy["forecast"]["text"]
    assert all(not future["with_therapy"] for future in written["futures"])
    page = to_html(decision)
    start = page.index(f'id="therapy-{FAT}"')
    part = page[start : page.find('id="therapy-', start + 20)]
    assert "No forecast is possible." in part
    assert "No controlled trial tested these cells or the same kind of delivery" in part


def test_infusions_after_brain_injury_never_borrow_from_an_implant() -> None:
    """In the Decision as a whole: findings, futures, bottom lines and the reason of each."""
    decision = example("05")
    assert all(not future.with_therapy for future in decision.futures)
    infused = [t for t in decision.therapies if "-intravenous" in t.id or "-intrathecal" in t.id]
    assert infused
    implanted = {"kawabori-2021-stemtra"}
    rows = {f.id: {row.study for row in f.rows} for f in decision.findings}
    for therapy in infused:
        for name in therapy.findings:
            assert not rows[name] & implanted, therapy.id
        assert "STEMTRA" not in therapy.bottom_line.text
        assert "STEMTRA" not in therapy.forecast.text
        assert "No forecast is possible" in therapy.forecast.text
    kinds = {f.id.split(".")[2] for f in decision.findings if f.tier == "B" and f.rows}
    assert RouteKind.VESSEL_OR_FLUID.value not in kinds


# no switch


def code_of(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / "src" / "saisei" / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "fault",
    [
        {"design": Design.SINGLE_ARM}, {"design": Design.CONTROLLED}, {"prespecified": False},
        {"press_release": True},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_randomised_never_reaches_a_future(
    fault: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when it stands beside trials that may be drawn: the numbers stay the same."""
    clean = made(4.0, 4.4, 3.0)
    wild = contrast(30.0, 0.1, title="WILD", study_id="wild", source_keys=CITED, **fault)
    both = finding(*clean.used, wild)
    assert all(one.design is Design.RCT for one in both.used)
    for found in (finding(wild), both):
        (arm,) = [one for one in futures(case("01"), [found]) if one.scale_id == "fma_ue"]
        assert [w.drawn for w in arm.with_] == (
            [] if found is not both else [
                w.drawn for f in futures(case("01"), [clean]) for w in f.with_
            ]
        )  # fmt: skip
    decision = decided(both, monkeypatch)
    assert any(future.with_therapy for future in decision.futures)
    assert all("WILD" not in row.label for f in decision.futures for w in f.with_therapy
               for row in w.choices)  # fmt: skip


def test_no_option_and_no_environment_reaches_the_forecast() -> None:
    """What a surface may choose is the language and what goes on meanwhile, and nothing else."""
    assert {field.name for field in fields(Options)} == {"language", "context"}
    for path, tree in code_of("forecast", "appraisal", "decision"):
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not names & {"environ", "getenv", "putenv"}, path
    assert set(inspect.signature(futures).parameters) == {"case", "findings", "context", "varied"}


def test_the_files_that_draw_never_read_gains_without_a_control() -> None:
    gains = {"within_arm_gains", "comparators", "gains_of", "gains_beside", "published_figures",
             "null_trial", "share_prior"}  # fmt: skip
    drawing = {"with_cells", "with_effect", "with_rules", "between", "futures", "course", "scores",
               "arm", "barthel", "mixture", "chronic", "groups"}  # fmt: skip
    seen = set()
    for path, tree in code_of("forecast"):
        if path.stem not in drawing:
            continue
        seen.add(path.stem)
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert not names & gains, path
    assert seen >= drawing - {"groups"}


def test_every_packaged_comparison_that_could_be_drawn_from_is_randomised() -> None:
    looked = 0
    for programme in programmes():
        for cells in programme.cells:
            for route in programme.routes:
                for stage in Stage:
                    target = Target(cells, route, Condition.ISCHEMIC_STROKE, stage)
                    for found in findings_for(target):
                        looked += len(found.used)
                        assert all(one.design is Design.RCT for one in found.used)
    assert looked


def test_a_page_of_a_person_cannot_be_asked_for_a_future_by_any_field_of_the_case() -> None:
    plain = decide(case("01"), AS_OF)
    wished = decide(replace(case("01"), name="draw the future with cells"), AS_OF)
    assert plain.futures == wished.futures


# groups


@pytest.mark.parametrize(
    ("number", "words"),
    [("01", "After the first year"), ("08", "After the first year"), ("03", "")],
)
def test_the_rankin_scale_has_statements_of_groups_and_no_course(number: str, words: str) -> None:
    decision = example(number)
    (rankin,) = [one for one in decision.futures if one.scale == "mrs"]
    assert rankin.why_not is not None
    assert "for one person" in rankin.why_not.text
    assert rankin.people is None
    assert not rankin.points
    said = " ".join(sentence.text for sentence in rankin.sentences)
    assert words in said
    assert bool(words) == bool(said)
    page = to_html(decision)
    assert ("This is what is known of groups" in page) == bool(words)


def test_moved_groups_are_for_clinicians_only() -> None:
    assert any(one.group for one in example("02").findings)
    for number in ("01", "05", "08"):
        assert not any(one.group or one.method for one in example(number).findings)
    assert "moved by the common odds ratio" in to_html(example("02"))


def test_in_the_first_week_no_figure_of_the_rankin_scale_reaches_a_family() -> None:
    asked = case("02").replace(respondent="family")
    decision = decide(asked, AS_OF)
    assert decision.futures == ()
    assert not any(one.group for one in decision.findings)
