"""What a block's permission allows (memory.md §1.3)."""

from __future__ import annotations

from typing import Literal

from pattern_cli.errors import RefusedError

Operation = Literal["append", "overwrite", "delete"]
_ALLOWED: dict[str, frozenset[str]] = {
    "append": frozenset({"append", "read_write", "admin"}),
    "overwrite": frozenset({"read_write", "admin"}),
    "delete": frozenset({"admin"}),
}
_MEANING = {
    "read_only": "nobody changes it",
    "partner": "a change needs the partner's consent",
    "human": "a change needs a human's consent",
    "append": "text may only be added",
    "read_write": "it may be read and written, but nothing deleted",
}
_VERBS = {"append": "adding to", "overwrite": "changing", "delete": "deleting from"}


def allows(permission: str, operation: Operation) -> bool:
    """Whether a permission allows an operation without anybody's consent."""
    return permission in _ALLOWED[operation]


def require(permission: str, operation: Operation, name: str, as_admin: bool, receiver: str | None = None) -> None:
    """Raise RefusedError, explaining the permission, unless it allows the operation or `as_admin` overrides it.

    `receiver` names the agent with whom the block is shared, when the permission is that of the share.
    """
    if as_admin or allows(permission, operation):
        return
    meaning = _MEANING.get(permission, "which is no known permission")
    whose = f"the permission that {receiver} has for it" if receiver else "its permission"
    raise RefusedError(
        f"{_VERBS[operation]} {name} is not allowed: {whose} is {permission} ({meaning})",
        f"--as-admin does it anyway; `pattern memory {'share' if receiver else 'meta'}` changes the permission",
    )
