"""A constructed decision that fills every field. Its numbers are made up unless a trial is named."""

from __future__ import annotations

import math

from saisei.base.sources import Source, Statement
from saisei.decision.model import (
    SCHEMA,
    AuditItem,
    CautionView,
    ClaimView,
    CostView,
    CriterionView,
    CurvePoint,
    Decision,
    Emergency,
    Fact,
    FindingView,
    ForestRow,
    FutureView,
    GainRow,
    HarmView,
    JourneyView,
    Kind,
    LeftOutRow,
    Option,
    OtherTreatment,
    People,
    PooledRow,
    Questions,
    QuestionView,
    StepView,
    TherapyView,
    TrialView,
    UnreadRow,
    WithView,
)

__all__ = ["emergency_decision", "full_decision", "short_decision", "sources"]

HELP = (
    "New weakness, a drooping face, trouble speaking, a seizure, the worst headache ever, or, after "
    "an infusion, breathlessness, chest pain, a swollen leg or fever: call the emergency number now "
    "(Japan 119, Europe 112, USA 911, UK 999). Do not use this page to decide."
)
NUMBERS = (("Japan", "119"), ("Europe", "112"), ("USA", "911"), ("UK", "999"))


def st(text: str, *keys: str) -> Statement:
    """Give a sentence with its sources."""
    return Statement(text, keys)


def sources() -> tuple[Source, ...]:
    """Give one source of each kind."""
    return (
        Source(
            "a/doi",
            "TREASURE, Table 2",
            "https://jamanetwork.com/journals/jamaneurology/fullarticle/2813815",
            "article",
            doi="10.1001/jamaneurol.2023.5200",
        ),
        Source("a/doi-again", "TREASURE, Table 2", None, "article", doi="10.1/other"),
        Source("b/pmid", "Pulmonary emboli in a family", "http://pubmed.gov/x", pmid="23918585"),
        Source(
            "c/counts",
            "ACTIsSIMA, counts",
            "https://github.com/someone/reading",
            "secondary",
            registry="NCT02448641",
            note="somebody else's reading of the registry",
        ),
        Source("d/own", "Programmes", "programmes.yaml", "own-file"),
        Source("e/none", "A leaflet without an address", None, "leaflet"),
    )


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
        points(4.0, 9.0),
        (st("Mostly assumption: one trial stands behind this.", "c/counts"),),
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
        unread=(UnreadRow("y", "PISCES III", "finished, not published", None, "unclear"),),
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
        "death",
        "death",
        "Death",
        "C",
        "",
        "risk difference",
        False,
        "left",
        0.0,
        None,
        (),
        None,
        "no data",
        (st("No controlled comparison was found."),),
        "",
        (),
        (),
        (),
        (UnreadRow("y", "PISCES III", "finished, not published", 130, "neutral"),),
    )
    return ratio, lower, nothing


def gains() -> tuple[GainRow, ...]:
    """Give gains of all groups, of two measures."""
    what = "Fugl-Meyer motor, points"
    return (
        GainRow("cells, no control", "NR1, 12 months", what, 7.3, 3.9, 10.7, "12 people", ("a/doi",)),
        GainRow("sham", "STEMTRA, sham surgery", what, 2.3, -3.0, 7.6, "15 people", ("a/doi",)),
        GainRow("therapy only", "Arm training, 3 to 6 weeks", what, 4.0, 2.7, 5.4, "73 people", ("a/doi",)),
        GainRow("cells, with control", "STEMTRA, cells", what, 8.3, 5.5, 11.1, "46 people", ("a/doi",)),
        GainRow("sham", "ACTIsSIMA, sham", "gained 10 points or more, of 100", 13.5, None, None, "52 people", ("c/counts",)),
        GainRow("somebody's own group", "Elsewhere", what, -1.0, None, None, "9 people", (), "odd"),
    )  # fmt: skip


def trials() -> tuple[TrialView, ...]:
    """Give an option and a closed trial."""
    rules = (
        CriterionView("age", "18 to 80 years", "met", "62 years", ("d/own",)),
        CriterionView("time", "6 to 60 months after the stroke", "not met", "72 months"),
        CriterionView("scan", "no infarct on both sides", "unknown", "lesion side is not known"),
        CriterionView("consent", "can consent", "trial team"),
    )
    return (
        TrialView(
            "NCT00000001",
            "A recruiting trial of cells",
            "undecided",
            st("Undecided: one value is missing.", "d/own"),
            "option",
            st("Recruiting when read on 2026-11-02.", "d/own"),
            "the exclusion list ended early",
            rules,
        ),
        TrialView(
            "HUNS001",
            "HUNS001",
            "does not match",
            st("Does not match: 6 to 60 months after the stroke.", "d/own"),
            "closed",
            st("Closed."),
            "",
            (),
        ),
    )


def journey() -> JourneyView:
    """Give a journey."""
    return JourneyView(
        (
            StepView("Harvest of fat", "30 minutes", "from 2026-12-01", (st("Wound.", "d/own"),)),
            StepView("Growing the cells", "3 to 7 weeks", "until 2027-01-19", ()),
        ),
        (st("Two trips of three days.", "d/own"),),
        (CostView("Whole treatment", "USD 15,000 to 45,000", "low", "an agency's own", ("e/none",)),),
        (st("Insurance in Japan does not pay."),),
        (st("Published doubling times imply about 6.5 weeks.", "e/none"),),
    )  # fmt: skip


def therapies() -> tuple[TherapyView, ...]:
    """Give one therapy in full and one in brief."""
    full = TherapyView(
        id="sb623",
        name="SB623 cells into the brain",
        what="Cells from donors' bone marrow, put into the brain by a needle.",
        shown="full",
        bottom_line=st("A controlled trial missed its main goal.", "c/counts"),
        entry=(st("The condition and the time after the stroke fit.", "d/own"),),
        trials=trials(),
        findings=("sb623-fma", "nihss", "death"),
        forecast=st("No forecast is possible."),
        gains=gains()[:1],
        harms=("clots",),
        cautions=("anticoagulant",),
        legal=(st("Not approved for stroke anywhere.", "d/own"),),
        journey=journey(),
        claims=(ClaimView("“Trials showed benefit.”", "not so", st("No.", "c/counts")),),
    )
    brief = TherapyView(
        id="ad-msc",
        name="Own fat-derived cells by vein",
        what="Cells grown from one's own fat.",
        shown="brief",
        bottom_line=st("No controlled trial has tested this in people like you."),
        entry=(),
        trials=(),
        findings=("nihss",),
        forecast=st("No forecast is possible."),
        gains=(),
        harms=(),
        cautions=(),
        legal=(),
        journey=None,
        claims=(),
    )
    return full, brief


def options() -> tuple[Option, ...]:
    """Give the options that are always there."""
    return (
        Option(
            "none",
            "No cell therapy, rehabilitation goes on",
            (st("What most people do.", "a/doi"),),
            (st("Arm training was tested against a comparison.", "a/doi"),),
            (st("It takes many hours a week."),),
        ),
        Option(
            "trial",
            "Take part in a trial",
            (st("One trial is recruiting."),),
            (st("Costs nothing."),),
            (st("You may get the sham."),),
        ),
        Option("wait", "Wait for results", (st("Results are expected."),)),
    )


def questions() -> Questions:
    """Give questions of every kind."""
    return Questions(
        (QuestionView("lesion_side", "Which side of the brain?", "chart", "3 trials"),),
        (st("Who checks the cells before they are given?", "d/own"),),
        (st("May the blood thinner be paused?"),),
        (st("Pays first, asks later."),),
    )


def full_decision() -> Decision:
    """Give a decision with something in every field."""
    return Decision(
        schema=SCHEMA,
        version="0.1.0",
        data_digest="0123456789abcdef",
        as_of="2026-11-20T09:00:00+09:00",
        language="en",
        kind=Kind.FULL,
        audience="self",
        title="Stem cells after your stroke: what is known for you",
        emergency=Emergency(HELP, NUMBERS),
        about=(
            st("For a man of 62 with weakness of the right arm, two years after a stroke."),
            st("It prepares a talk with a doctor. It is not medical advice."),
        ),
        answer=(
            st("No cell therapy has been shown to help people like you.", "c/counts"),
            st("Two trials could be open to you; one value is missing to say more.", "d/own"),
            st("Arm training has better evidence than any cells.", "a/doi", "b/pmid"),
        ),
        person=(
            Fact("mrs_current", "Need of help (mRS)", "3", "2026-11-01", "no date given"),
            Fact("age_years", "Age", "62 years", "", "computed"),
        ),
        options=options(),
        futures=futures(),
        findings=findings(),
        therapies=therapies(),
        gains=gains(),
        gain_notes=(st("A single stable person changes by measurement alone."),),
        other_treatments=(
            OtherTreatment(
                "Vagus nerve stimulation", st("2.6 points more.", "a/doi"), "better than control"
            ),
        ),
        harms=(
            HarmView(
                "clots", "Clots in the lungs", st("Three people.", "b/pmid"), 3, None, "clinic"
            ),
            HarmView("none", "Zero of 18", st("Up to 19 of 100.", "a/doi"), 0, 18, "trial"),
            HarmView(
                "lab", "Clotting", st("In the laboratory.", "a/doi"), None, None, "laboratory"
            ),
        ),  # fmt: skip
        harm_notes=(st("Two people treated for pain, not stroke, died.", "b/pmid"),),
        cautions=(
            CautionView(
                "anticoagulant",
                "Blood thinner",
                st("Never stop it for this without the prescriber.", "d/own"),
                ("harvest", "lumbar puncture"),
                "applies",
            ),
            CautionView("cancer", "Cancer", st("Have you had cancer?"), (), "ask"),
        ),
        had_cells=(st("Ask for follow-up."),),
        deciding_for_another=(st("Ask what the person would have wanted."),),
        practical=(st("Plan for weeks, not days.", "d/own"),),
        not_known=(st("Whether cells and training together do more than training."),),
        values=(st("How much would a few points matter?"),),
        questions=questions(),
        notes=(st("A value without a date counts as of today."),),
        policy=(st("Saisei has no funding from any maker, clinic or agency."),),
        audit=(
            AuditItem(1, "qualifying", "names the condition", "pass", "About this page"),
            AuditItem(28, "quality", "needs assessment", "needs people", ""),
        ),
        sources=sources(),
    )


def short_decision(kind: Kind = Kind.CHILD) -> Decision:
    """Give a short page: a referral."""
    return Decision(
        SCHEMA,
        "0.1.0",
        "0123456789abcdef",
        "2026-11-20T09:00:00+09:00",
        "en",
        kind,
        "family",
        "A child after a stroke",
        Emergency(HELP, NUMBERS),
        (st("For the family of a child."),),
        (st("Ask a centre for children after stroke."),),
        policy=(st("Saisei has no funding from any maker, clinic or agency."),),
    )


def emergency_decision() -> Decision:
    """Give the emergency page."""
    return Decision(
        SCHEMA,
        "0.1.0",
        "0123456789abcdef",
        "2026-11-20T09:00:00+09:00",
        "en",
        Kind.EMERGENCY,
        "family",
        "Call the emergency number now",
        Emergency(HELP, NUMBERS, ("Breathless with a swollen leg after an infusion of cells.",)),
        (),
        (),
    )
