"""The evidence of the constructed decision: futures, findings, gains."""

from __future__ import annotations

import math

from saisei.base.sources import Statement
from saisei.decision.views import (
    BetweenView,
    ChoiceRow,
    CurvePoint,
    FindingView,
    ForestRow,
    FutureView,
    GainRow,
    GroupRow,
    GroupView,
    LeftOutRow,
    People,
    PooledRow,
    UnreadRow,
    WithView,
)

__all__ = ["findings", "futures", "gains", "st"]


def st(text: str, *keys: str) -> Statement:
    """Give a sentence with its sources."""
    return Statement(text, keys)


def points(gain: float, spread: float) -> tuple[CurvePoint, ...]:
    """Give a course of a year that rises by `gain` and widens to `spread`."""
    rows = []
    for month in range(13):
        share = 1 - math.exp(-month / 4)
        half, ninety = 1 + share * spread / 3, 2 + share * spread
        middle = 28 + gain * share
        low, high = middle - ninety, middle + ninety
        rows.append(
            CurvePoint(month * 30.44, low, middle - half, middle, middle + half, high, month > 8)
        )
    return tuple(rows)


def people(better: int, worse: int) -> People:
    """Give 100 people."""
    return People(
        better,
        100 - better - worse,
        worse,
        6.0,
        st("A change of 6 points is what people with an old stroke notice.", "b/pmid"),
        (
            st(
                f"Out of 100 people like this, about {better} are better by 6 points or more a "
                f"year from now, and about {100 - better} are not.",
                "a/doi",
            ),
        ),
    )


def choices() -> tuple[ChoiceRow, ...]:
    """Give a choice that can be drawn, one that cannot, and one that leaves nothing."""
    return (
        ChoiceRow("a half-normal prior", "half-normal", (), 1.3, 0.8, 2.2, "uncertain", "low",
                  15, 7, 29, 8, 5, 12),
        ChoiceRow("without A", "Rhodes 2015", ("A",), 1.1, 0.4, 3.1, "uncertain", "very-low"),
        ChoiceRow("without studies at risk", "", ("A", "B"), None, None, None, "no data", ""),
    )  # fmt: skip


def futures() -> tuple[FutureView, ...]:
    """Give a future with a therapy, one without, and one that cannot be given."""
    with_ = WithView(
        "sb623",
        "sb623-fma",
        people(14, 8),
        6,
        31,
        4,
        13,
        points(4.0, 9.0)[6:],
        (st("Mostly assumption: one trial stands behind this.", "c/counts"),),
        (2, 48),
        (2, 19),
        BetweenView(6.0, 0, 71, 0, 5, 100, 0, 22, 0),
        choices(),
        (st("Other reasonable ways to add up the trials would give between 11 and 15 of 100."),),
    )
    arm = FutureView(
        "fma_ue",
        "Arm and hand (Fugl-Meyer arm score, 0 to 66)",
        0.0,
        66.0,
        "higher",
        ((-180.0, 26.0), (0.0, 28.0)),
        points(1.0, 8.0),
        "one year from now",
        people(10, 9),
        (with_,),
        (st("Most people like this stay within a few points of where they are.", "a/doi"),),
    )
    alone = FutureView(
        "mrs",
        "Need of help (mRS, 0 to 6)",
        0.0,
        6.0,
        "lower",
        ((0.0, 3.0),),
        tuple(CurvePoint(d, 1.2, 2.0, 2.8, 3.1, 4.0) for d in (0.0, 90.0, 365.0)),
        why_no_with=(st("No trial measured this with these cells at a fixed time.", "c/counts"),),
    )
    none = FutureView(
        "nihss",
        "Signs of stroke (NIHSS)",
        0.0,
        42.0,
        "lower",
        sentences=(st("Of 100 people about 11 moved by a grade; about 89 did not.", "b/pmid"),),
        why_not=st("No model of the natural course a year or more after a stroke was found."),
    )
    return arm, alone, none


def findings() -> tuple[FindingView, ...]:
    """Give a pool of ratios, a difference with low on the good side, and a finding without data."""
    ratio = FindingView(
        id="sb623-fma",
        outcome="fma-motor",
        title="Gained 10 points or more on the arm-and-leg score, at 6 months",
        tier="A",
        tier_note="The same cells by the same way, in people with the same kind of stroke.",
        scale="odds ratio",
        log_axis=True,
        better="right",
        null=1.0,
        worthwhile=(0.8, 1.25),
        rows=(
            ForestRow(
                "actissima",
                "ACTIsSIMA 2020, 2.5 million cells",
                "7 of 55",
                "7 of 52",
                0.94,
                0.30,
                2.89,
                0.62,
                "some",
                "read second hand",
                ("c/counts",),
            ),
            ForestRow(
                "other",
                "A very small trial 2017",
                "3 of 9",
                "0 of 8",
                9.2,
                0.4,
                211.0,
                0.38,
                "high",
                "",
                ("a/doi",),
            ),
            ForestRow(
                "beside", "Lee 2010, as treated", "5 of 16", "2 of 36", 7.7, 1.3, 45.0, 0.0, "high"
            ),
        ),
        pooled=PooledRow("Together (2 trials)", 1.5, 0.5, 4.6, 0.1, 22.0, "exact Bayesian"),
        verdict="uncertain",
        sentences=(
            st("It is uncertain whether these cells change the score.", "c/counts"),
            st("At half and at double the threshold the verdict stays the same."),
        ),
        certainty="very low",
        reasons=(
            st("Two steps down: the interval reaches both benefit and harm.", "c/counts"),
            st("One step down: a trial of this question was never published."),
        ),
        counts=(st("With cells 7 of 55 and 9 of 56, with sham surgery 7 of 52.", "c/counts"),),
        left_out=(LeftOutRow("x", "Some study 2015", "no control arm"),),
        unread=(UnreadRow("y", "PISCES III", "finished-unpublished", None, "unclear"),),
        method=(st("How far hospitals may differ: Turner 2015.", "a/doi"),),
        choices=choices(),
        choices_words=(st("With 3 other ways the answer would change: no data."),),
        group=GroupView(
            (GroupRow(0, 2.9, 3.6, 1.3, 10.1), GroupRow(1, 10.8, 13.1, 4.8, 30.9)),
            2.9,
            102,
            (st("It describes groups, not one person.", "a/doi"),),
        ),
    )
    lower = FindingView(
        id="nihss",
        outcome="nihss",
        title="Signs of stroke (NIHSS) at one year",
        tier="B",
        tier_note="The same kind of delivery, other cells.",
        scale="difference in points",
        log_axis=False,
        better="left",
        null=0.0,
        worthwhile=(-1.0, 1.0),
        rows=(
            ForestRow(
                "z", "Savitz 2019", "mean 5.1, n 31", "mean 5.4, n 17", -0.3, -2.0, 1.4, 1.0, "some"
            ),
        ),
        pooled=None,
        verdict="no worthwhile difference",
        sentences=(st("It may make no difference that matters.", "a/doi"),),
        certainty="low",
        reasons=(st("One study: cannot be judged."),),
        counts=(),
        left_out=(),
        unread=(),
    )
    nothing = FindingView(
        id="death",
        outcome="death",
        title="Death",
        tier="C",
        tier_note="",
        scale="risk difference",
        log_axis=False,
        better="left",
        null=0.0,
        worthwhile=None,
        rows=(),
        pooled=None,
        verdict="no data",
        sentences=(st("No controlled comparison was found."),),
        certainty="",
        reasons=(),
        counts=(),
        left_out=(),
        unread=(UnreadRow("y", "PISCES III", "finished, not published", 130, "neutral"),),
    )
    return ratio, lower, nothing


def gains() -> tuple[GainRow, ...]:
    """Give gains of all groups, of two measures."""
    motor, responders = "Fugl-Meyer motor, points", "gained 10 points or more, of 100"
    doi, counts = ("a/doi",), ("c/counts",)
    return (
        GainRow("cells, no control", "NR1, 12 months", motor, 7.3, 3.9, 10.7, "12", doi),
        GainRow("sham", "STEMTRA, sham surgery", motor, 2.3, -3.0, 7.6, "15", doi),
        GainRow("therapy only", "Arm training, 6 weeks", motor, 4.0, 2.7, 5.4, "73", doi),
        GainRow("cells, with control", "STEMTRA, cells", motor, 8.3, 5.5, 11.1, "46", doi),
        GainRow("sham", "ACTIsSIMA, sham", responders, 13.5, None, None, "7 of 52", counts),
        GainRow("somebody's own", "Elsewhere", motor, -1.0, None, None, "9", (), "odd"),
    )
