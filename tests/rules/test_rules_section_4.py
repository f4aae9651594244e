"""One contrast per study and question: no standardised difference becomes an odds ratio."""

from __future__ import annotations

from evidence.evidence_builders import made, row
from saisei.evidence import Question, select
from saisei.vocabulary import Condition, Outcome, Stage

SMD = {"contrast": {"measure": "SMD", "estimate": -0.4, "ci95": [-0.8, 0.0], "of": "one",
                    "versus": "none"}}  # fmt: skip
COUNTS = {"one": {"counts": [1, 4, 6, 8, 6, 2, 1]}, "none": {"counts": [1, 3, 6, 9, 6, 3, 1]}}


QUESTION = Question(
    outcome=Outcome.MRS, kind="ordinal", condition=Condition.ISCHEMIC_STROKE, stage=Stage.CHRONIC
)


def test_a_standardised_difference_never_joins_ordinal_odds_ratios() -> None:
    whole = made("whole", [row("mrs", "counts", COUNTS)])
    standardised = made("standardised", [row("mrs", "effect", SMD)])
    found = select(QUESTION, [whole, standardised])
    assert [one.study_id for one in found.contrasts] == ["whole"]
    assert [one.study_id for one in found.left_out] == ["standardised"]
    assert "standardised" in found.left_out[0].reason
    assert found.beside == ()
