"""What stands before every page: limits, the hosts that may be asked for, and strict headers.

A plain ASGI layer: it sees a request before anything is read of it, and an answer before anything
of it is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from saisei.web.problems import problem_response

__all__ = ["LOOPBACK", "Guard", "Limits", "policy_of"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "testserver"})
"""Names by which this machine may be asked for; another name is somebody else's page asking."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one client may ask for.

    Parameters
    ----------
    body_bytes
        The largest body of a request.
    burst, per_minute
        Requests at once, and how many are given back in a minute.
    hosts
        Host names under which the application answers.
    clients
        How many clients are counted; the longest silent is forgotten first.
    """

    body_bytes: int = 1_000_000
    burst: int = 120
    per_minute: int = 600
    hosts: frozenset[str] = LOOPBACK
    clients: int = 10_000


@dataclass(slots=True)
class _Tokens:
    left: float
    at: float


@dataclass(slots=True)
class Guard:
    """Refuse what is too large, too much or meant for another host; set the headers of the rest."""

    app: ASGIApp
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, _Tokens] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a refusal."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await problem_response(*refusal)(scope, receive, _strict(send))
            return
        counted = _Counted(receive, self.limits.body_bytes)
        try:
            await self.app(scope, counted.receive, _strict(send))
        except _TooLargeError:
            await problem_response(413, "too-large")(scope, receive, _strict(send))

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if _name_of(host) not in self.limits.hosts:
            return 421, "other-host"
        origin = headers.get("origin")
        if scope["method"] not in {"GET", "HEAD", "OPTIONS"} and not _own(origin, host):
            return 403, "other-origin"
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > self.limits.body_bytes:
            return 413, "too-large"
        client = scope.get("client")
        return None if self._may(client[0] if client else "") else (429, "too-many")

    def _may(self, client: str) -> bool:
        now = self.clock()
        one = self._known.pop(client, None) or _Tokens(self.limits.burst, now)
        back = (now - one.at) * self.limits.per_minute / 60.0
        one.left, one.at = min(one.left + back, float(self.limits.burst)), now
        self._known[client] = one  # the last asked stands last
        if len(self._known) > self.limits.clients:
            del self._known[next(iter(self._known))]
        if one.left < 1:
            return False
        one.left -= 1
        return True


class _TooLargeError(Exception):
    """The body went on after its limit."""


@dataclass(slots=True)
class _Counted:
    """A body that is counted while it comes: a stated length may be untrue or missing."""

    inner: Receive
    left: int

    async def receive(self) -> Message:
        message = await self.inner()
        if message["type"] == "http.request":
            self.left -= len(message.get("body", b""))
            if self.left < 0:
                raise _TooLargeError
        return message


def _name_of(host: str) -> str:
    """Give a host without its port.

    Examples
    --------
    >>> _name_of("localhost:8000"), _name_of("[::1]:80"), _name_of("example.org")
    ('localhost', '[::1]', 'example.org')
    """
    if host.startswith("["):
        return host.split("]", maxsplit=1)[0] + "]"
    return host.rsplit(":", 1)[0] if ":" in host else host


def _own(origin: str | None, host: str) -> bool:
    """Whether a form was sent from a page of ours; programs send no origin."""
    return origin is None or origin.split("://", 1)[-1] == host


def policy_of(styles: Iterable[str] = (), *, scripts: bool = True) -> str:
    """Give the content security policy of a page.

    Parameters
    ----------
    styles
        Hashes of the style sheets that stand inside it; our own files are always let in.
    scripts
        Whether our own script file may run.
    """
    inside = "".join(f" 'sha256-{one}'" for one in styles)
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'self'{inside}",
            "script-src 'self'" if scripts else "script-src 'none'",
            "img-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


STRICT = {
    "content-security-policy": policy_of(),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
    "cache-control": "no-store",
}
"""What every answer carries unless it says otherwise itself."""


def _strict(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            _add(message)
        await send(message)

    return with_headers


def _add(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(raw=list(message.get("headers", [])))
    for name, value in STRICT.items():
        headers.setdefault(name, value)
    message["headers"] = headers.raw
