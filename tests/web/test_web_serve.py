"""`saisei serve`: what it refuses, what it prints, who may connect, how long it waits, its end."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest
import uvicorn
from typer.testing import CliRunner
from uvicorn.server import ServerState

from saisei.base.errors import OptionError
from saisei.cli import app as commands
from saisei.web.serving import Patient, _is_within, network_of
from web.web_serving import Served, raw, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as one:
        yield one


def refused(*words: str) -> str:
    done = CliRunner().invoke(commands, ["serve", *words])
    assert isinstance(done.exception, OptionError), done.output
    return str(done.exception)


@pytest.mark.parametrize(
    "words",
    [
        ("--host", "0.0.0.0"),  # noqa: S104  # what is refused
        ("--host", "::"),
        ("--host", ""),
        ("--host", "192.0.2.1", "--behind-proxy"),
        ("--host", "192.0.2.1", "--behind-proxy", "--name", "saisei.example.org"),
        ("--host", "192.0.2.1", "--name", "saisei.example.org", "--proxy-address", "10.0.0.2"),
    ],
)
def test_an_address_beyond_this_machine_demands_a_proxy(words: tuple[str, ...]) -> None:
    told = refused(*words)
    assert "--behind-proxy" in told
    assert "--proxy-address" in told


def test_a_name_and_an_address_have_to_be_some() -> None:
    assert "--name" in refused("--behind-proxy", "--name", "https://saisei.example.org/")
    assert "--proxy-address" in refused("--behind-proxy", "--proxy-address", "proxy")
    assert "--proxy-address" in refused("--proxy-address", "10.0.0.2")


def test_a_port_in_use_is_told_in_one_line(served: Served) -> None:
    told = refused("--port", str(served.port))
    assert "--port" in told
    assert "in use" in told
    assert "\n" not in told


def test_the_command_answers(served: Served) -> None:
    base = f"http://127.0.0.1:{served.port}"
    with urlopen(f"{base}/", timeout=20) as page:  # noqa: S310  # our own address
        assert page.status == 200
        assert "server" not in {name.lower() for name in page.headers}
    body = json.dumps({"case": {"sex": "male"}}).encode()
    asked = Request(  # noqa: S310  # our own address
        f"{base}/api/v1/decide", body, {"content-type": "application/json"}
    )
    with urlopen(asked, timeout=20) as answer:  # noqa: S310  # our own address
        assert json.load(answer)["schema"] == "saisei-decision/1"


def test_another_name_and_the_name_of_tests_are_refused(served: Served) -> None:
    for host in (b"evil.example", b"testserver"):
        answer = raw(served.port, b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % host)
        assert answer.startswith(b"HTTP/1.1 421")


def test_a_refusal_reaches_who_is_still_sending(served: Served) -> None:
    head = b"POST /api/v1/pool HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += b"Connection: close\r\n"
    answer = raw(served.port, head + b"Content-Length: 3000000\r\n\r\n", b"x" * 3_000_000)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"larger than a case" in answer


def test_what_is_no_http_is_refused(served: Served) -> None:
    assert raw(served.port, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400")
    two = b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"
    assert raw(served.port, two).startswith(b"HTTP/1.1 400")


def test_an_upgrade_is_not_taken(served: Served) -> None:
    asked = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert not raw(served.port, asked).startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_it_ends_cleanly(how: signal.Signals) -> None:
    with serving() as one:
        assert raw(
            one.port, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ).startswith(b"HTTP/1.1 200")
        code, out, err = one.end(how)
    assert code == 0
    assert err == ""
    assert out.splitlines()[-1] == "ended"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", one.port), 1)


def test_behind_a_proxy_it_says_what_the_operator_provides_and_believes_only_the_proxy() -> None:
    options = ("--behind-proxy", "--name", "Saisei.example.org", "--proxy-address", "127.0.0.0/8")
    with serving(*options) as one:
        for word in ("HTTPS", "saisei.example.org", "X-Forwarded-For", "127.0.0.0/8", "logs"):
            assert word in one.said
        answer = raw(
            one.port,
            b"GET / HTTP/1.1\r\nHost: saisei.example.org\r\nX-Forwarded-For: 192.0.2.7\r\n"
            b"X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n",
        )
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"strict-transport-security" in answer
        assert one.end()[0] == 0


def test_connections_from_elsewhere_are_dropped() -> None:
    with serving("--behind-proxy", "--proxy-address", "192.0.2.9") as one:
        asked = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert raw(one.port, asked) == b""


@pytest.mark.parametrize(
    ("peer", "within"),
    [
        (("10.0.0.2", 1), True),
        (("10.0.0.3", 1), False),
        (("::ffff:10.0.0.2", 1, 0, 0), True),
        (("fe80::1%eth0", 1, 0, 2), True),
        (("2001:db8::1", 1, 0, 0), False),
    ],
)
def test_whom_a_connection_is_taken_from(*, peer: tuple[object, ...], within: bool) -> None:
    allowed = [network_of("10.0.0.2"), network_of("fe80::/10")]
    assert _is_within(peer, allowed) is within
    assert _is_within(peer, [])


class Line(asyncio.Transport):
    """A connection that keeps what is written, and whether it was cut off."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 80)})
        self.written = b""
        self.cut = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.cut

    def close(self) -> None:
        self.cut = True

    def abort(self) -> None:
        self.cut = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def connected(*pieces: bytes, stall: bool = False) -> Line:
    kind = type("Quick", (Patient,), {"head_seconds": 0.1, "stall_seconds": 0.1})
    config = uvicorn.Config(lambda *_: None, http=kind, ws="none", log_config=None)
    config.load()
    line, protocol = Line(), kind(config, ServerState(), {}, asyncio.get_running_loop())
    protocol.connection_made(line)
    for piece in pieces:
        protocol.data_received(piece)
        await asyncio.sleep(0.04)
    if stall:
        protocol.pause_writing()
    await asyncio.sleep(0.12)
    protocol.connection_lost(None)
    return line


def test_a_head_that_comes_in_drops_is_cut_off() -> None:
    drops = [bytes([one]) for one in b"GET /"]
    assert asyncio.run(connected(*drops)).cut
    assert asyncio.run(connected()).cut


def test_a_reader_who_takes_nothing_is_cut_off() -> None:
    assert asyncio.run(connected(stall=True)).cut
