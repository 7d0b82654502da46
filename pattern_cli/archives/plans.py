"""What an import is asked to do, what it would do and what it did: plain dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number and its word, for remarks: `1 share`, `2 shares`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


# What is said of ids that an archive has twice.
REPEATED = "{} occurred in the archive before; those rows get new ones"

Policy = Literal["fail", "rename", "skip", "replace"]
Action = Literal["add", "rename", "skip", "replace", "fail"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import: new ids unless `keep_ids`; `rename` names the agent of an agent archive or the group of a group's.

    `on_conflict` decides about names, labels and, with `keep_ids`, ids that the target has already. Without `messages`
    their summaries still come.
    """

    keep_ids: bool = False
    rename: str | None = None
    on_conflict: Policy = "fail"
    messages: bool = True
    archival: bool = True


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something the target has already, and what is done about it.

    `kind` is agent, group, block, message, entry or summary; `on` is name, id or label; `name` and `existing` are the
    name and the id of what is in the target (of messages the first one), `owner` is the name of a block's owner there;
    `count` is above 1 for messages that are counted together.
    """

    kind: str
    name: str
    on: str
    existing: str
    action: Action
    new_name: str | None = None
    count: int = 1
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """An agent or group of the archive: its id and name there and in the target; `id` is None when it is left out."""

    kind: str
    archived_id: str
    archived_name: str
    id: str | None
    name: str
    action: Action


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import does. All counts are rows; `batches` are those of the messages that come.

    `kind` is agent, group, thin group or constellation; `size` is in bytes; `sections` counts the blocks of
    the file, all of whose hashes were checked; `exported_at` is RFC 3339 UTC.
    `adds` has the rows per table, `removes` what `replace` deletes first.
    `rescued` blocks get their preview's text as an update; `previews_kept` blocks show something else in their
    document than in the preview, which is stored beside it. `damaged_documents` cannot be read, here or by the runtime.
    `repeated_ids` should have been kept and are new ones, because the archive has them twice.
    `fails` says that the conflicts forbid the import; `remarks` are sentences about what is not as in the archive.
    """

    archive: str
    kind: str
    version: int
    size: int
    sections: int
    exported_at: str
    keep_ids: bool
    on_conflict: str
    arrivals: tuple[Arrival, ...]
    adds: dict[str, int]
    batches: int
    removes: dict[str, int]
    conflicts: tuple[Conflict, ...]
    fails: bool
    rescued: int
    previews_kept: int
    damaged_documents: int
    repeated_ids: int
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportResult(ImportPlan):
    """What an import did, in the words of the plan: `adds` is what was written.

    `database` is the target; `snapshot` the backup taken before something was replaced; `seconds` the time of the
    transaction.
    """

    database: str
    snapshot: str | None
    seconds: float
