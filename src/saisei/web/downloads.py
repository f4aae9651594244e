"""Files to download: each says what it is, which version made it, and from which data."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from saisei import __version__
from saisei.base.store import data_digest

__all__ = ["csv_file", "json_file", "svg_download"]


def json_file(name: str, schema: str, told: Mapping[str, Any]) -> Response:
    """Give plain values as a JSON file.

    Parameters
    ----------
    name
        What it is, for its name without an ending.
    schema
        The form of what is told.
    """
    whole = {
        "schema": f"saisei-{schema}/1",
        "version": __version__,
        "data_digest": data_digest(),
        **told,
    }
    body = json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    return _file(body, "application/json", f"{name}.json")


def csv_file(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Give rows as a CSV file; its last columns hold the version and the digest of the data.

    A cell that a spreadsheet would run as a formula is led by an apostrophe. Where there are no
    rows, one with nothing else tells the version and the digest.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*heads, "saisei_version", "data_digest"])
    for row in list(rows) or [[""] * len(heads)]:
        writer.writerow([*map(_cell, row), __version__, data_digest()])
    return _file(text.getvalue(), "text/csv", f"{name}.csv")


def svg_download(name: str, drawn: str) -> Response:
    """Give a picture as an SVG file, with the version and the digest of the data inside."""
    marked = drawn.replace(
        ">", f"><metadata>Saisei {__version__}, data {data_digest()}</metadata>", 1
    )
    return _file(marked, "image/svg+xml", f"{name}.svg")


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str) and value[:1] in ("=", "+", "@", "\t", "\r", "-"):
        return f"'{value}"
    return value


def _file(body: str, kind: str, name: str) -> Response:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", f"saisei-{name}")
    way = "inline" if kind == "image/svg+xml" else "attachment"
    said = {"content-disposition": f'{way}; filename="{plain}"'}
    return Response(body, media_type=f"{kind}; charset=utf-8", headers=said)
