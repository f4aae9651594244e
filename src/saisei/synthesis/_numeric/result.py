"""What every result of the room can do."""

from __future__ import annotations

from typing import Any

from saisei.synthesis._numeric.arrays import plain

__all__ = ["Result"]


class Result:
    """Base of the frozen results: their fields as plain values."""

    __slots__: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold (NaN as None)."""
        return {name: plain(getattr(self, name)) for name in self.__slots__}
