"""The whole validation: which forecasts are made, what is said of them, and on simulated people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saisei.base.errors import DocumentError, OptionError
from saisei.forecast import (
    Scored,
    Validation,
    context,
    forecast_barthel,
    simulate_people,
    validate,
    validate_simulated,
)
from saisei.forecast.course import Course
from saisei.forecast.many import predict_arm
from saisei.forecast.validation_figures import Figures

Row = tuple[str, float, str, float]


def table(*rows: Row) -> dict[str, list[Any]]:
    names = ("person", "day", "scale", "value")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def arm(person: str, *scores: tuple[float, float]) -> list[Row]:
    return [(person, day, "fma_ue", value) for day, value in scores]


PEOPLE = [
    *arm("a", (14, 20), (35, 30), (98, 41), (197, 45)),
    *arm("b", (400, 50), (421, 52), (484, 51), (583, 53)),
    *arm("c", (10, 5)),
    *arm("d", (10, 66), (200, 66)),
    *arm("e", (10, 30), (30, 33)),
    *arm("f", (10, 30), (377, 50)),
]


def test_from_the_first_and_the_first_two_to_the_score_nearest_to_half_a_year() -> None:
    made = validate(table(*PEOPLE)).of("fma_ue").made
    of = made.forecasts
    assert of is not None
    found = sorted(zip(of.day, of.lag, of.known, of.values[of.observed], strict=True))
    assert found == [(14, 183, 1, 45), (35, 162, 2, 45), (400, 183, 1, 53), (421, 162, 2, 53)]
    assert (made.people, made.scores) == (6, 15)
    left = {"one-score": 1, "no-later-score": 2, "full-score": 1}
    assert {key: count for key, count in made.left_out.items() if count} == left
    assert of.model.tolist() == ["mixture", "mixture", "chronic", "chronic"]
    assert of.important.tolist() == [10, 10, 6, 6]


def test_from_every_score_and_another_horizon() -> None:
    of = validate(table(*PEOPLE), origin="every", horizon=84).of("fma_ue").made.forecasts
    assert of is not None
    found = sorted(zip(of.day, of.lag, of.known, strict=True))
    late = [(400, 84, 1), (421, 63, 2), (484, 99, 3)]
    assert found == [(14, 84, 1), (35, 63, 2), (98, 99, 3), *late]


def test_the_forecasts_are_those_of_the_forecast() -> None:
    of = validate(table(*PEOPLE), context_name="trial-control").of("fma_ue").made.forecasts
    assert of is not None
    series = [[(14.0, 20.0)], [(14.0, 20.0), (35.0, 30.0)], [(400.0, 50.0)]]
    alone = predict_arm(series, [197.0, 197.0, 583.0], context("trial-control"))
    assert of.chance[:3] == pytest.approx(alone)


def test_a_row_decides_its_own_context() -> None:
    columns = table(*PEOPLE)
    columns["context"] = ["intensive-arm-therapy" if row[0] == "b" else "" for row in PEOPLE]
    found = validate(columns).of("fma_ue")
    of = found.made.forecasts
    assert of is not None
    alone = predict_arm([[(400.0, 50.0)]], [583.0], context("intensive-arm-therapy"))
    assert of.chance[2] == pytest.approx(alone[0])
    assert [one.name for one in found.strata if one.kind == "context"] == [
        "intensive-arm-therapy",
        "not-known",
    ]


def test_barthel_is_forecast_from_the_table_of_changes() -> None:
    rows: list[Row] = [
        ("a", 14, "barthel", 50), ("a", 197, "barthel", 90),
        ("b", 200, "barthel", 80), ("b", 380, "barthel", 85),
        ("c", 14, "barthel", 5), ("c", 197, "barthel", 60),
        ("d", 14, "barthel", 50), ("d", 80, "barthel", 60),
    ]  # fmt: skip
    made = validate(table(*rows)).of("barthel").made
    of = made.forecasts
    assert of is not None
    course = forecast_barthel((Scored(14, 50, 0),))
    assert isinstance(course, Course)
    assert of.chance == pytest.approx(course.probabilities[None, :])
    assert of.values[of.observed].tolist() == [90]
    left = {"barthel-row": 1, "barthel-start": 1, "barthel-other-time": 1}
    assert {key: count for key, count in made.left_out.items() if count} == left


def test_strata_divide_all_forecasts() -> None:
    found = validate(table(*PEOPLE)).of("fma_ue")
    assert found.overall is not None
    for kind in ("known", "first-score", "day", "model"):
        parts = [one.figures for one in found.strata if one.kind == kind]
        assert sum(part.forecasts for part in parts) == found.overall.forecasts == 4
        for level in range(3):
            held = sum(part.coverage[level].held for part in parts)
            assert held == found.overall.coverage[level].held
    bands = {one.name: (one.low, one.high) for one in found.strata if one.kind == "day"}
    assert bands == {"0-30": (0, 30), "31-90": (31, 90), "366+": (366, None)}


def test_a_border_belongs_to_the_band_that_it_is_named_in() -> None:
    days = (30, 31, 90, 91, 365, 366)
    scores = (10, 11, 25, 26, 50, 51)
    rows = [
        row
        for day, score in zip(days, scores, strict=True)
        for row in arm(f"p{day}", (day, score), (day + 183, 40))
    ]
    found = validate(table(*rows)).of("fma_ue")
    names = {
        kind: {one.name: one.figures.forecasts for one in found.strata if one.kind == kind}
        for kind in ("first-score", "day")
    }
    assert names["first-score"] == {"0-10": 1, "11-25": 2, "26-50": 2, "51-66": 1}
    assert names["day"] == {"0-30": 1, "31-90": 2, "91-180": 1, "181-365": 1, "366+": 1}


@pytest.fixture(scope="module")
def simulated() -> Validation:
    return validate_simulated(1500, 5)


def test_intervals_hold_on_people_of_the_model(simulated: Validation) -> None:
    """Overall and by all that is known beforehand: within three standard errors."""
    found = simulated.of("fma_ue")
    judged = [one.figures for one in found.strata if one.kind != "true-group"]
    assert found.overall is not None
    for of in (found.overall, *judged):
        assert of.people > 50
        for level in of.coverage:
            assert level.in_part.low is not None
            error = (level.in_part.value - level.in_part.low) / 1.96
            assert level.in_part.value == pytest.approx(level.level, abs=3 * error)
            assert level.share.value == pytest.approx(level.promised, abs=3.5 * error)


def test_calibration_holds_on_people_of_the_model(simulated: Validation) -> None:
    of = simulated.of("fma_ue").overall
    assert of is not None
    assert of.slope is not None
    assert of.intercept is not None
    assert of.slope.value == pytest.approx(1, abs=0.04)
    assert of.intercept.value == pytest.approx(0, abs=2)
    assert of.bias.value == pytest.approx(0, abs=0.8)
    assert of.pit == pytest.approx([1] * 10, abs=0.15)
    for at in of.curve:
        assert at.came.value == pytest.approx(at.expected, abs=2)
    gains = of.gains
    assert gains is not None
    assert gains.observed.value == pytest.approx(gains.predicted, abs=0.04)
    assert gains.slope is not None
    assert gains.slope.value == pytest.approx(1, abs=0.2)
    assert gains.brier < gains.brier_base


def test_the_model_beats_both_rivals_on_its_own_people(simulated: Validation) -> None:
    of = simulated.of("fma_ue").overall
    assert of is not None
    for rival in (of.steady, of.group):
        assert rival is not None
        assert rival.difference.low is not None
        assert rival.difference.low > 0
        assert rival.skill == pytest.approx(1 - rival.own_crps / rival.crps)
        assert rival.own_error < rival.error


def test_true_groups_are_shown_apart(simulated: Validation) -> None:
    found = simulated.of("fma_ue")
    groups = [one for one in found.strata if one.kind == "true-group"]
    assert [one.name for one in groups] == ["1", "2", "3", "4", "5"]
    held = [one.figures.coverage[0].share.value for one in groups]
    assert max(held) - min(held) > 0.1


def test_the_same_seed_gives_the_same_figures_and_another_does_not() -> None:
    one, two, other = (validate_simulated(60, seed).of("fma_ue").overall for seed in (3, 3, 4))
    assert one == two != other


def shifted(points: float, squeeze: float = 1.0) -> Figures:
    """Figures of people of the model whose last score was moved."""
    days = (7.0, 21.0, 182.0)
    scores = simulate_people(400, days, seed=2).scores
    scores[:, 2] = np.clip(np.rint(scores[:, 2] * squeeze + points), 0, 66)
    rows = [
        ("p" + str(who), day, "fma_ue", score)
        for who, row in enumerate(scores)
        for day, score in zip(days, row, strict=True)
    ]
    of = validate(table(*rows)).of("fma_ue").overall
    assert of is not None
    return of


def test_wrong_forecasts_are_seen_to_be_wrong() -> None:
    right, low = shifted(0), shifted(-15)
    assert right.bias.value == pytest.approx(0, abs=1.5)
    assert low.bias.value < -11
    assert low.coverage[2].share.value < right.coverage[2].share.value - 0.15
    assert low.pit[0] > 2 > right.pit[0]
    assert low.steady is not None
    assert right.steady is not None
    assert low.steady.own_crps > right.steady.own_crps
    half = shifted(0, 0.5)
    assert half.slope is not None
    assert half.slope.value == pytest.approx(0.5, abs=0.05)


def test_nobody_with_a_later_score_is_told_with_the_reason() -> None:
    with pytest.raises(DocumentError, match=r"no later score: 1.*--horizon"):
        validate(table(*arm("a", (10, 20), (20, 25))))
    with pytest.raises(DocumentError, match="no score of a scale that is forecast"):
        validate(table(("a", 10, "nihss", 4), ("a", 100, "nihss", 2)))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"origin": "last"}, "--from"),
        ({"horizon": 0}, "--horizon"),
        ({"horizon": float("nan")}, "--horizon"),
        ({"context_name": "walks"}, "--context"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(OptionError, match=field):
        validate(table(*PEOPLE), **options)


@pytest.mark.parametrize(("people", "seed"), [(9, 1), (10**7, 1), (100, -1)])
def test_impossible_simulations_are_refused(people: int, seed: int) -> None:
    with pytest.raises(OptionError):
        validate_simulated(people, seed)


def test_a_path_is_read(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    lines = ["person,day,scale,value", *(",".join(map(str, row)) for row in PEOPLE)]
    path.write_text("\n".join(lines), encoding="utf-8")
    one, two = validate(path).of("fma_ue").overall, validate(table(*PEOPLE)).of("fma_ue").overall
    assert one is not None
    assert one == two
