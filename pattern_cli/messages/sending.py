"""Sending: a message put into an agent's mailbox as the runtime puts one there itself (database.md §5.10, §7.4).

Beside a running runtime this is safe: it looks into the mailboxes of its agents every second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pattern_cli.errors import NotFoundError, UsageError
from pattern_cli.messages.queue import Queue
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation, describe
from pattern_cli.store.encoding import json_text
from pattern_cli.store.ids import resolve
from pattern_cli.store.snowflake import Minter

SESSION = "pattern"
COMMAND = "messages send"
_TEXTS = ("user_id", "conversation_id", "channel_id", "guild_id")
_REFERENCE = ("label", "block_id", "agent_id")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in an agent's mailbox; `id` and `created_at` are None for one that was not stored (`dry_run`).

    `ahead` counts the messages that wait there already and come first. `runtime` names the process that has the
    constellation open and may deliver it within seconds; without one it waits until a runtime that has the agent
    loaded runs. `blocked_by` names waiting messages that the runtime cannot read: it delivers nothing while they wait.
    """

    id: str | None
    target_agent_id: str
    agent_name: str
    agent_status: str
    source_agent_id: str | None
    source_agent_name: str | None
    content: str
    origin_json: dict[str, Any]
    metadata_json_full: dict[str, Any]
    created_at: str | None
    ahead: int
    blocked_by: tuple[str, ...]
    runtime: str | None
    dry_run: bool


def send(
    constellation: Constellation,
    agent: str,
    text: str,
    *,
    sender: str | None = None,
    user: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> Sent:
    """Put a text into the mailbox of an agent (name, id or unique beginning of an id).

    It comes from the agent `sender`, or from a person, who may be named by `user`. The agent itself sees the text
    only; who sent it is in the metadata of the message that is made of it. `metadata` are further keys of it. An
    agent's status does not matter: the runtime never looks at it. Raises NotFoundError and AmbiguousError for the
    agents, UsageError for an empty text and for metadata that the runtime could not read.
    """
    if not text.strip():
        raise UsageError("the message is empty", "name a text, @FILE or - for standard input")
    if sender is not None and user is not None:
        raise UsageError("a message comes from an agent or from a person, not from both", "leave out --from or --as")
    own = dict(metadata or {})
    _check(own, named=sender is not None or user is not None)
    if dry_run:
        with constellation.one_moment():
            return _send(constellation, agent, text, sender, user, own, True)
    constellation.require_lock_budget("this message", size=2 * len(text))
    with constellation.transaction():
        return _send(constellation, agent, text, sender, user, own, False)


def _send(
    constellation: Constellation,
    agent: str,
    text: str,
    sender: str | None,
    user: str | None,
    own: dict[str, Any],
    dry_run: bool,
) -> Sent:
    target = _agent(constellation, agent)
    name, status = _name(constellation, target), str(_column(constellation, "status", target))
    source = source_name = None
    # As the runtime's own sessions, and its own agents, describe themselves.
    origin: dict[str, Any] = {"type": "cli", "session_id": user or SESSION, "command": COMMAND}
    if sender is not None:
        source = _agent(constellation, sender)
        source_name = _name(constellation, source)
        origin = {"type": "agent", "agent_id": source, "name": source_name, "reason": COMMAND}
    who = source or user
    full = {"user_id": who, **own} if who else own
    before = Queue(constellation).waiting(target)
    now = times.now_column()
    values = {
        "target_agent_id": target,
        "source_agent_id": source,
        "content": text,
        "origin_json": json_text(origin, "the origin"),
        "priority": 0,
        "created_at": now,
        "content_json": json_text({"Text": text}, "the message"),
        "metadata_json_full": json_text(full, "the metadata"),
        "role": "user",
    }
    id = None if dry_run else _insert(constellation, values)
    holder = constellation.live_holder()
    return Sent(
        id=id,
        target_agent_id=target,
        agent_name=name,
        agent_status=status,
        source_agent_id=source,
        source_agent_name=source_name,
        content=text,
        origin_json=origin,
        metadata_json_full=full,
        created_at=None if dry_run else times.rfc3339z(now),
        ahead=sum(not isinstance(row.priority, int) or row.priority >= 0 for row in before),
        blocked_by=tuple(str(row.id) for row in before if row.unreadable),
        runtime=describe(holder) if holder else None,
        dry_run=dry_run,
    )


def _insert(constellation: Constellation, values: Mapping[str, Any]) -> str:
    """Store a row and return its id. The batch stays open: the runtime begins one when it delivers."""
    taken = "SELECT 1 FROM queued_messages WHERE id = ?"
    id = str(Minter(lambda position: constellation.value(taken, (str(position),)) is not None).draw())
    names = ("id", *values)
    sql = f"INSERT INTO queued_messages ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
    list(constellation.rows(sql, {"id": id, **values}))
    return id


def _agent(constellation: Constellation, ref: str) -> str:
    try:
        return resolve(constellation, "agent", ref)
    except NotFoundError as error:
        members = """SELECT a.name FROM agent_groups g JOIN group_members m ON m.group_id = g.id
                     JOIN agents a ON a.id = m.agent_id WHERE g.name = ?1 OR g.id = ?1 ORDER BY a.name"""
        names = [str(row[0]) for row in constellation.rows(members, (ref,))]
        if names:
            raise NotFoundError(
                f'"{ref}" is a group, which has no mailbox', f"send to its members: {', '.join(names)}"
            ) from None
        raise error


def _column(constellation: Constellation, column: str, agent_id: str) -> Any:
    return constellation.value(f"SELECT {column} FROM agents WHERE id = ?", (agent_id,))


def _name(constellation: Constellation, agent_id: str) -> str:
    return str(_column(constellation, "name", agent_id))


def _check(metadata: dict[str, Any], named: bool) -> None:
    """Raise UsageError for metadata in place of which the runtime would silently take none (database.md §5.9).

    A time is brought into the runtime's form.
    """
    for key in _TEXTS:
        if metadata.get(key) is not None and not isinstance(metadata[key], str):
            raise UsageError(f'"{key}" in the metadata must be a text', f'for example {{"{key}": "ada"}}')
    if named and "user_id" in metadata:
        raise UsageError("the sender is named twice", 'leave out --from and --as, or "user_id" in the metadata')
    if metadata.get("timestamp") is not None:
        try:
            metadata["timestamp"] = times.rfc3339z(metadata["timestamp"])
        except (ValueError, TypeError, OverflowError):
            raise UsageError('"timestamp" in the metadata is not a time', "write 2026-01-08T19:02:18Z") from None
    references = metadata.get("block_refs", [])
    if not isinstance(references, list) or not all(map(_is_reference, references)):
        raise UsageError(
            '"block_refs" in the metadata is no list of block references',
            'each is {"label": …, "block_id": …, "agent_id": …}, three texts',
        )


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in _REFERENCE)
