"""What is wrong with the rules of one protocol together: repeats, contradictions, redundancy.

The smallest contradicting sets are found exactly. A set of rules that some person meets is given to
`smallest`, which looks for the fewest rules that no such set holds all of; every answer *nobody* is
proved. A contradiction that only a computation with several numbers would show may be missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from saisei.eligibility.covering import smallest
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.linting.findings import Finding
from saisei.eligibility.linting.goals import Goal, Wanted
from saisei.eligibility.linting.links import links_of_one_moment, sure_links, things_read
from saisei.eligibility.linting.masks import ANY, FALSE, TRUE
from saisei.eligibility.linting.rules import constant_truth, settles_unknown, shown
from saisei.eligibility.linting.solver import find_person
from saisei.vocabulary import Truth

__all__ = ["contradictions", "duplicates", "repeated_ids"]

Chosen = frozenset[str]


def met(rule: Criterion) -> Wanted:
    """Give the goal that a rule is met."""
    return Wanted(rule.when, TRUE if rule.kind == "inclusion" else FALSE)


def _not_met(rule: Criterion) -> Wanted:
    """Give the goal that a rule is not met, or that nobody can tell."""
    return Wanted(rule.when, ANY & ~met(rule).mask)


def repeated_ids(protocol: str, rules: Sequence[Criterion]) -> Iterator[Finding]:
    """Find ids that stand twice."""
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield Finding(
                "repeated-id", "error", protocol, (rule.id,), f"the id `{rule.id}` stands twice",
                "an id of its own for each rule", "Give one of them another id",
            )  # fmt: skip
        seen.add(rule.id)


def contradictions(protocol: str, rules: Sequence[Criterion]) -> Iterator[Finding]:
    """Find the smallest sets of rules that nobody can meet all of, no rule in two of them."""
    named = _by_id(rule for rule in rules if not _closed(rule))
    rest = dict(named)
    while found := _smallest(rest, sure_links):
        yield _contradiction(protocol, [named[i] for i in named if i in found])
        rest = {i: rule for i, rule in rest.items() if i not in found}
    while found := _smallest(rest, _with_one_moment):
        yield _of_one_moment(protocol, [named[i] for i in named if i in found])
        rest = {i: rule for i, rule in rest.items() if i not in found}


def _closed(rule: Criterion) -> bool:
    """Whether a rule leaves everybody out by itself."""
    return constant_truth(rule.when) is (Truth.FALSE if rule.kind == "inclusion" else Truth.TRUE)


def _by_id(rules: Iterable[Criterion]) -> dict[str, Criterion]:
    """Give rules by their ids, one that stands twice with a mark."""
    found: dict[str, Criterion] = {}
    for rule in rules:
        name = rule.id
        while name in found:
            name += "'"
        found[name] = rule
    return found


def _with_one_moment(read: frozenset[str]) -> list[Goal]:
    return [*sure_links(read), *links_of_one_moment(read)]


Links = Callable[[frozenset[str]], list[Goal]]


def _impossible(goals: Sequence[Wanted], links: Links) -> bool:
    exact = not any(settles_unknown(goal.expression) for goal in goals)
    read = things_read(goal.expression for goal in goals)
    return find_person([*goals, *links(read)], exact=exact).who == "nobody"


def _smallest(rules: Mapping[str, Criterion], links: Links) -> Chosen | None:
    goals = {name: met(rule) for name, rule in rules.items()}

    def enough(chosen: Chosen) -> bool:
        return _impossible([goals[name] for name in goals if name in chosen], links)

    return _fewest(goals, enough)


def _fewest(names: Iterable[str], enough: Callable[[Chosen], bool]) -> Chosen | None:
    """Find the fewest that are enough: first few that are, then the fewest among all."""
    every = frozenset(names)
    if not enough(every):
        return None
    cover = smallest(every, dict.fromkeys(every, 1.0), enough, exact_up_to=len(every))
    return cover.chosen if cover is not None else every


def _contradiction(protocol: str, rules: Sequence[Criterion]) -> Finding:
    return Finding(
        "contradiction", "error", protocol, tuple(rule.id for rule in rules),
        f"nobody can meet these {len(rules)} rules together: {_listed(rules)}",
        "rules that somebody can meet", "Compare each with the protocol's text; one is miscoded",
    )  # fmt: skip


def _of_one_moment(protocol: str, rules: Sequence[Criterion]) -> Finding:
    return Finding(
        "contradiction-of-one-moment", "warning", protocol, tuple(rule.id for rule in rules),
        f"nobody whose answers were given together can meet these: {_listed(rules)}",
        "rules that somebody can meet", "Compare each with the protocol's text",
    )  # fmt: skip


def _listed(rules: Sequence[Criterion]) -> str:
    return "; ".join(f"{rule.id} ({rule.kind}) `{shown(rule.when)}`" for rule in rules)


def duplicates(protocol: str, rules: Sequence[Criterion]) -> Iterator[Finding]:
    """Find rules that say what another says, or what others together already imply."""
    named = {n: r for n, r in _by_id(rules).items() if constant_truth(r.when) is None}
    implied = {name: by for name in named if (by := _implying(name, named))}
    told: set[str] = set()
    for name, by in implied.items():
        same = [one for one in by if len(by) == 1 and implied.get(one) == frozenset({name})]
        if same:
            if name not in told:
                told |= {name, *same}
                yield _same(protocol, named[name], named[same[0]])
        elif not by & told:
            yield _redundant(protocol, named[name], [named[one] for one in named if one in by])


def _implying(name: str, rules: Mapping[str, Criterion]) -> Chosen | None:
    """Give the fewest other rules with which, met together, a rule is always met."""
    near = {other: met(rules[other]) for other in _near(name, rules)}
    wanted = _not_met(rules[name])

    def enough(chosen: Chosen) -> bool:
        goals = [wanted, *(goal for other, goal in near.items() if other in chosen)]
        read = things_read(goal.expression for goal in goals)
        return find_person([*goals, *sure_links(read)], exact=False).who == "nobody"

    if not near or _impossible(list(near.values()), sure_links):
        return None
    return _fewest(near, enough)


def _near(name: str, rules: Mapping[str, Criterion]) -> list[str]:
    """Name the other rules that rest on the same things, or on the same as such a rule does."""
    reads = {other: things_read([rule.when]) for other, rule in rules.items()}
    reached = reads[name]
    while True:
        near = [other for other in rules if reads[other] & reached]
        more = reached.union(*(reads[other] for other in near))
        if more == reached:
            return [other for other in near if other != name]
        reached = more


def _same(protocol: str, one: Criterion, other: Criterion) -> Finding:
    """Tell of two rules that say the same; a protocol often prints a rule on both of its lists."""
    mirrored = one.kind != other.kind
    return Finding(
        "duplicate",
        "info" if mirrored else "warning",
        protocol,
        (one.id, other.id),
        f"these say the same: {_listed([one, other])}",
        "each rule once",
        "Nothing, where the protocol prints it on both of its lists"
        if mirrored
        else "Take one out, or correct the one that was copied",
    )


def _redundant(protocol: str, rule: Criterion, by: Sequence[Criterion]) -> Finding:
    return Finding(
        "redundant", "info", protocol, (rule.id, *(one.id for one in by)),
        f"{_listed([rule])} is met by whoever meets {_listed(by)}", "",
        "Nothing, where the protocol says both",
    )  # fmt: skip
