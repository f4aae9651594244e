"""What stands before every page: limits, the hosts that may be asked for, and strict headers.

A plain ASGI layer: it sees a request before anything is read of it, and an answer before anything
of it is sent. What goes wrong behind it is answered here too, so that every answer has the headers.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from saisei.web.clients import Clients
from saisei.web.defects import tell_defect
from saisei.web.headers import add_headers, policy_of

__all__ = ["LOOPBACK", "Guard", "Limits", "Refuse", "policy_of"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names by which this machine may be asked for; another name is somebody else's page asking."""
TESTED = LOOPBACK | {"testserver"}
"""The same, and the name that clients in tests ask for; a server that listens does not take it."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?", re.ASCII)
DRAINED = 16
"""So many bodies' worth is read and thrown away, so that a refusal reaches who is still sending."""
DRAIN_SECONDS = 5.0
RETRY = {429: "60", 503: "2"}
"""After how many seconds to come back."""

Refuse = Callable[[Request, int, str], Response]
"""Makes a refusal of a request, a status and the name of what went wrong."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one client may ask for.

    Parameters
    ----------
    body_bytes, body_seconds
        The largest body of a request, and how long it may take to come.
    burst, per_minute
        Requests at once, and how many are given back in a minute.
    at_once, all_at_once
        Requests that may be under way, of one client and of all together.
    hosts
        Host names under which the application answers.
    clients
        How many clients are counted; the longest silent is forgotten first.
    https
        Whether readers come by HTTPS, through a proxy: cookies and addresses are then for it only.
    """

    body_bytes: int = 1_000_000
    body_seconds: float = 20.0
    burst: int = 120
    per_minute: int = 600
    at_once: int = 32
    all_at_once: int = 128
    hosts: frozenset[str] = TESTED
    clients: int = 10_000
    https: bool = False


@dataclass(slots=True)
class Guard:
    """Refuse what is too large, too much or meant for another host; set the headers of the rest."""

    app: ASGIApp
    refuse: Refuse
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.monotonic
    clients: Clients = field(init=False)

    def __post_init__(self) -> None:
        """Begin to count."""
        most = self.limits
        self.clients = Clients(
            most.burst, most.per_minute, most.at_once, most.all_at_once, most.clients, self.clock
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a refusal."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._asked(scope, receive, send)
        else:  # nothing here talks over a socket that stays open
            await send({"type": "websocket.close", "code": 1008})

    async def _asked(self, scope: Scope, receive: Receive, send: Send) -> None:
        until = time.monotonic() + self.limits.body_seconds
        body = _Body(receive, self.limits.body_bytes, until, more=_has_body(Headers(scope=scope)))
        answer = _Answer(send, body, https=self.limits.https, empty=scope["method"] == "HEAD")
        client = (scope.get("client") or ("", 0))[0]
        refusal = self._refusal(scope, client)
        with self.clients.under_way(client) as free:
            refusal = refusal or (None if free else (503, "busy"))
            if refusal is None:
                refusal = await self._passed_on(scope, body, answer)
            if refusal is not None:
                await self._refused(scope, body, answer, *refusal)

    async def _passed_on(
        self, scope: Scope, body: _Body, answer: _Answer
    ) -> tuple[int, str] | None:
        """Let the application answer; give the refusal that is still to be sent."""
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self.app(asked, body.receive, answer.send)
        except ClientDisconnect:
            return None
        except BodyRefusedError as error:
            found = (error.status_code, error.detail)
        except Exception as error:  # the last one who can answer: a defect may be of any kind
            tell_defect(error)
            found = (500, "broken")
        else:
            return None
        # an answer that has begun can only be broken off: the server closes the connection
        return None if answer.begun else found

    async def _refused(
        self, scope: Scope, body: _Body, answer: _Answer, status: int, code: str
    ) -> None:
        response = self.refuse(Request(scope), status, code)
        if status in RETRY:
            response.headers["retry-after"] = RETRY[status]
        await response(scope, body.inner, answer.send)

    def _refusal(self, scope: Scope, client: str) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        name = _name_of(headers.getlist("host"))
        if name not in self.limits.hosts:
            return 421, "other-host"
        if scope["method"] not in SAFE and not _own(headers):
            return 403, "other-origin"
        if not _fits(headers.get("content-length", "0"), self.limits.body_bytes):
            return 413, "too-large"
        return None if self.clients.may(client) else (429, "too-many")


class BodyRefusedError(HTTPException):
    """The body went on after its limit, or came too slowly.

    One of the framework's own kind, so that what reads forms passes it on as it is.
    """


@dataclass(slots=True)
class _Body:
    """A body that is counted while it comes: a stated length may be untrue or missing."""

    inner: Receive
    most: int
    until: float
    more: bool
    read: int = 0

    async def receive(self) -> Message:
        message = (
            await self._next(self.until - time.monotonic()) if self.more else await self.inner()
        )
        if self.read > self.most:
            raise BodyRefusedError(413, "too-large")
        return message

    async def _next(self, seconds: float) -> Message:
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                message = await self.inner()
        except TimeoutError:
            raise BodyRefusedError(408, "too-slow") from None
        self.read += len(message.get("body", b""))
        self.more = bool(message.get("more_body", False))
        return message

    async def drain(self) -> None:
        """Read on for a while without keeping anything."""
        end = time.monotonic() + DRAIN_SECONDS
        try:
            while self.more and self.read < DRAINED * self.most:
                await self._next(min(end, self.until) - time.monotonic())
        except BodyRefusedError:
            return


@dataclass(slots=True)
class _Answer:
    """An answer on its way: whether it has begun, and its headers.

    Before it begins, what is still being sent is read and thrown away, as far as that is bounded.
    """

    inner: Send
    body: _Body
    https: bool
    empty: bool
    begun: bool = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            await self.body.drain()
            add_headers(message, https=self.https, last=self.body.more)
        elif self.empty and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self.inner(message)


def _has_body(headers: Mapping[str, str]) -> bool:
    """Whether a body follows."""
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _name_of(hosts: list[str]) -> str:
    """Give the one host without its port; nothing where it is none, or where there are several.

    Examples
    --------
    >>> [_name_of([host]) for host in ("Localhost:8000", "[::1]:80", "[::1].example.org", "a@b")]
    ['localhost', '[::1]', '', '']
    """
    found = HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
    return found[1] if found else ""


def _own(headers: Mapping[str, str]) -> bool:
    """Whether something was sent from a page of ours, or by no page at all.

    Browsers say where a form comes from in ``Sec-Fetch-Site`` and in ``Origin``; programs say
    nothing. An origin of ``null`` (a file, a frame without rights) is another's.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    host = headers.get("host", "").lower()
    return origin.lower() in {f"http://{host}", f"https://{host}"}


def _fits(length: str, most: int) -> bool:
    """Whether a stated length is a number within the limit; a very long number is not even read."""
    return length.isascii() and length.isdigit() and len(length) < 16 and int(length) <= most
