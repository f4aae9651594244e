"""What OpenAPI says of each address."""

from __future__ import annotations

from typing import Any

__all__ = ["described"]


def described(name: str) -> dict[str, Any]:
    """Describe an address."""
    return {"operation_id": name}
