"""The numbers of docs/methods-null-trial.md are those that the program gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from saisei.forecast import (
    ArmMeans,
    Design,
    NullTrial,
    null_contexts,
    null_trial,
    study_prior,
    trial_power,
)
from saisei.report.null_trials import of_100

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods-null-trial.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| (none|control|intensive|first-year-therapy) \|", line)
]


def worked(name: str, trials: int = 10_000, **more: float) -> NullTrial:
    months = 9 if name == "first-year-therapy" else 24
    return null_trial(18, months, 12, name, trials=trials, **more)  # type: ignore[arg-type]  # numbers by name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_worked_figures(row: list[str]) -> None:
    found = worked(row[0])
    nr1, sb623 = found.reach_of("nr1_arm_gain"), found.reach_of("sb623_motor_gain")
    gain = found.mean_gain
    assert sb623.own_size is not None
    assert nr1.as_significant is not None
    assert sb623.as_significant is not None
    assert row[1:] == [
        f"{found.mean:+.1f}",
        of_100(found.share_gain_6),
        f"{gain.quantile(0.05):.1f} to {gain.quantile(0.95):.1f}",
        of_100(dict(found.t_test.below)[0.05]),
        of_100(nr1.share),
        of_100(nr1.as_significant),
        of_100(sb623.own_size),
        of_100(sb623.as_significant),
    ]


def test_four_rows_are_worked() -> None:
    assert len(ROWS) == 4


def test_the_spread_between_studies() -> None:
    shares = [
        of_100(worked("intensive", 100, spread=spread).reach_of("nr1_arm_gain").share)
        for spread in (0.69, 1.64, 3.78)
    ]
    assert f"becomes {shares[0]}, {shares[1]} and {shares[2]}" in TEXT
    assert null_contexts()["intensive-arm-therapy"].spread_between == 1.64


def test_the_planned_trial() -> None:
    prior = study_prior("steinberg-2025-nr1")
    found = trial_power(ArmMeans(), Design(120, dropout=0.1), 3.0, prior, trials=0)
    assert found.assurance is not None
    told = f"power {of_100(found.power)} of 100 at 3 points, assurance {of_100(found.assurance)}"
    assert told in TEXT


def test_it_is_led_to_from_the_methods() -> None:
    assert "(methods-null-trial.md)" in PAGE.with_name("methods.md").read_text(encoding="utf-8")
