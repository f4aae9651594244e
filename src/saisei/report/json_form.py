"""Frozen values as JSON, and the schema of that JSON, both from the dataclasses themselves."""

from __future__ import annotations

import json
import types
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from saisei.base.errors import DataError
from saisei.decision.model import SCHEMA, Decision
from saisei.decision.parts import names_of
from saisei.report.check import check_decision

__all__ = ["decision_schema", "plain_json", "schema_of", "to_json"]

PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def to_json(decision: Decision) -> str:
    """Write a decision as JSON: every field in the order of the model, UTF-8, finite numbers only.

    Raises
    ------
    DataError
        The decision does not hold together; see `check_decision`.
    """
    check_decision(decision)
    return plain_json(decision)


def plain_json(value: Any) -> str:
    """Write a frozen value as JSON: its fields in their order, UTF-8, finite numbers only."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _plain(value: Any) -> Any:
    if type(value) is str:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in names_of(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


@cache
def decision_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of what `to_json` writes. Do not change what is given.

    Examples
    --------
    >>> decision_schema()["properties"]["kind"]
    {'$ref': '#/$defs/Kind'}
    """
    return schema_of(Decision, SCHEMA)


def schema_of(shape: type[Any], name: str) -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of what `plain_json` writes of a dataclass.

    Parameters
    ----------
    shape
        The dataclass; its field ``schema`` says which form this is.
    name
        Of the form, with its version: ``saisei-decision/1``.
    """
    known: dict[str, Any] = {}
    whole = _object(shape, known)
    whole["properties"]["schema"] = {"const": name}
    known.pop(shape.__name__, None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{name.replace('/', ':')}",
        "title": shape.__name__,
        **whole,
        "$defs": dict(sorted(known.items())),
    }


def _object(shape: type[Any], known: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(shape)
    properties = {field.name: _field(field, hints, known) for field in fields(shape)}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _field(field: Field[Any], hints: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(hints[field.name], known)
    return schema if field.default is MISSING else schema | {"default": _plain(field.default)}


def _schema(hint: Any, known: dict[str, Any]) -> dict[str, Any]:
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        return _array(get_args(hint), known)
    if get_origin(hint) in {Union, types.UnionType}:
        return {"anyOf": [_schema(option, known) for option in get_args(hint)]}
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, StrEnum)):
        return _named(hint, known)
    raise DataError(f"the decision model has a type without a form in JSON: {hint}")


def _array(items: tuple[Any, ...], known: dict[str, Any]) -> dict[str, Any]:
    if len(items) == 2 and items[1] is Ellipsis:
        return {"type": "array", "items": _schema(items[0], known)}
    return {
        "type": "array",
        "prefixItems": [_schema(item, known) for item in items],
        "items": False,
        "minItems": len(items),
    }


def _named(shape: type[Any], known: dict[str, Any]) -> dict[str, Any]:
    name = shape.__name__
    if name not in known:
        known[name] = {}
        if issubclass(shape, StrEnum):
            known[name] = {"enum": [str(member) for member in shape]}
        else:
            known[name] = _object(shape, known)
    return {"$ref": f"#/$defs/{name}"}
