"""Special functions, loaded at first use.

``import scipy.special`` takes longer than everything else in this room together, and most
commands never pool anything; so the functions are fetched when the first of them is called.
Distribution functions come from ``scipy.special`` because ``scipy.stats`` is slower still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scipy.special import (
        betaincinv,
        chdtrc,
        chdtri,
        expit,
        fdtrc,
        gammaincc,
        gammaincinv,
        gammaln,
        ndtr,
        ndtri,
        stdtr,
        stdtrit,
    )

__all__ = [
    "betaincinv",
    "chdtrc",
    "chdtri",
    "expit",
    "fdtrc",
    "gammaincc",
    "gammaincinv",
    "gammaln",
    "ndtr",
    "ndtri",
    "stdtr",
    "stdtrit",
]


def __getattr__(name: str) -> Any:
    """Fetch one function of ``scipy.special`` and keep it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scipy import special  # noqa: PLC0415 - loading late is the point of this module

    value = getattr(special, name)
    globals()[name] = value
    return value
