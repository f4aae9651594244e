"""Random rules and random people, for engines that have to agree on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

from saisei.base.dates import Span
from saisei.cases import Answer, Known, OpenList, fields
from saisei.eligibility import (
    Amount,
    And,
    Arithmetic,
    AtLeast,
    Between,
    Compare,
    Counted,
    Criterion,
    Elapsed,
    Empty,
    Expression,
    Flag,
    Leaf,
    ListTest,
    Lookup,
    Measured,
    Not,
    OneOf,
    Operator,
    Or,
    Pick,
    Quantity,
    Resolved,
    Sign,
    Source,
    Term,
    Test,
    Window,
    field_of,
)
from saisei.therapies import programmes, trials
from saisei.therapies.rules import programme_rules, trial_rules

FLAGS = ("epilepsy", "coma", "diabetes", "seizure_history")
NUMBERS = ("mrs_current", "gcs_total", "nihss_total", "months_since_myocardial_infarction")
WORDS = ("stroke_hemisphere", "stroke_type")
LISTS = ("contraindicated_imaging", "infarct_territory", "allergy")
MEASURES: tuple[Source, ...] = (
    "mrs_current",
    "nihss_total",
    "months_since_myocardial_infarction",
    Window(Pick.HIGHEST, "nihss_total", 7.0),
    Window(Pick.LATEST, "gcs_total", 0.5),
    Elapsed("d", "onset_datetime"),
    Elapsed("h", "onset_datetime", "planned_treatment_datetime"),
)
SOURCES: tuple[Source, ...] = tuple(dict.fromkeys((*FLAGS, *NUMBERS, *WORDS, *LISTS, *MEASURES)))
LIMITS = (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 7.5, 15.0, 30.0)
KNOWABLE = {name: [v for v in fields()[name].values if v != "unknown"] for name in (*WORDS, *LISTS)}


def draw_rule(random: Random, depth: int = 3) -> Expression:
    """Draw a tree with every kind of branch and leaf."""
    if depth == 0 or random.random() < 0.25:
        return draw_leaf(random)
    parts = tuple(draw_rule(random, depth - 1) for _ in range(random.randint(2, 3)))
    branches: list[Callable[[], Expression]] = [
        lambda: Not(parts[0]),
        lambda: And(parts),
        lambda: Or(parts),
        lambda: AtLeast(random.randint(1, len(parts)), parts),
        lambda: Resolved(parts[0], random.random() < 0.5),
    ]
    return random.choice(branches)()


def draw_leaf(random: Random) -> Leaf:
    low, high = sorted(random.choices(LIMITS, k=2))
    operator = random.choice(list(Operator))
    name = random.choice(LISTS)
    values = tuple(random.sample(KNOWABLE[name], random.randint(1, 3)))
    word = random.choice(WORDS)
    number = random.choice(NUMBERS)
    leaves: list[Callable[[], Leaf]] = [
        lambda: Flag(random.choice(FLAGS)),
        lambda: Compare(number, operator, low),
        lambda: Between(number, low, high, random.random() < 0.5, random.random() < 0.5),
        lambda: OneOf(number, tuple(dict.fromkeys((low, high)))),
        lambda: OneOf(word, tuple(random.sample(KNOWABLE[word], 2))),
        lambda: ListTest(name, random.choice(list(Test)), values),
        lambda: Counted(name, random.randint(1, len(values)), values),
        lambda: Empty(name),
        lambda: Measured(draw_term(random, 2), operator, draw_term(random, 1)),
        lambda: Measured(draw_term(random, 1), operator, Amount(low)),
    ]
    return random.choice(leaves)()


def draw_term(random: Random, depth: int) -> Term:
    if depth == 0 or random.random() < 0.3:
        if random.random() < 0.25:
            return Amount(random.choice(LIMITS))
        return Quantity(random.choice(MEASURES))
    sides = draw_term(random, depth - 1), draw_term(random, depth - 1)
    return Arithmetic(random.choice(list(Sign)), *sides)


Person = dict[Source, Answer]


def draw_person(random: Random) -> Person:
    return {source: draw_answer(random, source) for source in SOURCES}


def draw_answer(random: Random, source: Source) -> Answer:
    name = field_of(source)
    if random.random() < 0.3:
        return Answer(name, random.choice(["missing", "stale"]))
    return Answer(name, "known", draw_value(random, source))


def draw_value(random: Random, source: Source) -> Known:
    if source in FLAGS:
        return random.random() < 0.5
    if isinstance(source, str) and source in WORDS:
        return random.choice(KNOWABLE[source])
    if isinstance(source, str) and source in LISTS:
        return draw_list(random, source)
    low, high = sorted(random.choices((*LIMITS, 2.5, 8.25), k=2))
    kind = random.random()
    if kind < 0.1:
        return math.inf
    if kind < 0.2:
        return Span(low, math.inf)
    return Span(low, high) if kind < 0.5 else low


def draw_list(random: Random, source: str) -> Known:
    entries = random.sample(KNOWABLE[source], random.randint(0, 3))
    if random.random() < 0.3:
        lacks = [one for one in KNOWABLE[source] if one not in entries and random.random() < 0.4]
        return OpenList(frozenset(entries), frozenset(lacks))
    other = ["something-else"] if source == "allergy" and random.random() < 0.3 else []
    return frozenset([*entries, *other])


def lookup_in(person: Person) -> Lookup:
    return person.__getitem__


def protocol_rules() -> Iterator[Criterion]:
    """Give every rule of every trial and programme, those that are tested first among them."""
    for trial in trials():
        yield from (*trial_rules(trial), *trial.criteria)
    for programme in programmes():
        yield from programme_rules(programme)
