"""The registry's age fields beside what the text says of age: where they differ is flagged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from saisei.therapies.ctgov.amounts import number_text
from saisei.therapies.ctgov.drafting import Draft
from saisei.therapies.ctgov.record import Registered

__all__ = ["age_conflicts", "age_rule"]

_SIDE = re.compile(r"age_years (<=|>=|<|>) ([\d.]+)|([\d.]+) (<=|<) age_years(?: (<=|<) ([\d.]+))?")
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, slots=True)
class _End:
    """One end of the ages that may take part: ``>= 18``."""

    sign: str
    years: float

    def __str__(self) -> str:
        return f"{self.sign} {number_text(self.years)}"


def age_rule(registered: Registered) -> str:
    """Write the registry's age fields as an expression; empty where they set no limit in years.

    Examples
    --------
    >>> from saisei.therapies.ctgov.record import Age
    >>> age_rule(Registered("NCT00000000", "x", minimum_age=Age("18 Years", 18)))
    'age_years >= 18'
    """
    low = registered.minimum_age.years if registered.minimum_age else None
    high = registered.maximum_age.years if registered.maximum_age else None
    if low is not None and high is not None:
        return f"{_short(low)} <= age_years <= {_short(high)}"
    if low is not None:
        return f"age_years >= {_short(low)}"
    return "" if high is None else f"age_years <= {_short(high)}"


def _short(years: float) -> str:
    return number_text(round(years, 4))


def age_conflicts(registered: Registered, drafts: Iterable[Draft]) -> tuple[str, ...]:
    """Say where an item of the text sets another limit of age than the registry's fields."""
    return tuple(dict.fromkeys(_conflicts(registered, drafts)))


def _conflicts(registered: Registered, drafts: Iterable[Draft]) -> Iterator[str]:
    fields = {">=": registered.minimum_age, "<=": registered.maximum_age}
    for draft in (draft for draft in drafts if draft.when):
        for end in (end for part in draft.parts for end in _ends(part.when, draft.piece.side)):
            sign = ">=" if end.sign in {">", ">="} else "<="
            printed = fields[sign]
            said = f"the text says age {end} ({draft.piece.text[:60]!r})"
            if printed is None:
                yield f"{said}, the age field sets no such limit"
            elif printed.years is not None and (end.sign, end.years) != (sign, printed.years):
                yield f"{said}, the age field {printed.printed}"


def _ends(when: str, side: str) -> Iterator[_End]:
    for match in _SIDE.finditer(when):
        found = []
        if match.group(1):
            found.append(_End(match.group(1), float(match.group(2))))
        else:
            found.append(_End(match.group(4).replace("<", ">"), float(match.group(3))))
            if match.group(5):
                found.append(_End(match.group(5), float(match.group(6))))
        if side == "inclusion":
            yield from found
        elif len(found) == 1:  # outside of a range on both sides has no ends to compare
            yield _End(_TURNED[found[0].sign], found[0].years)
