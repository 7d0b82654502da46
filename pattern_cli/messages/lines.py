"""Messages as finished JSON, built in SQL past all row classes (architecture.md §7).

Only rows that need no judgement take this way: everything in them has the form the runtime writes. Any other row comes
as a `MessageRow`, so that both ways cannot differ on what is odd. The conditions are written for speed: comparing is
cheaper than a function, and what is common is decided first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pattern_cli.messages.filters import DAY_AND_TIME, Filter
from pattern_cli.messages.pages import one_moment, page
from pattern_cli.messages.rows import BATCH_TYPES, FIELDS, ROLES, MessageRow, agent_names, columns, decode
from pattern_cli.store.constellation import Constellation


def _one_of(column: str, known: Sequence[str]) -> str:
    return f"CASE {column} " + " ".join(f"WHEN '{word}' THEN 1" for word in known) + " ELSE 0 END"


def _is_position(column: str) -> str:
    """A decimal of 17 digits or so: 13 digits would be base32 to the runtime (database.md D17)."""
    return (
        f"{column} = CAST(CAST({column} AS INTEGER) AS TEXT) AND {column} BETWEEN '1' AND ':' AND length({column}) > 13"
    )


def _has(path: str) -> str:
    return f"json_type(value, '$.{path}') IS 'text'"


def _list_of(tag: str, item: str) -> str:
    """Whether the content is a list under one key whose items all fulfil a condition on `value`."""
    return f"""json_remove(m.content_json, '$.{tag}') = '{{}}'
        AND json_type(m.content_json, '$.{tag}') = 'array' AND NOT EXISTS (
            SELECT 1 FROM json_each(m.content_json, '$.{tag}') WHERE type <> 'object' OR NOT ({item}))"""


_CALLS = _list_of(
    "ToolCalls", f"{_has('call_id')} AND {_has('fn_name')} AND json_type(value, '$.fn_arguments') NOTNULL"
)
_RESPONSES = _list_of(
    "ToolResponses", f"{_has('call_id')} AND {_has('content')} AND json_type(value, '$.is_error') IS NULL"
)
_BLOCKS = _list_of(
    "Blocks",
    f"{_has('Text.text')} AND json_remove(value, '$.Text') = '{{}}'"
    f" OR {_has('Thinking.text')} AND json_remove(value, '$.Thinking') = '{{}}'",
)
# A text is its own preview, so its JSON is told without parsing. The other common shapes are recognised in SQL; what
# is neither is judged in Python.
_IS_CONTENT = f"""CASE
    WHEN m.content_preview NOTNULL AND m.content_json = concat('{{"Text":', json_quote(m.content_preview), '}}') THEN 1
    WHEN NOT json_valid(m.content_json) THEN 0
    WHEN m.content_json GLOB '{{"ToolCalls":*' AND {_CALLS} THEN 1
    WHEN m.content_json GLOB '{{"ToolResponses":*' AND {_RESPONSES} THEN 1
    WHEN m.content_json GLOB '{{"Blocks":*' AND {_BLOCKS} THEN 1
    WHEN m.content_json GLOB '{{"[BPT]*' THEN message_sound(CAST(m.content_json AS BLOB))
    ELSE 0 END"""
# Of a sound content the beginning tells its kind.
_KIND = """CASE WHEN m.content_json < '{"C' THEN 'blocks' WHEN m.content_json < '{"Q' THEN 'parts'
    WHEN m.content_json < '{"Tf' THEN 'text' WHEN m.content_json < '{"ToolD' THEN 'tool_calls'
    ELSE 'tool_responses' END"""
# First the usual form, whose fields SQLite's own reading of it checks; then every other that is written shortest.
_IS_TIME = f"""CASE
    WHEN m.created_at GLOB '[1-9]???-??-[012]?T[012]?:??:??.????????[1-9]+00:00'
        AND unixepoch(m.created_at) NOTNULL AND substr(m.created_at, 12, 2) < '24' THEN 1
    WHEN m.created_at NOT GLOB '{DAY_AND_TIME}*+00:00' OR m.created_at < '0001'
        OR strftime('%Y-%m-%dT%H:%M:%S', substr(m.created_at, 1, 19)) IS NOT substr(m.created_at, 1, 19) THEN 0
    WHEN length(m.created_at) = 25 THEN 1
    WHEN length(m.created_at) IN (29, 32, 35) THEN substr(m.created_at, 20, 1) = '.'
        AND substr(m.created_at, 21, length(m.created_at) - 26) NOT GLOB '*[^0-9]*'
        AND substr(m.created_at, -9, 3) <> '000'
    ELSE 0 END"""
# Bytes are greater than any text.
_IS_REGULAR = f"""{_one_of("m.role", ROLES)} AND (m.batch_type IS NULL OR {_one_of("m.batch_type", BATCH_TYPES)})
    AND {_is_position("m.position")} AND (m.batch_id IS NULL OR {_is_position("m.batch_id")})
    AND CASE WHEN m.source_metadata BETWEEN '{{' AND x'' THEN typeof(m.source_metadata) = 'text'
        AND json_valid(m.source_metadata) ELSE m.source_metadata IS NULL END
    AND m.id < x'' IS NOT 0 AND m.agent_id < x'' AND m.content_preview < x'' IS NOT 0 AND m.source < x'' IS NOT 0
    AND m.sequence_in_batch < '' IS NOT 0 AND m.sequence_in_batch IS CAST(m.sequence_in_batch AS INTEGER)
    AND typeof(m.content_json) = 'text' AND {_IS_TIME} AND {_IS_CONTENT}"""

# The SQL that yields each field as JSON text, never NULL; of `_BARE` ones the text between the quotes.
_BARE = {"position", "role", "kind", "created_at"}
_VALUES = {
    "id": "json_quote(m.id)",
    "agent_id": "json_quote(m.agent_id)",
    "agent_name": "ifnull((SELECT json_quote(a.name) FROM agents AS a WHERE a.id = m.agent_id), 'null')",
    "position": "m.position",
    "batch_id": "ifnull('\"' || m.batch_id || '\"', 'null')",
    "sequence_in_batch": "ifnull(m.sequence_in_batch, 'null')",
    "role": "m.role",
    "kind": _KIND,
    "content_json": "iif(m.content_json GLOB '{\"Te*', m.content_json, json(m.content_json))",
    "content_preview": "json_quote(m.content_preview)",
    "batch_type": "ifnull('\"' || m.batch_type || '\"', 'null')",
    "source": "json_quote(m.source)",
    "source_metadata": "ifnull(json(m.source_metadata), 'null')",
    "is_archived": "iif(m.is_archived, 'true', 'false')",
    "is_deleted": "iif(m.is_deleted, 'true', 'false')",
    "created_at": "replace(m.created_at, '+00:00', 'Z')",
    "damage": "'[]'",
}


def _line(fields: Sequence[str], has_deleted: bool) -> str:
    """The SQL of a JSON object with these fields, as bytes; NULL for an odd row."""
    pieces: list[str] = []
    literal = "{"
    for name in dict.fromkeys(fields or FIELDS):
        quote = '"' if name in _BARE else ""
        value = "'false'" if name == "is_deleted" and not has_deleted else _VALUES[name]
        pieces += [f"""'{literal}"{name}":{quote}'""", value]
        literal = f"{quote},"
    whole = f"concat({', '.join(pieces)}, '{literal.removesuffix(',')}}}')"
    return f"CASE WHEN {_IS_REGULAR} THEN CAST({whole} AS BLOB) END"


def lines(
    constellation: Constellation, chosen: Filter, limit: int | None, fields: Sequence[str] = ()
) -> Iterator[bytes | MessageRow]:
    """The messages that fit, oldest first: a JSON object in bytes each where nothing in the row is odd.

    `fields` picks some of `FIELDS`; whoever gets a row instead of a line picks from it.
    """
    names = agent_names(constellation)
    line = _line(fields, constellation.has_column("messages", "is_deleted"))
    whole = f"SELECT {columns(constellation)} FROM messages AS m WHERE m.rowid = ?"
    with one_moment(constellation):
        rows = page(constellation, chosen, limit)
        for text, rowid in constellation.rows(rows.select(f"{line}, m.rowid"), rows.params):
            if text is not None:
                yield text
            else:
                yield decode(next(constellation.rows(whole, (rowid,))), names)
