"""The steps that a programme brings with it: what is taken, how cells are given, which medicine."""

from __future__ import annotations

from functools import cache
from itertools import chain

from saisei.base.store import load_data
from saisei.therapies.models import Programme
from saisei.vocabulary import Donor

__all__ = ["steps_of"]


def steps_of(programme: Programme) -> frozenset[str]:
    """Name the steps of a programme, as cautions and the journey name them.

    Examples
    --------
    >>> from saisei.therapies import programme
    >>> sorted(steps_of(programme("nr1-intracerebral")))
    ['brain-operation', 'cells', 'donor-cells', 'frozen-cells', 'tacrolimus']
    """
    table = load_data("therapies/steps.yaml")
    found = chain(
        ("cells",),
        *(table["by_route"][route.value] for route in programme.routes),
        *(table["by_donor"][donor.value] for donor in programme.donors),
        _harvest(programme),
        ("frozen-cells",) if programme.id in table["frozen"] else (),
        ("clinic",) if programme.asrm_class else (),
        _medicines(programme),
    )
    return frozenset(found)


def _harvest(programme: Programme) -> tuple[str, ...]:
    if Donor.AUTOLOGOUS not in programme.donors:
        return ()
    taken = load_data("therapies/steps.yaml")["harvest_of_own_cells"]
    return tuple(step for cell in programme.cells for step in taken.get(cell.value, ()))


def _medicines(programme: Programme) -> tuple[str, ...]:
    given = programme.immunosuppression
    return (given.drug,) if given and given.drug else ()


@cache
def known_steps() -> frozenset[str]:
    """Name every step that exists."""
    table = load_data("therapies/steps.yaml")
    lists = (*table["by_route"].values(), *table["harvest_of_own_cells"].values())
    others = ("cells", "donor-cells", "frozen-cells", "clinic", "tacrolimus")
    return frozenset(chain(others, *lists))
