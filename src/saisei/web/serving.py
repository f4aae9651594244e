"""The server around the application: who may connect, how long anybody may take, and its end."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import socket
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from saisei.web.defects import PlacesOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

__all__ = ["PROXY", "Network", "network_of", "run_server"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PROXY = ("127.0.0.1", "::1")
"""Where a proxy is unless it is said otherwise: on this machine."""

HEAD_SECONDS = 10.0
"""So long may the head of a request take to come, its first byte and its last."""
STALL_SECONDS = 30.0
"""So long may a reader take no byte of an answer."""
IDLE_SECONDS = 15
END_SECONDS = 10
MOST_CONNECTIONS = 256
HEAD_BYTES = 32_768


class Patient(H11Protocol):
    """One connection that is not waited for without end.

    The server's own limits begin with a whole head of a request; this one also bounds the time of
    the head, the time that an answer lies unread, the number of connections and who may connect.
    """

    allowed: ClassVar[Sequence[Network]] = ()
    """Whom connections are taken from; everybody where it is empty."""
    head_seconds: ClassVar[float] = HEAD_SECONDS
    stall_seconds: ClassVar[float] = STALL_SECONDS
    _waiting: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as there
        """Take a connection, or drop it."""
        super().connection_made(transport)
        crowded = len(self.connections) > MOST_CONNECTIONS
        if crowded or not _is_within(transport.get_extra_info("peername"), self.allowed):
            transport.abort()
            return
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Read on; with a whole head the waiting ends."""
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle  # there is none before the first request
        if cycle is not None and not cycle.response_complete:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait for the head of the next request, which has begun or will within the idle time."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._wait_for_head(IDLE_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers with the connection."""
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait a while for a reader who takes nothing."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def _wait_for_head(self, more: float = 0.0) -> None:
        self._stop_waiting()
        seconds = self.head_seconds + more
        self._waiting = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def network_of(written: str) -> Network:
    """Read an address or a network, such as ``10.0.0.2`` or ``172.17.0.0/16``.

    Raises
    ------
    ValueError
        It is neither.
    """
    return ipaddress.ip_network(written, strict=False)


def _is_within(peer: Any, allowed: Sequence[Network]) -> bool:
    if not allowed or not isinstance(peer, tuple):
        return True
    address = ipaddress.ip_address(str(peer[0]).split("%", maxsplit=1)[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in allowed)


def run_server(app: ASGIApp, listening: socket.socket, proxies: Sequence[Network] = ()) -> None:
    """Serve until Ctrl-C or a request to end, then finish what is under way.

    Parameters
    ----------
    app
        The application.
    listening
        The socket that listens.
    proxies
        Where the proxy before it is: connections from elsewhere are dropped, and what the proxy
        says of its clients is believed. Without one nothing that a request says of its sender is.
    """
    kind = type("OurPatient", (Patient,), {"allowed": tuple(proxies)})
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=kind,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=[str(network) for network in proxies],
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=END_SECONDS,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    with _quiet_logs(), _ending_without_fuss():
        uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """Let nothing that a library logs hold what was asked."""
    handler, root = PlacesOnly(logging.WARNING), logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


@contextmanager
def _ending_without_fuss() -> Iterator[None]:
    """Take the signal that the server passes on when it has ended: it has been obeyed."""
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = {one: signal.signal(one, lambda *_: None) for one in kinds}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
