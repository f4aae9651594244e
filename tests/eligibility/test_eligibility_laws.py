"""Laws of the language on random rules and random people, against Python's own evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from saisei.base.dates import Span
from saisei.cases import Answer, Known
from saisei.eligibility import Criterion, Lookup, by_field, evaluate, judge, parse
from saisei.vocabulary import Truth

FLAGS = ("epilepsy", "coma", "diabetes")
NUMBERS = ("mrs_current", "gcs_total")
WHOLE: Mapping[str, range] = {"mrs_current": range(6), "gcs_total": range(3, 16)}
SIDES = ("left", "right", "both", "none")
SCANS = ("CT", "MRI", "PET")
SCAN_LISTS = tuple(
    frozenset(scan for scan, kept in zip(SCANS, mask, strict=True) if kept)
    for mask in product((True, False), repeat=3)
)
Person = Mapping[str, Known | None]

EVERY_VALUE: Mapping[str, tuple[Known, ...]] = {
    **dict.fromkeys(FLAGS, (True, False)),
    **{name: tuple(map(float, WHOLE[name])) for name in NUMBERS},
    "stroke_hemisphere": SIDES,
    "contraindicated_imaging": SCAN_LISTS,
}


def numbers_of(name: str) -> st.SearchStrategy[str]:
    inside = st.integers(WHOLE[name][1], WHOLE[name][-2])
    limits = st.tuples(inside, inside).map(sorted)
    return st.one_of(
        st.tuples(st.sampled_from(["<", "<=", ">", ">="]), inside).map(
            lambda t: f"{name} {t[0]} {t[1]}"
        ),
        limits.map(lambda ends: f"{ends[0]} <= {name} <= {ends[1]}"),
        st.sets(inside, min_size=1, max_size=3).map(lambda found: f"{name} in {found}"),
    )


def leaf_of(name: str) -> st.SearchStrategy[str]:
    if name in FLAGS:
        return st.just(name)
    if name in NUMBERS:
        return numbers_of(name)
    if name == "stroke_hemisphere":
        return st.sets(st.sampled_from(SIDES), min_size=1, max_size=3).map(
            lambda s: f"{name} in {s}"
        )
    tests = st.sampled_from(["any_of", "all_of", "none_of", "within"])
    wanted = st.sets(st.sampled_from(SCANS), min_size=1, max_size=2)
    return st.one_of(
        st.tuples(tests, wanted).map(lambda t: f"{t[0]}({name}, {t[1]})"), st.just(f"{name} == []")
    )


@st.composite
def rules(draw: st.DrawFn, *, once: bool = False) -> tuple[str, tuple[str, ...]]:
    """Draw a rule and the fields it reads; with `once`, no field is read twice."""
    names = draw(st.lists(st.sampled_from(list(EVERY_VALUE)), min_size=1, max_size=4, unique=once))
    parts = [draw(leaf_of(name)) for name in names]
    while len(parts) > 1:
        left, right = parts.pop(), parts.pop()
        joined = f"({left} {draw(st.sampled_from(['and', 'or']))} {right})"
        parts.append(f"not {joined}" if draw(st.booleans()) else joined)
    return (f"not {parts[0]}" if draw(st.booleans()) else parts[0]), tuple(dict.fromkeys(names))


@st.composite
def people(draw: st.DrawFn, names: tuple[str, ...]) -> Person:
    def value(name: str) -> st.SearchStrategy[Known | None]:
        exact = st.one_of(st.none(), st.sampled_from(EVERY_VALUE[name]))
        if name not in NUMBERS:
            return exact
        whole = st.sampled_from(WHOLE[name])
        return st.one_of(exact, st.tuples(whole, whole).map(lambda t: Span(min(t), max(t))))

    return {name: draw(value(name)) for name in names}


def known(person: Person) -> Lookup:
    def lookup(field: str) -> Answer:
        value = person[field]
        return Answer(field, "missing" if value is None else "known", value)

    return by_field(lookup)


def truth(rule: str, person: Person) -> Truth:
    return evaluate(parse(rule), known(person)).truth


def completions(name: str, value: Known | None) -> tuple[Known, ...]:
    """Give every value that what is known of a field leaves open."""
    if value is None:
        return EVERY_VALUE[name]
    if isinstance(value, Span):
        between = (float(n) + part for n in WHOLE[name] for part in (0.0, 0.5))
        return tuple(n for n in between if value.low <= n <= value.high)
    return (value,)


def by_python(rule: str, person: Mapping[str, Known]) -> bool:
    """Let Python itself evaluate a rule that the test drew; nothing else can be in it."""
    words = {
        "any_of": lambda found, wanted: bool(found & wanted),
        "all_of": lambda found, wanted: wanted <= found,
        "none_of": lambda found, wanted: not found & wanted,
        "within": lambda found, wanted: found <= wanted,
    }
    given_lists = {k: set(v) if isinstance(v, frozenset) else v for k, v in person.items()}
    text = rule.replace("contraindicated_imaging == []", "contraindicated_imaging == set()")
    return bool(eval(text, {"__builtins__": {}, "set": set} | words, given_lists))  # noqa: S307 - drawn here


both = rules(once=True).flatmap(lambda rule: st.tuples(st.just(rule[0]), people(rule[1])))
any_two = rules().flatmap(lambda rule: st.tuples(st.just(rule[0]), people(rule[1])))


@given(both)
@settings(max_examples=300)
def test_a_rule_is_true_of_every_way_to_fill_the_gaps_or_of_none_or_unknown(
    drawn: tuple[str, Person],
) -> None:
    """Where no field is read twice, Kleene's value is the verdict over all completions."""
    rule, person = drawn
    ways = product(*(completions(name, value) for name, value in person.items()))
    found = {by_python(rule, dict(zip(person, way, strict=True))) for way in ways}
    expected = Truth.UNKNOWN if len(found) == 2 else Truth.of(found.pop())
    assert truth(rule, person) is expected


@given(any_two)
def test_filling_a_gap_never_turns_a_verdict_about(drawn: tuple[str, Person]) -> None:
    rule, person = drawn
    before = truth(rule, person)
    for name, value in person.items():
        for filled in completions(name, value):
            after = truth(rule, {**person, name: filled})
            assert before is Truth.UNKNOWN or after is before


@given(any_two)
def test_unknown_comes_from_gaps_and_stretches_and_names_them(drawn: tuple[str, Person]) -> None:
    rule, person = drawn
    found = evaluate(parse(rule), known(person))
    gaps = {name for name, value in person.items() if len(completions(name, value)) > 1}
    assert found.missing <= gaps
    assert (found.truth is Truth.UNKNOWN) == bool(found.missing)


@given(any_two)
def test_answering_what_is_missing_decides(drawn: tuple[str, Person]) -> None:
    rule, person = drawn
    missing = evaluate(parse(rule), known(person)).missing
    answered = {name: completions(name, person[name])[0] for name in missing}
    assert truth(rule, {**person, **answered}).known


@given(any_two, any_two)
def test_the_laws_of_kleene(one: tuple[str, Person], other: tuple[str, Person]) -> None:
    person = {**other[1], **one[1]}
    a, b = one[0], other[0]
    assert truth(f"({a}) and ({b})", person) is truth(f"({b}) and ({a})", person)
    assert truth(f"not (({a}) and ({b}))", person) is truth(f"not ({a}) or not ({b})", person)
    assert truth(f"not not ({a})", person) is truth(a, person)
    assert truth(f"({a}) or (({a}) and ({b}))", person) is truth(a, person)
    assert truth(f"({a}) or not ({a})", person) is not Truth.FALSE


@given(any_two)
def test_an_exclusion_is_the_opposite_and_nothing_else(drawn: tuple[str, Person]) -> None:
    rule, person = drawn
    when = parse(rule)
    inclusion = judge(Criterion("i", "inclusion", "t", when), known(person))
    exclusion = judge(Criterion("e", "exclusion", "t", when), known(person))
    assert exclusion.truth is ~inclusion.truth
    assert exclusion.missing == inclusion.missing
    assert not exclusion.team
