"""What every answer says to the browser: what it may load, keep and pass on."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders

__all__ = ["STRICT", "add_headers", "policy_of"]

HALF_YEAR = 183 * 24 * 3600
LANGUAGE = "Accept-Language, Cookie"
"""What decides the language of a page and of a refusal."""
SAID = ("text/html", "application/problem+json")
"""Answers whose words differ by language."""


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
    # not `no-referrer`: under it browsers send `Origin: null` with our own forms
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
    "cache-control": "no-store",
}
"""What every answer carries unless it says otherwise itself."""


def add_headers(message: MutableMapping[str, Any], *, https: bool, last: bool = False) -> None:
    """Complete the head of an answer.

    Parameters
    ----------
    message
        The beginning of an answer, as ASGI has it; it is changed.
    https
        Whether the reader came by HTTPS: then only so from now on, cookies too.
    last
        Whether the connection ends with this answer, because a body was not read to its end.
    """
    headers = MutableHeaders(raw=list(message.get("headers", [])))
    for name, value in STRICT.items():
        headers.setdefault(name, value)
    if headers.get("content-type", "").startswith(SAID):
        headers.add_vary_header(LANGUAGE)
    if https:
        headers["strict-transport-security"] = f"max-age={HALF_YEAR}"
    if last:
        headers["connection"] = "close"
    message["headers"] = [_secured(*pair) if https else pair for pair in headers.raw]


def _secured(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Let a cookie travel by HTTPS only."""
    if name != b"set-cookie" or b"; secure" in value.lower():
        return name, value
    return name, value + b"; Secure"
