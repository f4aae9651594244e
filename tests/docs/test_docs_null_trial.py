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
from saisei.report.null_trials import out_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods-null-trial.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| (none|control|intensive|therapy-arms|first-year-therapy) \| \+", line)
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
        out_of(found.share_gain_6),
        f"{gain.quantile(0.05):.1f} to {gain.quantile(0.95):.1f}",
        out_of(dict(found.t_test.below)[0.05]),
        out_of(nr1.share),
        out_of(nr1.as_significant),
        out_of(sb623.own_size),
        out_of(sb623.as_significant),
    ]


def test_five_rows_are_worked() -> None:
    assert len(ROWS) == 5


def test_the_table_of_changes() -> None:
    days = {"weeks": 7.0, "months": 365.25 / 12, "year": 365.25}
    table = TEXT.split("<!-- check -->")[1].split("<!-- end of check -->")[0].splitlines()[3:]
    assert len(table) == 13
    for line in table:
        name, after, _, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        count, unit = after.split()
        since = {"first-year-therapy": 9, "after-rehabilitation": 7}.get(name, 24)
        months = float(count) * days[unit] * 12 / 365.25
        found = null_trial(18, since, months, name, trials=100)
        shares = [f"{100 * one:.0f}" for one in (found.share_gain_6, found.share_loss_6)]
        assert cells[::2] == [
            f"{found.mean:.1f}".replace("-0.0", "0.0"),
            f"{found.sd:.1f}",
            *shares,
        ]
        assert float(cells[1]) == pytest.approx(found.mean, abs=0.2)


def test_the_spread_between_studies() -> None:
    shares = [
        out_of(worked("intensive", 100, spread=spread).reach_of("nr1_arm_gain").share)
        for spread in (0.69, 1.64, 3.78)
    ]
    assert f"reached by {shares[0]}, {shares[1]} and {shares[2]}" in TEXT
    assert null_contexts()["intensive-arm-therapy"].spread_between == 1.64


def test_the_planned_trial() -> None:
    prior = study_prior("steinberg-2025-nr1")
    found = trial_power(ArmMeans(), Design(120, dropout=0.1), 3.0, prior, trials=0)
    assert found.assurance is not None
    told = f"power {out_of(found.power)} at 3 points, assurance {out_of(found.assurance)}"
    assert told in TEXT


def test_it_is_led_to_from_the_methods() -> None:
    assert "(methods-null-trial.md)" in PAGE.with_name("methods.md").read_text(encoding="utf-8")
