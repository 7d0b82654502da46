"""What the runtime cannot read of a membership (database.md §4.3, trap D40)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pattern_cli.models.fields import AsStored

ROLES = ("regular", "supervisor", "observer", "specialist")


def remarks(role: Any, capabilities: Any, where: str) -> Iterator[str]:
    """Why a decoded role or its capabilities make a whole list of members unreadable to the runtime.

    `where` goes behind the column's name: `of Juniper`. What is no JSON at all has been named before.
    """
    if not (role is None or isinstance(role, AsStored) or _is_role(role)):
        yield f"role {where}: not in the form that the runtime reads"
    if not (isinstance(capabilities, AsStored) or _is_words(capabilities)):
        yield f"capabilities {where}: no list of words, which the runtime cannot read"


def _is_role(role: Any) -> bool:
    kind = role.get("type") if isinstance(role, dict) else None
    return kind in ROLES and (kind != "specialist" or isinstance(role.get("domain"), str))


def _is_words(capabilities: Any) -> bool:
    return isinstance(capabilities, list) and all(isinstance(word, str) for word in capabilities)
