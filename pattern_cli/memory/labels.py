"""Labels: what one may be, and whether it is free (memory.md §1.1, §1.6, M15)."""

from __future__ import annotations

import unicodedata

from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.memory.sharing import Owner, Owners
from pattern_cli.store.constellation import Constellation

# Nothing of it can be seen, or typed, or it turns the text around it.
_INVISIBLE = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def checked(label: str) -> str:
    """The label, if it can be one: any text on one line without spaces around it. Raises UsageError."""
    if not label.strip():
        raise UsageError("the label is empty", "a label is the name that the agent uses, for example persona")
    for position, letter in enumerate(label, 1):
        if unicodedata.category(letter) in _INVISIBLE or letter in _TURNING:
            raise UsageError(
                f"the label holds U+{ord(letter):04X} as its character {position}, which cannot be seen",
                "control characters and what turns the direction of text are no part of a name",
            )
    if label != label.strip():
        raise UsageError(f'the label "{label}" begins or ends with a space', f'"{label.strip()}" would do')
    return label


def require_free(constellation: Constellation, owner: Owner, label: str, besides: str | None = None) -> None:
    """Raise ConflictError when the owner has another block of that label, saying what to do about a deleted one.

    `besides` is the id of the block that is to have it.
    """
    sql = "SELECT id, is_active FROM memory_blocks WHERE agent_id = ? AND label = ?"
    for id, active in constellation.rows(sql, (owner.id, label)):
        if id == besides:
            continue
        if active:
            raise ConflictError(
                f'"{owner.name}" has a block "{label}" already', f'`pattern memory list "{owner.name}"` shows them all'
            )
        named = f'"{owner.name}" "{label}"'
        raise ConflictError(
            f'"{owner.name}" has a deleted block "{label}", which keeps the label',
            f"`pattern memory restore {named}` brings it back, `pattern memory purge {named}` frees the label, "
            f"`pattern memory meta {named} --rename NAME` gives it another",
        )


def confusions(constellation: Constellation, owner: Owner, label: str, besides: str | None = None) -> list[str]:
    """What could be taken for this block: a label that looks the same, one of that label received by a share."""
    found = []
    own = "SELECT id, label FROM memory_blocks WHERE agent_id = ?"
    for id, other in constellation.rows(own, (owner.id,)):
        if id != besides and isinstance(other, str) and other != label and _folded(other) == _folded(label):
            found.append(f'"{owner.name}" also has a block "{other}", which differs only in its spelling')
    received = """SELECT b.agent_id FROM shared_block_agents s JOIN memory_blocks b ON b.id = s.block_id
                  WHERE s.agent_id = ? AND b.label = ? AND b.is_active <> 0 AND b.id IS NOT ?"""
    for (giver,) in constellation.rows(received, (owner.id, label, besides)):
        name = Owners(constellation).of(giver).name
        found.append(f'"{owner.name}" also receives a block "{label}", from "{name}"')
    return found


def _folded(label: str) -> str:
    return unicodedata.normalize("NFKC", label).casefold()
