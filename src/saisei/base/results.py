"""The one form in which a result is written as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from saisei import __version__

__all__ = ["result_json"]


def result_json(kind: str, result: Mapping[str, Any]) -> str:
    """Give a result as JSON with its schema; a number that JSON does not have is our defect.

    Examples
    --------
    >>> print(result_json("pool", {"k": 3}).splitlines()[1])
     "schema": "saisei-pool/1",
    """
    told = {"schema": f"saisei-{kind}/1", "version": __version__, **result}
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
