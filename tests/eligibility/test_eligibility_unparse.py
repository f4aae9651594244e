"""From tree to text and back: the same tree, or no text at all."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.drawn import draw_person, draw_rule, lookup_in
from saisei.base.errors import CriterionError
from saisei.eligibility import (
    And,
    Compare,
    Expression,
    Flag,
    Operator,
    evaluate,
    parse,
    unparse,
)
from saisei.therapies import trials
from saisei.therapies.protocols import population_protocols

TEXTS = {
    "epilepsy": "epilepsy",
    "not (epilepsy or coma) and diabetes": "not (epilepsy or coma) and diabetes",
    "none_of(epilepsy, coma)": "not (epilepsy or coma)",
    "age_years>=18": "age_years >= 18",
    "60 >= months_since_stroke > 6": "6 < months_since_stroke <= 60",
    "ldl_mmol_l > quantity(190, 'mg/dL')": "ldl_mmol_l > 4.913",
    "stroke_type == 'ischemic'": "stroke_type in {'ischemic'}",
    "stroke_type not in ['tia', 'none']": "not stroke_type in {'tia', 'none'}",
    "'MCA' in infarct_territory": "any_of(infarct_territory, {'MCA'})",
    "antithrombotics == []": "antithrombotics == []",
    "at_least(2, epilepsy, coma, diabetes)": "at_least(2, epilepsy, coma, diabetes)",
    "at_least(1, infarct_territory, {'MCA', 'ACA'})":
        "at_least(1, infarct_territory, {'MCA', 'ACA'})",
    "if_unknown(epilepsy, False) or coma": "if_unknown(epilepsy, False) or coma",
    "highest(nihss_total, hours=12) - nihss_total >= 4":
        "(highest(nihss_total, days=0.5) - nihss_total) >= 4",
    "days_since(onset_datetime) < 7": "days_since(onset_datetime) < 7",
    "hours_between(onset_datetime, planned_treatment_datetime) <= 4.5":
        "hours_between(onset_datetime, planned_treatment_datetime) <= 4.5",
}  # fmt: skip
"""What may be written, and how it is written again."""


@pytest.mark.parametrize("text", TEXTS)
def test_every_form_of_the_language_is_written_again(text: str) -> None:
    written = unparse(parse(text))
    if "quantity" not in text:  # a converted number has as many digits as it has
        assert written == TEXTS[text]
    assert parse(written) == parse(text)


DIVIDED = [
    "nihss_total / 2 >= mrs_current",
    "days_since(onset_datetime) / quantity(7, 'd') > months_since_stroke / quantity(1, 'mo')",
    "days_since(onset_datetime) / quantity(7, 'd') >= nihss_total / mrs_current",
]


@pytest.mark.parametrize("text", DIVIDED)
def test_a_divisor_with_a_unit_and_one_without_come_back(text: str) -> None:
    assert parse(unparse(parse(text))) == parse(text)


def test_every_rule_of_every_protocol_comes_back() -> None:
    rules = [rule for one in population_protocols() for rule in one.criteria]
    assert len(rules) > len(trials())
    for rule in rules:
        assert parse(unparse(rule.when)) == rule.when


@given(st.randoms(use_true_random=False))
def test_a_drawn_tree_comes_back_or_is_refused(random: Random) -> None:
    rule = draw_rule(random)
    text = _written(rule)
    if text is not None:
        person = lookup_in(draw_person(random))
        assert evaluate(parse(text), person).truth is evaluate(rule, person).truth


def _written(rule: Expression) -> str | None:
    try:
        return unparse(rule)
    except CriterionError:
        return None


def test_most_drawn_trees_have_a_text() -> None:
    """The others hold a constant, a range that nobody is in, or units that do not meet."""
    random = Random(20261120)  # noqa: S311 - a fixed sample, no secret
    found = [_written(draw_rule(random, 2)) for _ in range(300)]
    assert sum(text is not None for text in found) > 100


def test_a_tree_that_no_text_gives_is_refused() -> None:
    nobody = Compare("age_years", Operator.LT, -5.0)
    lone = And((Flag("epilepsy"),))
    for tree in (nobody, lone):
        with pytest.raises(CriterionError):
            unparse(tree)
