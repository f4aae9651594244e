"""A constructed decision that fills every field. Its numbers are made up."""

from __future__ import annotations

from report.report_evidence import findings, futures, gains, st
from saisei.base.sources import Source
from saisei.decision.model import (
    SCHEMA,
    AuditItem,
    Decision,
    Emergency,
    Fact,
    Kind,
    Option,
    OtherTreatment,
    Questions,
    QuestionView,
)
from saisei.decision.views import (
    CautionView,
    ClaimView,
    CostView,
    CriterionView,
    HarmView,
    JourneyView,
    StepView,
    TherapyView,
    TrialView,
)

__all__ = ["emergency_decision", "full_decision", "short_decision", "sources"]

HELP = (
    "New weakness, a drooping face, trouble speaking, a seizure, the worst headache ever, or, "
    "after an infusion, breathlessness, chest pain, a swollen leg or fever: call the emergency "
    "number now. Do not use this page to decide."
)
NUMBERS = (("Japan", "119"), ("Europe", "112"), ("USA", "911"), ("UK", "999"))


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
        (CostView("Whole treatment", "USD 15,000", "low", "an agency's own", ("e/none",)),),
        (st("Insurance in Japan does not pay."),),
        (st("Published doubling times imply about 6.5 weeks.", "e/none"),),
    )


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
        ),
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
