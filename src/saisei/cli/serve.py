"""``saisei serve``: the web application, on this machine unless an operator says otherwise."""

from __future__ import annotations

import re
import socket
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from saisei.cli.output import needs, now

if TYPE_CHECKING:
    from saisei.web.serving import Network

__all__ = ["serve"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROXY_OPTION = "--proxy-address"
OPERATOR = """\
Behind a proxy. What it and you must provide:
  HTTPS for everybody, and no plain HTTP;
  the Host header as the reader's browser sent it, one of: {names};
  X-Forwarded-For and X-Forwarded-Proto, set by the proxy and never taken over from outside;
  its own limits on size, time and rate, and no storing of answers;
  logs without bodies and without addresses of clients;
  who may reach it, and updates of this machine.
Connections are taken from {proxies} only. Saisei stores no case and writes no log of requests.
"""


def serve(
    port: Annotated[int, typer.Option(help="0 takes any free one.", min=0, max=65535)] = 8765,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy with HTTPS stands before it.")
    ] = False,
    proxy_address: Annotated[
        list[str] | None,
        typer.Option(
            "--proxy-address",
            help="Where the proxy connects from: an address or a network; may be repeated. "
            "This machine otherwise.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Host name under which it answers; may be repeated."),
    ] = None,
) -> None:
    """Serve the form, the report and the evidence to browsers on this machine.

    Example: saisei serve --port 8765
    """
    if host not in LOOPBACK and not (behind_proxy and name and proxy_address):
        _refuse_open_host()
    needs("uvicorn", "web", "for web pages")
    needs("fastapi", "web", "for web pages")
    names = frozenset(map(_checked_name, name or ()))
    proxies = _proxies(proxy_address or [], behind_proxy=behind_proxy)
    listening = _listen(host, port)
    if behind_proxy:
        shown = ", ".join(map(str, proxies))
        named = ", ".join(sorted(names)) or "localhost"
        sys.stdout.write(OPERATOR.format(names=named, proxies=shown))
    _run(listening, host, names, proxies)


def _refuse_open_host() -> None:
    from saisei.base.errors import OptionError, Problem

    raise OptionError(
        Problem(
            "open-host",
            "other machines could read what people enter",
            "an address of this machine alone, such as 127.0.0.1, or all of --behind-proxy, "
            "--proxy-address and --name",
            "A proxy with HTTPS has to stand before it; see docs/serving.md",
            field="--host",
        )
    )


def _checked_name(name: str) -> str:
    """Give a host name in small letters, or refuse what is none."""
    from saisei.base.errors import OptionError, Problem

    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", name):
        expected = "a host name alone, such as saisei.example.org"
        raise OptionError(Problem("name", "this is no host name", expected, field="--name"))
    return name.lower()


def _proxies(written: list[str], *, behind_proxy: bool) -> list[Network]:
    """Read where the proxy is.

    Raises
    ------
    OptionError
        An address is none, or one is given and no proxy is.
    """
    from saisei.base.errors import OptionError, Problem
    from saisei.web.serving import PROXY, network_of

    if not behind_proxy:
        if written:
            told = "there is no proxy"
            raise OptionError(Problem("proxy", told, "--behind-proxy with it", field=PROXY_OPTION))
        return []
    try:
        return [network_of(one) for one in written or PROXY]
    except ValueError:
        expected = "an address or a network, such as 10.0.0.2 or 172.17.0.0/16"
        raise OptionError(
            Problem("proxy", "this is no address", expected, field=PROXY_OPTION)
        ) from None


def _run(
    listening: socket.socket, host: str, names: frozenset[str], proxies: list[Network]
) -> None:
    """Answer until interrupted. Nothing is logged: neither addresses nor what was asked."""
    from saisei.web import Limits, create_app
    from saisei.web.guard import LOOPBACK as NAMES
    from saisei.web.serving import run_server

    app = create_app(now, Limits(hosts=NAMES | names, https=bool(proxies)))
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"http://{shown}:{listening.getsockname()[1]}/  (Ctrl-C ends it)\n")
    sys.stdout.flush()
    run_server(app, listening, proxies)
    sys.stdout.write("ended\n")


def _listen(host: str, port: int) -> socket.socket:
    """Take the port, or say that somebody else has it.

    Raises
    ------
    OptionError
        The port is taken, or the address is none of this machine.
    """
    from saisei.base.errors import OptionError, Problem

    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128
        )
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        told = Problem(
            "port", f"port {port} cannot be used ({reason})", "a free port", field="--port"
        )
        raise OptionError(told) from None
