"""Arterial territories of the brain, and how they nest.

Lenticulostriate lies in MCA; MCA and ACA in ICA; ICA in the anterior circulation; PCA, brainstem
and cerebellum in the posterior circulation. A child meets its parent; a parent leaves the child
unknown.
"""

from __future__ import annotations

from enum import StrEnum

from saisei.vocabulary.truth import Truth

__all__ = ["Territory", "ancestors", "territory_within"]


class Territory(StrEnum):
    """A territory as `infarct_territory` names it."""

    ANTERIOR = "anterior-circulation"
    ICA = "ICA"
    ACA = "ACA"
    MCA = "MCA"
    LENTICULOSTRIATE = "lenticulostriate"
    POSTERIOR = "posterior-circulation"
    PCA = "PCA"
    BRAINSTEM = "brainstem"
    CEREBELLUM = "cerebellum"


_PARENTS: dict[Territory, Territory] = {
    Territory.LENTICULOSTRIATE: Territory.MCA,
    Territory.MCA: Territory.ICA,
    Territory.ACA: Territory.ICA,
    Territory.ICA: Territory.ANTERIOR,
    Territory.PCA: Territory.POSTERIOR,
    Territory.BRAINSTEM: Territory.POSTERIOR,
    Territory.CEREBELLUM: Territory.POSTERIOR,
}


def ancestors(territory: Territory) -> tuple[Territory, ...]:
    """List a territory and everything that it lies in, from the inside out.

    Examples
    --------
    >>> [t.value for t in ancestors(Territory.MCA)]
    ['MCA', 'ICA', 'anterior-circulation']
    """
    chain = [territory]
    while chain[-1] in _PARENTS:
        chain.append(_PARENTS[chain[-1]])
    return tuple(chain)


def territory_within(found: Territory, wanted: Territory) -> Truth:
    """Whether an infarct in `found` lies in `wanted`.

    Examples
    --------
    >>> territory_within(Territory.ICA, Territory.MCA).name
    'UNKNOWN'
    """
    if wanted in ancestors(found):
        return Truth.TRUE
    return Truth.UNKNOWN if found in ancestors(wanted) else Truth.FALSE
