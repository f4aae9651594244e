"""How much one client may ask for: counted by address, forgotten when silent.

Addresses are held in memory only, as many as `Counter.known` at most, and written nowhere.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Clients", "group_of"]

V6_PREFIX = 64
"""One subscriber has a whole network of this size, and so as many addresses as he likes."""


def group_of(address: str) -> str:
    """Give the client that an address belongs to.

    Examples
    --------
    >>> group_of("2001:db8::1") == group_of("2001:db8::ffff"), group_of("::ffff:192.0.2.1")
    (True, '192.0.2.1')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:V6_PREFIX]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, V6_PREFIX), strict=False))


@dataclass(slots=True)
class _Client:
    left: float
    at: float
    running: int = 0


@dataclass(slots=True)
class Clients:
    """Who asked how much.

    Parameters
    ----------
    burst, per_minute
        Requests at once, and how many are given back in a minute.
    at_once, all_at_once
        Requests that may be under way, of one client and of all together.
    most
        How many clients are counted; the longest silent is forgotten first.
    clock
        Seconds that only run forwards.
    """

    burst: int
    per_minute: int
    at_once: int
    all_at_once: int
    most: int
    clock: Callable[[], float] = time.monotonic
    running: int = 0
    _known: dict[str, _Client] = field(default_factory=dict)

    def may(self, address: str) -> bool:
        """Take one request off what a client has left; no, if nothing is left."""
        now = self.clock()
        one = self._of(group_of(address), now)
        back = (now - one.at) * self.per_minute / 60.0
        one.left, one.at = min(one.left + back, float(self.burst)), now
        if one.left < 1:
            return False
        one.left -= 1
        return True

    @contextmanager
    def under_way(self, address: str) -> Iterator[bool]:
        """Count a request while it is under way; no, if too many are."""
        one = self._of(group_of(address), self.clock())
        free = one.running < self.at_once and self.running < self.all_at_once
        if not free:
            yield False
            return
        one.running += 1
        self.running += 1
        try:
            yield True
        finally:
            one.running -= 1
            self.running -= 1

    def _of(self, group: str, now: float) -> _Client:
        one = self._known.pop(group, None) or _Client(float(self.burst), now)
        self._known[group] = one  # the last asked stands last
        if len(self._known) > self.most:
            del self._known[next(iter(self._known))]
        return one

    def __len__(self) -> int:
        """Give how many clients are remembered."""
        return len(self._known)
