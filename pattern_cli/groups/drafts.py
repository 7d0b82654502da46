"""A group as TOML that a person edits, and what the edited text changes (database.md §5.4).

TOML has no null: keys that hold one are not in the text, and stay as they are stored while what they are in stays.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import UsageError
from pattern_cli.groups.changing import Row, read_row, rewrite
from pattern_cli.groups.creation import Group
from pattern_cli.store.constellation import Constellation
from pattern_cli.store.decoding import read_json
from pattern_cli.store.ids import nearest, resolve

_JSON = "pattern_config_json"
_KEYS = ("description", "pattern", "pattern_config", _JSON)
_HEAD = """\
# {name} ({id})
# Only what you change is stored. Without its line, a group has no description.
# Members and the name have their own commands: pattern groups add-member, remove-member, set-role, rename
"""
_AS_JSON = "# The configuration is JSON in a text, because it holds what TOML cannot.\n"


@dataclass(frozen=True, slots=True)
class Draft:
    """A group's text for an editor, and the row it was made from."""

    name: str
    text: str
    row: Row


def draft(constellation: Constellation, group: str) -> Draft:
    """The text of a group. Raises NotFoundError or AmbiguousError."""
    import tomli_w

    row = read_row(constellation, resolve(constellation, "group", group))
    config = read_json(row["pattern_config"], "pattern_config", [])
    shown = {key: row[column] for key, column in (("description", "description"), ("pattern", "pattern_type"))}
    toml = tomli_w.dumps({key: value for key, value in shown.items() if isinstance(value, str)}, multiline_strings=True)
    head = _HEAD.format(name=_comment(row["name"]), id=_comment(row["id"]))
    if isinstance(config, dict) and _fits(config):
        text = f"{head}\n{toml}\n{tomli_w.dumps({'pattern_config': _without_nulls(config)})}"
    else:
        as_json = tomli_w.dumps({_JSON: json.dumps(config, indent=2)}, multiline_strings=True)
        text = f"{head}{_AS_JSON}\n{toml}{as_json}"
    return Draft(str(row["name"]), text, row)


def apply(constellation: Constellation, draft: Draft, text: str, *, dry_run: bool = False) -> Group:
    """Store what the edited text changes.

    Raises UsageError for what is no TOML or no group, and what `changing.rewrite` raises.
    """
    before, after = _read(draft.text), _read(text)
    changes: dict[str, Any] = {}
    if after.get("description") != before.get("description"):
        changes["description"] = after.get("description")
    if after["pattern"] != before["pattern"]:
        changes["pattern_type"] = after["pattern"]
    (old,), (new,) = ([read[key] for key in ("pattern_config", _JSON) if key in read] for read in (before, after))
    if repr(old) != repr(new):
        stored = read_json(draft.row["pattern_config"], "pattern_config", [])
        changes["pattern_config"] = _json(new) if _JSON in after else overlaid(stored, old, new)
    return rewrite(constellation, draft.row, changes, dry_run=dry_run)


def overlaid(stored: Any, before: Any, after: Any) -> Any:
    """The stored value with the changes from `before`, which is it without its nulls, to `after`."""
    if (before, repr(before)) == (after, repr(after)):
        return stored
    if isinstance(stored, dict) and isinstance(before, dict) and isinstance(after, dict):
        kept = {
            key: overlaid(value, before[key], after[key]) if key in before else after.get(key, value)
            for key, value in stored.items()
            if key in after or key not in before
        }
        return {**kept, **{key: value for key, value in after.items() if key not in stored}}
    if isinstance(stored, list) and isinstance(before, list) and isinstance(after, list):
        same = len(after) == len(before)
        return [
            overlaid(stored[at], before[at], item) if (at := _place(before, item, place, same)) is not None else item
            for place, item in enumerate(after)
        ]
    return after


def _place(before: list[Any], item: Any, place: int, same_length: bool) -> int | None:
    """Which item it was: one equal to it, else in a list of the same length the one in its place."""
    equal = [at for at, old in enumerate(before) if (old, repr(old)) == (item, repr(item))]
    return place if place in equal or (not equal and same_length) else equal[0] if equal else None


def _read(text: str) -> dict[str, Any]:
    try:
        read = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the edited text is no TOML: {error}", "nothing was changed") from None
    for key in read:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            hint = f"did you mean {near}?" if near else "members and the name have commands of their own"
            raise UsageError(f'"{key}" is nothing that can be edited here', hint)
        if key != "pattern_config" and not isinstance(read[key], str):
            raise UsageError(f"{key} is no text", f'{key} = "…"')
    if len({"pattern_config", _JSON} & read.keys()) != 1:
        raise UsageError("the edited text needs pattern_config once", "put it back as it was")
    # A pattern that the runtime does not know may stand in the row; it was no text then.
    return {"pattern": None, **read}


def _json(text: str) -> Any:
    damage: list[str] = []
    value = read_json(text, "pattern_config", damage)
    if damage:
        raise UsageError(damage[0].replace("pattern_config:", "the configuration is", 1))
    return value


def _fits(value: Any, depth: int = 0) -> bool:
    """Whether TOML can hold a value as it is, nulls of objects left out."""
    if isinstance(value, dict):
        return all(_fits(key) and (item is None or _fits(item, depth + 1)) for key, item in value.items())
    if isinstance(value, list):
        return all(_fits(item, depth + 1) for item in value)
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    return value is not None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _comment(value: Any) -> str:
    return "".join(character if character.isprintable() else "?" for character in str(value))
