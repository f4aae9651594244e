"""The smallest deciding sets against every set and every answer, on random small protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, combinations, product
from random import Random

import pytest

from saisei.base.dates import parse_as_of
from saisei.cases import Answer, Case, Known, case_from_data, fields
from saisei.eligibility import (
    Criterion,
    Deciding,
    FactSet,
    Judged,
    by_field,
    could_end_with,
    deciding_sets,
    facts_of,
    facts_of_fields,
    judge,
    parse,
)
from saisei.vocabulary import Truth

SCANS = fields()["contraindicated_imaging"].values
VALUES: Mapping[str, tuple[Known, ...]] = {
    "epilepsy": (True, False),
    "coma": (True, False),
    "diabetes": (True, False),
    "mrs_current": tuple(map(float, range(6))),
    "gcs_total": tuple(map(float, range(3, 16))),
    "stroke_hemisphere": ("left", "right", "both", "none"),
    "contraindicated_imaging": tuple(
        frozenset(chosen)
        for size in range(len(SCANS) + 1)
        for chosen in combinations(SCANS, size)
    ),
}  # fmt: skip
TESTS = (
    "epilepsy",
    "coma",
    "diabetes",
    "mrs_current in {{{a}, {b}}}",
    "mrs_current >= {b}",
    "{a} < mrs_current < {b}",
    "gcs_total <= {g}",
    "gcs_total > {g}",
    "stroke_hemisphere == 'left'",
    "stroke_hemisphere in {{'left', 'both'}}",
    "any_of(contraindicated_imaging, {{'MRI', 'CT'}})",
    "within(contraindicated_imaging, {{'MRI'}})",
    "contraindicated_imaging == []",
)
JOINED = ("{} and {}", "{} or {}", "not ({} and {})", "at_least(2, {}, {}, coma)")
EFFORTS = (1.0, 1.5, 2.0, 3.0)
Person = Mapping[str, Known]
Reading = Callable[[str], Answer]


def rule_of(index: int, when: str, *, excludes: bool = False) -> Criterion:
    kind = "exclusion" if excludes else "inclusion"
    return Criterion(f"r{index}", kind, "t", parse(when))  # type: ignore[arg-type] # a Kind


def drawn_test(random: Random) -> str:
    low = random.randint(0, 3)
    filling = {"a": low, "b": random.randint(low + 2, 5), "g": random.randint(4, 14)}
    return random.choice(TESTS).format(**filling)


def drawn_rule(random: Random, index: int) -> Criterion:
    when = drawn_test(random)
    if random.random() < 0.5:
        when = random.choice(JOINED).format(when, drawn_test(random))
    return rule_of(index, when, excludes=random.random() < 0.5)


def drawn(seed: int) -> tuple[list[Criterion], Person, dict[str, float]]:
    random = Random(seed)  # noqa: S311 - which protocols are tried, not a secret
    rules = [drawn_rule(random, i) for i in range(random.randint(1, 4))]
    known = {name: random.choice(VALUES[name]) for name in VALUES if random.random() < 0.35}
    return rules, known, {name: random.choice(EFFORTS) for name in VALUES}


def by_known(person: Person) -> Reading:
    def lookup(name: str) -> Answer:
        if name in person:
            return Answer(name, "known", person[name])
        return Answer(name, "missing")

    return lookup


def verdict(rules: Sequence[Criterion], person: Person) -> Truth:
    found = {judge(rule, by_field(by_known(person))).truth for rule in rules}
    return next((t for t in (Truth.FALSE, Truth.UNKNOWN) if t in found), Truth.TRUE)


def subsets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def outcomes(rules: Sequence[Criterion], person: Person, asked: Sequence[str]) -> set[Truth]:
    """Give every verdict that some answers to a set of facts lead to."""
    answers = product(*(VALUES[name] for name in asked))
    return {verdict(rules, {**person, **dict(zip(asked, given, strict=True))}) for given in answers}


def deciding(rules: Sequence[Criterion], person: Person, effort: Mapping[str, float]) -> Deciding:
    facts = facts_of_fields(by_known(person), rules)
    return deciding_sets(facts, range(len(facts.rules)), effort)


def effort_of(found: FactSet | None) -> float | None:
    return None if found is None else found.effort


@pytest.mark.parametrize("seed", range(120))
def test_the_sets_are_the_smallest_of_all(seed: int) -> None:
    rules, known, effort = drawn(seed)
    read = {name for rule in rules for name in VALUES if name in str(rule.when)}
    missing = sorted(read - set(known))
    found = deciding(rules, known, effort)
    assert found.complete
    cost = {asked: sum(effort[name] for name in asked) for asked in subsets(missing)}
    by_set = {asked: outcomes(rules, known, asked) for asked in cost}
    open_ = {a: out for a, out in by_set.items() if by_set[()] == {Truth.UNKNOWN}}
    if not open_:
        return
    least_end = min((cost[a] for a, out in open_.items() if Truth.FALSE in out), default=None)
    least_match = min((cost[a] for a, out in open_.items() if Truth.TRUE in out), default=None)
    least_sure = min((cost[a] for a, out in open_.items() if Truth.UNKNOWN not in out))
    assert effort_of(found.could_end) == least_end
    assert effort_of(found.could_match) == least_match
    assert effort_of(found.surely) == least_sure
    for one in (found.could_end, found.could_match, found.surely):
        assert one is None or one.exact


@pytest.mark.parametrize("seed", range(40))
def test_a_set_that_decides_decides_and_stays_so_when_enlarged(seed: int) -> None:
    rules, known, effort = drawn(1000 + seed)
    found = deciding(rules, known, effort)
    read = {name for rule in rules for name in VALUES if name in str(rule.when)}
    missing = sorted(read - set(known))
    assert found.surely is not None
    for more in missing:
        asked = sorted({*found.surely.facts, more})
        assert Truth.UNKNOWN not in outcomes(rules, known, asked)


@pytest.mark.parametrize("seed", range(40))
def test_the_greedy_sets_are_not_cheaper_and_keep_their_bound(seed: int) -> None:
    rules, known, effort = drawn(2000 + seed)
    facts = facts_of_fields(by_known(known), rules)
    exact = deciding_sets(facts, range(len(facts.rules)), effort)
    greedy = deciding_sets(facts, range(len(facts.rules)), effort, exact_up_to=0)
    pairs = (
        (exact.could_end, greedy.could_end),
        (exact.could_match, greedy.could_match),
        (exact.surely, greedy.surely),
    )
    for one, other in pairs:
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one.effort <= other.effort <= other.bound * one.effort + 1e-9


# ---------------------------------------------------------------- by hand


def sets_of(*rules: Criterion, **known: Known) -> tuple[tuple[str, ...] | None, ...]:
    effort = dict.fromkeys(VALUES, 1.0)
    found = deciding(rules, known, effort)
    sets = (found.could_end, found.could_match, found.surely)
    return tuple(one.facts if one else None for one in sets)


@pytest.mark.parametrize(
    ("when", "excludes", "expected"),
    [
        ("epilepsy", True, (("epilepsy",), ("epilepsy",), ("epilepsy",))),
        ("epilepsy or coma", True, (("coma",), ("coma", "epilepsy"), ("coma", "epilepsy"))),
        ("epilepsy and coma", True, (("coma", "epilepsy"), ("coma",), ("coma", "epilepsy"))),
        ("epilepsy and not epilepsy", False, (("epilepsy",), None, ("epilepsy",))),
    ],
)
def test_one_rule(when: str, excludes: bool, expected: object) -> None:  # noqa: FBT001 - a row
    assert sets_of(rule_of(0, when, excludes=excludes)) == expected


def test_rules_that_exclude_one_another_are_decided_by_the_fact_they_share() -> None:
    contradiction = (rule_of(0, "mrs_current >= 4"), rule_of(1, "mrs_current <= 2"))
    other = rule_of(2, "epilepsy or coma or diabetes")
    assert sets_of(*contradiction, other) == (("mrs_current",), None, ("mrs_current",))


def test_a_step_of_a_score_lies_between_no_two_whole_points() -> None:
    both = (rule_of(0, "mrs_current > 2"), rule_of(1, "mrs_current < 3"))
    assert sets_of(*both)[1] is None


def test_what_could_end_only_together_is_counted() -> None:
    rules = [rule_of(0, "epilepsy and coma", excludes=True), rule_of(1, "diabetes", excludes=True)]
    facts = facts_of_fields(by_known({}), rules)
    assert could_end_with(facts, 0) == {"epilepsy": 2, "coma": 2}
    assert could_end_with(facts, 1) == {"diabetes": 1}


def test_a_search_that_is_given_up_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saisei.eligibility.parts.MAX_STEPS", 300)
    flags = sorted(name for name, one in fields().items() if one.type == "boolean"
                   and not (one.derived or one.judgement or one.willingness))[:24]  # fmt: skip
    rule = rule_of(0, f"at_least(12, {', '.join(flags)})")
    facts = facts_of_fields(by_known({}), [rule])
    found = deciding_sets(facts, [0], dict.fromkeys(flags, 1.0))
    assert not found.complete
    assert found.surely is None


# ---------------------------------------------------------------- a case: computed, following


AS_OF = parse_as_of("2026-11-20T09:00+09:00")


def case_of(**given: object) -> Case:
    return case_from_data(given, as_of=AS_OF)


def case_sets(case: Case, *rules: Criterion) -> tuple[tuple[str, ...] | None, ...]:
    judged: list[Judged] = [judge(rule, case) for rule in rules]
    facts = facts_of(case, judged)
    effort = dict.fromkeys(facts.possible, 1.0)
    found = deciding_sets(facts, range(len(facts.rules)), effort)
    sets = (found.could_end, found.could_match, found.surely)
    return tuple(one.facts if one else None for one in sets)


def test_a_computed_field_is_asked_by_what_it_is_computed_from() -> None:
    rule = rule_of(0, "6 <= months_since_stroke <= 60")
    assert case_sets(case_of(), rule) == (("onset_datetime",),) * 3
    motor = rule_of(0, "40 <= fma_motor_total <= 60")
    assert case_sets(case_of(fma_ue=30), motor) == (("fma_le",),) * 3
    assert case_sets(case_of(), motor)[1:] == (("fma_le", "fma_ue"),) * 2


UPPER_LIMITS = {"ast_u_l": 35, "alt_u_l": 40}


@pytest.mark.parametrize(
    ("when", "known", "asked"),
    [
        ("99 < mean_arterial_pressure_mmhg < 99.5", {"systolic_bp_mmhg": 140}, "diastolic_bp_mmhg"),
        ("2 < ast_alt_x_uln <= 2.1", {"ast_u_l": 5, "uln": UPPER_LIMITS}, "alt_u_l"),
        ("100 < serum_creatinine_umol_l < 101", {}, "serum_creatinine_mg_dl"),
        ("18 <= age_years < 19", {}, "birth_date"),
        ("hours_since_thrombolysis <= 1", {}, "datetime_thrombolysis_end"),
    ],
)  # fmt: skip
def test_a_narrow_limit_of_what_is_computed_is_met_by_some_answer(
    when: str, known: Mapping[str, object], asked: str
) -> None:
    assert case_sets(case_of(**known), rule_of(0, when))[1] == (asked,)


def test_a_more_exact_date_agrees_with_what_is_known() -> None:
    known = case_of(onset_datetime="2026")
    near, far = rule_of(0, "months_since_stroke <= 6"), rule_of(0, "months_since_stroke > 20")
    assert case_sets(known, near) == (("onset_datetime",),) * 3
    assert judge(far, known).truth is Truth.FALSE
    straddled = (near, rule_of(1, "months_since_stroke > 7"))
    assert case_sets(known, *straddled) == (("onset_datetime",), None, ("onset_datetime",))


def test_one_answer_counts_for_all_that_follows_from_it() -> None:
    rules = [
        rule_of(0, "active_malignancy_except_skin_bcc_scc", excludes=True),
        rule_of(1, "cns_malignancy_history", excludes=True),
        rule_of(2, "advanced_cancer", excludes=True),
    ]
    ends, matches, surely = case_sets(case_of(), *rules)
    assert ends == ("active_malignancy_except_skin_bcc_scc",)
    assert matches in {("malignancy_history",), ("malignancies",)}
    assert surely == tuple(sorted(
        ("active_malignancy_except_skin_bcc_scc", "cns_malignancy_history", "advanced_cancer")
    ))  # fmt: skip


def test_what_the_team_decides_is_never_asked() -> None:
    rule = rule_of(0, "severe_comorbidity or epilepsy", excludes=True)
    assert case_sets(case_of(), rule) == (("epilepsy",), None, None)


def test_what_is_not_to_be_asked_leaves_a_rule_open() -> None:
    rule = rule_of(0, "life_expectancy_months >= 12")
    judged = [judge(rule, case_of())]
    facts = facts_of(case_of(), judged, frozenset({"life_expectancy_months"}))
    assert deciding_sets(facts, [0], {}) == Deciding(None, None, None)
