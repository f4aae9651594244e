"""The fewest questions over the coded trials: what the sets promise holds when it is answered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import islice, product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from saisei.base.dates import parse_as_of
from saisei.base.errors import CaseError
from saisei.cases import Case, Field, case_from_data, fields, read_case
from saisei.eligibility import FactSet
from saisei.therapies import OpenTrials, Screening, TrialMatch, match_trial, screen

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
EXAMPLES = Path(__file__).parents[2] / "examples"
NUMBERS = ("01", "02", "03", "04", "05", "07", "08", "09", "11", "12")
FEW = 50
"""So many combinations of answers are tried for one set."""


@cache
def screening(number: str) -> Screening:
    (path,) = EXAMPLES.glob(f"{number}-*.yaml")
    return screen(read_case(path, as_of=AS_OF))


def verdicts(trials: OpenTrials, match: TrialMatch, asked: Sequence[str]) -> Iterator[str]:
    """Give the verdict of a trial for many combinations of answers to some questions."""
    several = [trials.facts.possible[name].answers for name in asked]
    random = Random(0)  # noqa: S311 - which answers are tried, not a secret
    drawn = iter(lambda: tuple(map(random.choice, several)), None)
    for given in islice(product(*several), FEW):
        yield from _verdict(trials.case, match, asked, given)
    for given in islice(drawn, FEW):
        yield from _verdict(trials.case, match, asked, given)


def _verdict(
    case: Case, match: TrialMatch, asked: Sequence[str], given: Sequence[Any]
) -> Iterator[str]:
    try:
        answered = case.answered(**dict(zip(asked, given, strict=True)))
    except CaseError:
        return
    yield match_trial(match.trial, answered).word


def judged_again(trials: OpenTrials, match: TrialMatch, found: FactSet) -> str:
    """Judge a trial with the answers that a set is shown by."""
    return match_trial(match.trial, trials.case.answered(**found.answers)).word


@pytest.mark.parametrize("number", NUMBERS)
def test_one_answer_could_end_each_open_trial(number: str) -> None:
    trials = screening(number).open
    for match in trials.open:
        found = trials.deciding(match).could_end
        assert found is not None
        assert len(found.facts) == 1
        assert judged_again(trials, match, found) == "does-not-match", match.trial.id


@pytest.mark.parametrize("number", NUMBERS)
def test_the_answers_of_a_matching_set_make_it_match(number: str) -> None:
    trials = screening(number).open
    for match in trials.open:
        found = trials.deciding(match).could_match
        if found is not None:
            assert set(found.answers) == set(found.facts)
            assert judged_again(trials, match, found) == "matches", match.trial.id


def test_dates_of_different_rules_that_could_match_are_in_order() -> None:
    known = {"condition": "ischemic-stroke", "onset_datetime": "2026", "birth_date": "1958-02-03"}
    trials = screen(case_from_data(known, as_of=AS_OF)).open
    (match,) = (one for one in trials.open if one.trial.id == "NCT01678534")
    sets = trials.deciding(match)
    assert sets.complete
    assert sets.could_match is not None
    assert {"onset_datetime", "planned_treatment_datetime"} <= set(sets.could_match.facts)
    assert judged_again(trials, match, sets.could_match) == "matches"


def test_most_open_trials_could_match() -> None:
    found = [screening(number).open for number in NUMBERS]
    sets = [trials.deciding(match).could_match for trials in found for match in trials.open]
    assert sum(one is not None for one in sets) > 0.7 * len(sets)


@pytest.mark.parametrize("number", NUMBERS)
def test_asking_all_of_a_deciding_set_decides(number: str) -> None:
    trials = screening(number).open
    for match in trials.open:
        found = trials.deciding(match).surely
        if found is not None:
            assert "undecided" not in verdicts(trials, match, found.facts), match.trial.id


@pytest.mark.parametrize("seed", range(8))
def test_asking_all_of_a_deciding_set_decides_for_anybody(seed: int) -> None:
    trials = screen(drawn_case(seed)).open
    for match in trials.open[:6]:
        sets = trials.deciding(match)
        if sets.surely is not None:
            said = set(verdicts(trials, match, sets.surely.facts))
            assert "undecided" not in said, match.trial.id
        if sets.could_end is not None:
            assert judged_again(trials, match, sets.could_end) == "does-not-match"
        if sets.could_match is not None:
            assert judged_again(trials, match, sets.could_match) == "matches", match.trial.id


def drawn_case(seed: int) -> Case:
    """Draw somebody with an infarct of whom a tenth of all fields, or more, is stated."""
    random = Random(seed)  # noqa: S311 - who is tried, not a secret
    onset = random.choice(["2024-05-01", "2026-11-19T12:00+09:00", "2026-10-20", "2026"])
    case = case_from_data({"condition": "ischemic-stroke", "onset_datetime": onset}, as_of=AS_OF)
    share = random.choice([0.1, 0.4, 0.7])
    for wanted in fields().values():
        if wanted.derived or wanted.id in case.entries or random.random() > share:
            continue
        with suppress(CaseError):
            case = case.answered(**{wanted.id: drawn_answer(random, wanted)})
    return case


def drawn_answer(random: Random, wanted: Field) -> Any:
    match wanted.type:
        case "boolean":
            return random.random() < 0.2
        case "number" if wanted.range:
            return float(random.randint(int(wanted.range.low), int(wanted.range.high)))
        case "enum":
            return random.choice(wanted.values)
        case "list":
            return []
        case _:
            return random.choice(["2025-03-01", "2026-10", "never"])


@pytest.mark.parametrize("number", ["01", "04", "08", "11"])
def test_without_one_of_a_deciding_set_a_trial_can_stay_open(number: str) -> None:
    trials = screening(number).open
    for match in trials.open:
        found = trials.deciding(match).surely
        if found is None or not found.exact or len(found.facts) > 6:
            continue
        for left in found.facts:
            asked = [name for name in found.facts if name != left]
            assert "undecided" in verdicts(trials, match, asked), (match.trial.id, left)


@pytest.mark.parametrize("number", NUMBERS)
def test_no_computed_field_and_none_of_the_trial_team_is_asked(number: str) -> None:
    for name in screening(number).open.facts.possible:
        wanted = fields()[name]
        assert not any((wanted.derived, wanted.judgement, wanted.willingness)), name


@pytest.mark.parametrize("number", NUMBERS)
def test_the_order_asks_each_question_once_and_the_list_is_its_beginning(number: str) -> None:
    found = screening(number)
    order = found.open.order()
    assert len(set(order.asked)) == len(order.asked)
    assert [q.field for q in found.questions] == list(order.asked[:6])
    assert order.bound in (1.0, 4.0)


def test_what_is_skipped_is_not_asked() -> None:
    found = screening("01")
    first = found.questions[0].field
    without = OpenTrials(found.open.case, found.trials, frozenset({first}))
    assert first not in without.order().asked


def test_a_known_score_is_not_asked_again() -> None:
    found = screening("02").open
    assert found.case.answer("nihss_total").known
    assert "nihss_total" not in found.facts.possible


def test_one_list_of_items_is_asked_for_all_that_is_computed_from_it() -> None:
    case = screening("03").open.case.replace(sex="male")
    by_field = {question.field: question for question in screen(case).questions}
    assert set(by_field["nihss_items"].settles) == {"NCT01716481", "NCT04811651"}


def test_the_order_for_one_person_and_all_trials_is_quick() -> None:
    """The slowest example takes 30 ms; a tenfold slip fails, a busy machine does not."""
    case = screening("02").open.case
    screen(case)
    taken = []
    for _ in range(3):
        start = time.process_time()
        assert screen(case).questions
        taken.append(time.process_time() - start)
    assert min(taken) < 0.4
