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
    return _written(value, separators=(",", ":"))


def pretty(value: Any) -> str:
    """JSON over several lines for people; safe to print."""
    return _written(value, indent=2)


def _written(value: Any, **layout: Any) -> str:
    import json

    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_default, **layout)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, default=_default, **layout)
    return safe.json(text)


def _finite(value: Any) -> Any:
    """The same value with infinities, which a damaged column may hold, as texts: JSON has no word for them."""
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if hasattr(value, "__dataclass_fields__") or isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in mapping(value).items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value
