"""Rows as JSON: dataclasses become objects, harmful characters become escapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pattern_cli.render import safe


def mapping(row: Any) -> Mapping[str, Any]:
    """A row's names and values: a mapping as it is, a dataclass by its fields (not deeper)."""
    if isinstance(row, Mapping):
        return row
    return {name: getattr(row, name) for name in type(row).__dataclass_fields__}


def _default(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return mapping(value)
    if isinstance(value, bytes | bytearray | memoryview):
        import base64

        return base64.b64encode(value).decode("ascii")
    return str(value)


def compact(value: Any) -> str:
    """JSON on one line, UTF-8, without blanks; safe to print."""
    import json

    return safe.json(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_default))


def pretty(value: Any) -> str:
    """JSON over several lines for people; safe to print."""
    import json

    return safe.json(json.dumps(value, ensure_ascii=False, indent=2, default=_default))
