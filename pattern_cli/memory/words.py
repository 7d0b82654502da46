"""The words of a block's type and permissions as people write them, and as the runtime reads them (memory.md §1.1)."""

from __future__ import annotations

from pattern_cli.errors import UsageError
from pattern_cli.memory.blocks import BLOCK_TYPES
from pattern_cli.memory.sharing import PERMISSIONS
from pattern_cli.store.ids import nearest

_PERMISSIONS = {
    "readonly": "read_only",
    "ro": "read_only",
    "readwrite": "read_write",
    "rw": "read_write",
    "append_only": "append",
}
# The configuration's word for what an agent may look up (memory.md §1.1).
_TYPES = {"recall": "archival"}


def permission(word: str) -> str:
    """The stored spelling of a permission: `read-only`, `ReadOnly`, `rw`. Raises UsageError for anything else."""
    return _spelled(word, "permission", PERMISSIONS, _PERMISSIONS)


def block_type(word: str) -> str:
    """The stored spelling of a block's type. Raises UsageError for anything else."""
    return _spelled(word, "type of a block", BLOCK_TYPES, _TYPES)


def _spelled(word: str, what: str, known: tuple[str, ...], others: dict[str, str]) -> str:
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    found = others.get(plain, plain)
    if found in known:
        return found
    near = nearest(plain, known)
    said = f"did you mean {near}? " if near else ""
    raise UsageError(f'"{word}" is no {what}', f"{said}one of {', '.join(known)}")
