"""A reviewer's table of a network: contrasts as they are, or arms that are turned into contrasts.

Three shapes are known: a contrast a row (``studlab treat1 treat2 TE seTE``); an arm a row (``study
treatment events n``); several arms a row (``treat1 event1 n1 treat2 event2 n2 treat3 …``).
`contrasts_of_arms` makes arms into contrasts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from saisei.base.errors import Place
from saisei.base.store import load_data
from saisei.evidence.arms import Arm, contrasts_of_arms, refuse_twice
from saisei.evidence.raw_tables import refuse
from saisei.evidence.tables import Found, Source, find_columns, known_measure, read_raw

__all__ = ["NetworkTable", "network_measures", "read_network"]

GIVEN = ("y", "v")
NUMBERED = re.compile(r"(?:treat|treatment|trt|t)([3-9])")
WIDE = {"events": ("events", "event", "r"), "n": ("n",), "mean": ("mean", "y"), "sd": ("sd",)}
"""Names of the numbers of a third arm and further ones, before their digit."""


@dataclass(frozen=True, slots=True)
class NetworkTable:
    """Contrasts of a network.

    Parameters
    ----------
    studies, treat1, treat2, te, se
        A contrast each: the effect of the first treatment against the second.
    places
        Where each contrast stands in the table.
    people
        People by treatment, where the table says how many there were.
    left_out
        Studies and arms that gave no contrast, with the reason.
    formula
        How the effects were made.
    """

    studies: tuple[str, ...]
    treat1: tuple[str, ...]
    treat2: tuple[str, ...]
    te: tuple[float, ...]
    se: tuple[float, ...]
    places: tuple[Place, ...]
    people: Mapping[str, float] | None
    left_out: tuple[tuple[str, str], ...]
    formula: str


def network_measures() -> tuple[str, ...]:
    """List the measures that arms can be turned into; contrasts may be of any measure."""
    return tuple(load_data("evidence/columns.yaml")["arms"])


def read_network(source: Source, measure: str = "GEN") -> NetworkTable:
    """Read a network from a file, a frame or a mapping of columns.

    Parameters
    ----------
    source
        As `read_table` takes it.
    measure
        What the contrasts are, or are to be made: one of `network_measures`, or GEN, HR, RATIO for
        contrasts as they are. Ratios stand as logarithms.

    Raises
    ------
    DocumentError
        The table cannot be read, or a number in it cannot be.
    OptionError
        There is no such measure.
    """
    known_measure(measure, [*network_measures(), "GEN", "HR", "RATIO"])
    found = find_columns(read_raw(source))
    needs = tuple(load_data("evidence/columns.yaml")["arms"].get(measure, ()))
    if found.has(("treat1", "treat2")) and not found.has(GIVEN):
        return _from_arms(list(_wide(found, needs, measure)), measure, needs)
    if found.has(("treat",)) and needs:
        found.must_have(("label", "treat", *needs), measure)
        return _from_arms(list(_long(found, needs)), measure, needs)
    if found.has(("treat",)) and not found.has(("treat1",)):
        place = Place(found.raw.name, found.raw.head_line)
        told = f"arms, and no word on what {measure} is of them"
        expected = f"one of {', '.join(network_measures())}"
        raise refuse(place, told, expected, "measure", "For example: --measure OR")
    found.must_have(("treat1", "treat2", *GIVEN), measure)
    return _contrasts(found)


def _contrasts(found: Found) -> NetworkTable:
    """Take contrasts as they are, without those that are missing."""
    y, v = found.numbers("y"), found.numbers("v")
    one, two = found.texts("treat1"), found.texts("treat2")
    studies = found.labels()
    kept, left_out = [], []
    for row, number in enumerate(zip(y, v, strict=True)):
        if any(map(math.isnan, number)):
            left_out.append((studies[row], "a number is missing"))
        else:
            kept.append(row)
            _named(found, row, one[row] and two[row])
    if not kept:
        raise refuse(Place(found.raw.name), "no contrast has its numbers", "one at least")
    people = None
    if found.has(("n1", "n2")):
        sizes = found.numbers("n1"), found.numbers("n2")
        people = _people(
            (studies[row], name, n[row])
            for row in kept
            for name, n in ((one[row], sizes[0]), (two[row], sizes[1]))
        )
    for row in kept:
        if v[row] <= 0:
            raise refuse(found.places("v")[row], f"v is {v[row]:g}", "a variance above 0")
    return NetworkTable(
        tuple(studies[row] for row in kept),
        tuple(one[row] for row in kept),
        tuple(two[row] for row in kept),
        tuple(y[row] for row in kept),
        tuple(math.sqrt(v[row]) for row in kept),
        tuple(found.raw.place(row) for row in kept),
        people,
        tuple(left_out),
        "as given",
    )


def _named(found: Found, row: int, name: str) -> None:
    if not name:
        raise refuse(found.raw.place(row), "a treatment without a name", "a name for each")


def _people(arms: Iterable[tuple[str, str, float]]) -> Mapping[str, float] | None:
    """Add up the people of each treatment, each arm once; None where one is not known."""
    sizes = {(study, name): n for study, name, n in arms}
    if any(map(math.isnan, sizes.values())):
        return None
    total: dict[str, float] = {}
    for (_, name), n in sizes.items():
        total[name] = total.get(name, 0.0) + n
    return total


def _long(found: Found, needs: Sequence[str]) -> Iterable[Arm]:
    columns = {ours: found.numbers(ours) for ours in needs}
    studies, names = found.labels(), found.texts("treat")
    for row in range(len(studies)):
        _named(found, row, names[row])
        numbers = {ours: column[row] for ours, column in columns.items()}
        yield Arm(studies[row], names[row], numbers, found.raw.place(row))


def _wide(found: Found, needs: Sequence[str], measure: str) -> Iterable[Arm]:
    """Give the arms of rows that hold several; the same arm in two rows of a study counts once."""
    wanted = [f"{ours}{arm}" for arm in "12" for ours in needs]
    found.must_have(wanted or list(GIVEN), measure)
    blocks = [
        (found.texts(f"treat{arm}"), {ours: found.numbers(f"{ours}{arm}") for ours in needs})
        for arm in "12"
    ]
    blocks += _further(found, needs, measure)
    studies = found.labels()
    seen: dict[tuple[str, str], Arm] = {}
    for row, study in enumerate(studies):
        for at, (names, columns) in enumerate(blocks):
            if at < 2:
                _named(found, row, names[row])
            numbers = {ours: column[row] for ours, column in columns.items()}
            if names[row] in {"", "NA"}:
                continue
            arm = Arm(study, names[row], numbers, found.raw.place(row))
            before = seen.setdefault((study, arm.treatment), arm)
            if before is not arm and before.place == arm.place:
                refuse_twice(arm)
            if before is not arm and str(before.numbers) != str(arm.numbers):
                told = f"study {study}: {arm.treatment} has other numbers than in line "
                raise refuse(
                    arm.place, f"{told}{before.place.line}", "the same numbers for the same arm"
                )
            if before is arm:
                yield arm


def _further(
    found: Found, needs: Sequence[str], measure: str
) -> list[tuple[tuple[str, ...], dict[str, tuple[float, ...]]]]:
    """Find the columns of a third arm and further ones, by their digit."""
    heads = {
        "".join(filter(str.isalnum, head.lower())): at for at, head in enumerate(found.raw.heads)
    }
    rows = range(len(found.raw.rows))
    blocks = []
    for head, at in heads.items():
        number = NUMBERED.fullmatch(head)
        if number is None:
            continue
        places = {}
        for ours in needs:
            known = [
                heads[f"{name}{number[1]}"] for name in WIDE[ours] if f"{name}{number[1]}" in heads
            ]
            if not known:
                told = f"columns {', '.join(found.raw.heads)}"
                place = Place(found.raw.name, found.raw.head_line)
                raise refuse(place, told, f"for {measure} also {ours}{number[1]}")
            places[ours] = known[0]
        columns = {
            ours: found.raw.numbers(place, f"{ours}{number[1]}") for ours, place in places.items()
        }
        blocks.append((tuple(found.raw.text(row, at) for row in rows), columns))
    return blocks


def _from_arms(arms: Sequence[Arm], measure: str, needs: Sequence[str]) -> NetworkTable:
    contrasts, left_out, formula = contrasts_of_arms(arms, measure, needs)
    sides = [arm for each in contrasts for arm in (each.one, each.two)]
    return NetworkTable(
        tuple(each.one.study for each in contrasts),
        tuple(each.one.treatment for each in contrasts),
        tuple(each.two.treatment for each in contrasts),
        tuple(each.te for each in contrasts),
        tuple(each.se for each in contrasts),
        tuple(each.one.place for each in contrasts),
        _people((arm.study, arm.treatment, arm.numbers["n"]) for arm in sides),
        tuple(left_out),
        formula,
    )
