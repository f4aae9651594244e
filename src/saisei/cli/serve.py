"""``saisei serve``: the web application, on this machine unless an operator says otherwise."""

from __future__ import annotations

import socket
import sys
from typing import Annotated

import typer

from saisei.cli.output import needs, now

__all__ = ["serve"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
OPERATOR = """\
What stands before it is yours to provide:
  HTTPS, and no plain HTTP; a proxy that passes the Host header on;
  logs of that proxy without bodies and without addresses of clients;
  limits of its own on size and rate; who may reach it; updates of this machine.
Saisei stores no case and writes no log of requests.
"""


def serve(
    port: Annotated[int, typer.Option(help="0 takes any free one.", min=0, max=65535)] = 8765,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy with HTTPS stands before it.")
    ] = False,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Host name under which it answers; may be repeated."),
    ] = None,
) -> None:
    """Serve the form, the report and the evidence to browsers on this machine.

    Example: saisei serve --port 8765
    """
    if host not in LOOPBACK and not (behind_proxy and name):
        _refuse_open_host()
    needs("uvicorn", "web", "for web pages")
    names = frozenset(name or ())
    if behind_proxy:
        sys.stdout.write(OPERATOR)
    _run(host, port, names)


def _refuse_open_host() -> None:
    from saisei.base.errors import OptionError, Problem

    raise OptionError(
        Problem(
            "open-host",
            "other machines could read what people enter",
            "an address of this machine alone, such as 127.0.0.1, or --behind-proxy with --name",
            "A proxy with HTTPS has to stand before it",
            field="--host",
        )
    )


def _run(host: str, port: int, names: frozenset[str]) -> None:
    """Listen until interrupted. Nothing is logged: neither addresses nor what was asked."""
    import uvicorn

    from saisei.web import Limits, create_app
    from saisei.web.guard import LOOPBACK as NAMES

    app = create_app(now, Limits(hosts=NAMES | names))
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    listening = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"http://{shown}:{listening.getsockname()[1]}/  (Ctrl-C ends it)\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])


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
