"""The data files that travel with the package: reading them, and one digest over all of them."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from saisei.base.documents import Document, parse_document
from saisei.base.errors import DataError, InputError

__all__ = ["data_digest", "data_files", "load_data", "load_document", "load_folder"]

SUFFIXES = (".yaml", ".json")


def _package() -> Traversable:
    return resources.files("saisei")


@cache
def load_document(path: str) -> Document:
    """Read a packaged data file, such as ``scales/scales.yaml``, with the places of its values.

    Raises
    ------
    DataError
        There is no such file, or it is broken.
    """
    file = _package().joinpath(path)
    if not file.is_file():
        raise DataError(f"the package has no data file {path}")
    try:
        return parse_document(file.read_bytes(), path)
    except InputError as error:
        raise DataError(str(error)) from error


def load_data(path: str) -> Any:
    """Read what a packaged data file holds. Do not change what comes back: it is shared."""
    return load_document(path).data


def load_folder(path: str) -> dict[str, Document]:
    """Read every YAML file of a packaged folder, by file name without its ending, in order."""
    names = sorted(f.name for f in _package().joinpath(path).iterdir() if f.name.endswith(".yaml"))
    return {name.removesuffix(".yaml"): load_document(f"{path}/{name}") for name in names}


def data_files() -> tuple[str, ...]:
    """List every packaged data file by its path inside the package, in order."""
    return tuple(sorted(_walk(_package(), "")))


def _walk(folder: Traversable, prefix: str) -> list[str]:
    found: list[str] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIXES):
            found.append(f"{prefix}{entry.name}")
    return found


@cache
def data_digest() -> str:
    """Give one SHA-256 (the first 16 hex digits) over the paths and bytes of all data files.

    A report prints it, so that the same report can be made again from the same data.
    """
    digest = hashlib.sha256()
    for path in data_files():
        content = _package().joinpath(path).read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
