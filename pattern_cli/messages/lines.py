"""Messages as finished JSON, built in SQL past all row classes (architecture.md §7).

Only rows that need no judgement take this way: everything in them has the form the runtime writes. Any other row comes
as a `MessageRow`, so that both ways cannot differ on what is odd. The conditions are written for speed: comparing is
cheaper than a function, and what is common is decided first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pattern_cli.messages.filters import DAY_AND_TIME, Filter, is_plain
from pattern_cli.messages.pages import Order, chunks, order, read
from pattern_cli.messages.rows import FIELDS, MessageRow
from pattern_cli.models.words import BATCH_TYPES, ROLES
from pattern_cli.store.constellation import Constellation


def _one_of(column: str, known: Sequence[str]) -> str:
    return f"CASE {column} " + " ".join(f"WHEN '{word}' THEN 1" for word in known) + " ELSE 0 END"


def _is_left(skeleton: str, parts: Sequence[str], texts: Sequence[str]) -> str:
    """Whether the content without these parts is the skeleton, and these texts are in it.

    One comparison proves that it has no other keys and items than those taken out.
    """
    paths = ", ".join(f"'$.{path}'" for path in parts)
    left = f"json_remove(m.content_json, {paths}) = '{skeleton}'"
    return " AND ".join([left, *(f"json_type(m.content_json, '$.{path}') = 'text'" for path in texts)])


_CALL_TEXTS = ("ToolCalls[0].call_id", "ToolCalls[0].fn_name")
_CALL = (
    _is_left('{"ToolCalls":[{}]}', (*_CALL_TEXTS, "ToolCalls[0].fn_arguments"), _CALL_TEXTS)
    + " AND json_type(m.content_json, '$.ToolCalls[0].fn_arguments') NOTNULL"
)
_RESPONSE_TEXTS = ("ToolResponses[0].call_id", "ToolResponses[0].content")
_RESPONSE = _is_left('{"ToolResponses":[{}]}', _RESPONSE_TEXTS, _RESPONSE_TEXTS)
_BLOCK_PARTS = ("Blocks[0].Thinking", "Blocks[1].Text")
_BLOCKS = _is_left('{"Blocks":[{},{}]}', _BLOCK_PARTS, tuple(f"{part}.text" for part in _BLOCK_PARTS))
# A text is its own preview, so its JSON is told without parsing. The other common shapes are recognised in SQL; what
# is none of them is judged in Python.
_IS_CONTENT = f"""CASE
    WHEN m.content_preview NOTNULL AND m.content_json = concat('{{"Text":', json_quote(m.content_preview), '}}') THEN 1
    WHEN NOT json_valid(m.content_json) THEN 0
    WHEN m.content_json GLOB '{{"ToolC*' AND {_CALL} THEN 1
    WHEN m.content_json GLOB '{{"ToolR*' AND {_RESPONSE} THEN 1
    WHEN m.content_json GLOB '{{"B*' AND {_BLOCKS} THEN 1
    WHEN m.content_json GLOB '{{"[BPT]*' THEN message_sound(CAST(m.content_json AS BLOB))
    ELSE 0 END"""
# Of a sound content the beginning tells its kind.
_KIND = """CASE WHEN m.content_json < '{"C' THEN 'blocks' WHEN m.content_json < '{"Q' THEN 'parts'
    WHEN m.content_json < '{"Tf' THEN 'text' WHEN m.content_json < '{"ToolD' THEN 'tool_calls'
    ELSE 'tool_responses' END"""
# First the usual form: SQLite's own reading checks the digits, but takes the 31st of any month and the hour 24. Then
# every other form that is written shortest.
_IS_TIME = f"""CASE
    WHEN m.created_at GLOB '??????????T????????.????????[1-9]+00:00' AND unixepoch(m.created_at) NOTNULL
        AND m.created_at > '0001' AND substr(m.created_at, 9, 2) < '29' AND substr(m.created_at, 12, 2) < '24' THEN 1
    WHEN m.created_at NOT GLOB '{DAY_AND_TIME}*+00:00' OR m.created_at < '0001'
        OR strftime('%Y-%m-%dT%H:%M:%S', substr(m.created_at, 1, 19)) IS NOT substr(m.created_at, 1, 19) THEN 0
    WHEN length(m.created_at) = 25 THEN 1
    WHEN length(m.created_at) IN (29, 32, 35) THEN substr(m.created_at, 20, 1) = '.'
        AND substr(m.created_at, 21, length(m.created_at) - 26) NOT GLOB '*[^0-9]*'
        AND substr(m.created_at, -9, 3) <> '000'
    ELSE 0 END"""
# Bytes are greater than any text.
_IS_REGULAR = f"""{_one_of("m.role", ROLES)} AND (m.batch_type IS NULL OR {_one_of("m.batch_type", BATCH_TYPES)})
    AND CASE WHEN m.source_metadata BETWEEN '{{' AND x'' THEN json_valid(m.source_metadata)
        ELSE m.source_metadata IS NULL END
    AND m.id < x'' IS NOT 0 AND m.agent_id < x'' AND m.content_preview < x'' IS NOT 0 AND m.source < x'' IS NOT 0
    AND m.sequence_in_batch < '' IS NOT 0 AND m.sequence_in_batch IS CAST(m.sequence_in_batch AS INTEGER)
    AND typeof(m.content_json) = 'text' AND {_IS_TIME} AND {_IS_CONTENT}"""

_FEW_AGENTS = 50
# The SQL that yields each field as JSON text, never NULL; of `_BARE` ones the text between the quotes.
_BARE = {"position", "role", "kind", "created_at"}
_VALUES = {
    "id": "json_quote(m.id)",
    "agent_id": "json_quote(m.agent_id)",
    "position": "m.position",
    "batch_id": "ifnull('\"' || m.batch_id || '\"', 'null')",
    "sequence_in_batch": "ifnull(m.sequence_in_batch, 'null')",
    "role": "m.role",
    "kind": _KIND,
    "content_json": "m.content_json",
    "content_preview": "json_quote(m.content_preview)",
    "batch_type": "ifnull('\"' || m.batch_type || '\"', 'null')",
    "source": "json_quote(m.source)",
    "source_metadata": "ifnull(m.source_metadata, 'null')",
    "is_archived": "iif(m.is_archived, 'true', 'false')",
    "is_deleted": "iif(m.is_deleted, 'true', 'false')",
    "created_at": "replace(m.created_at, '+00:00', 'Z')",
    "damage": "'[]'",
}


def _line(constellation: Constellation, fields: Sequence[str], positions: str) -> str:
    """The SQL of a JSON object with these fields; of an odd row its rowid between zero bytes, which no JSON has.

    `positions` is the condition on position and batch id.
    """
    values = {**_VALUES, "agent_name": _agent_name(constellation)}
    if not constellation.has_column("messages", "is_deleted"):
        values["is_deleted"] = "'false'"
    pieces: list[str] = []
    literal = "{"
    for name in dict.fromkeys(fields or FIELDS):
        quote = '"' if name in _BARE else ""
        pieces += [f"""'{literal}"{name}":{quote}'""", values[name]]
        literal = f"{quote},"
    whole = f"concat({', '.join(pieces)}, '{literal.removesuffix(',')}}}')"
    return f"CASE WHEN {positions} AND {_IS_REGULAR} THEN {whole} ELSE concat(char(0), m.rowid, char(0)) END"


def _agent_name(constellation: Constellation) -> str:
    """The SQL of an agent's name; of a few agents as constants, which is faster than looking them up for each row."""
    known = "SELECT hex(id), hex(json_quote(name)) FROM agents WHERE typeof(name) = 'text' AND id NOTNULL"
    found = [*constellation.rows(f"{known} LIMIT {_FEW_AGENTS + 1}")]
    if not 0 < len(found) <= _FEW_AGENTS:
        one = "SELECT json_quote(a.name) FROM agents AS a WHERE a.id = m.agent_id AND typeof(a.name) = 'text'"
        return f"ifnull(({one}), 'null')"
    cases = (f"WHEN CAST(x'{id}' AS TEXT) THEN CAST(x'{name}' AS TEXT)" for id, name in found)
    return f"CASE m.agent_id {' '.join(cases)} ELSE 'null' END"


def lines(
    constellation: Constellation, chosen: Filter, limit: int | None, fields: Sequence[str] = (), between: str = "\n"
) -> Iterator[bytes | MessageRow]:
    """The messages that fit, oldest first: JSON objects in bytes, joined by `between`, where nothing in a row is odd.

    `fields` picks some of `FIELDS`; whoever gets a row instead picks from it. `between` has one line break.
    """
    with constellation.one_moment():
        ordered = order(constellation, chosen, limit)
        line = _line(constellation, fields, _positions(constellation, ordered))
        for chunk in chunks(ordered.rows):
            sql = f"SELECT CAST(group_concat({line}, '{between}') AS BLOB) FROM {chunk.source}"
            objects = constellation.value(sql, chunk.params)
            if objects.count(b"\n") != len(chunk.rows) - 1 or b"\r" in objects or not _is_utf8(objects):
                # Something in it is stored over several lines or is no UTF-8: a case for the way that knows it all.
                yield from read(constellation, chunk.rows)
            else:
                yield from _sorted_out(constellation, objects, between.encode())


def _is_utf8(objects: bytes) -> bool:
    if objects.isascii():
        return True
    try:
        # Most lines are ASCII; deciding line by line spares decoding those.
        for line in objects.split(b"\n"):
            if not line.isascii():
                line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _positions(constellation: Constellation, ordered: Order) -> str:
    """The condition on position and batch id; where the indexes have told that all are plain there is none."""
    of_batch = f"(m.batch_id IS NULL OR {is_plain('m.batch_id')})"
    if not ordered.plain:
        return f"{is_plain('m.position')} AND {of_batch}"
    return of_batch if constellation.value(f"SELECT 1 FROM messages AS m WHERE NOT {of_batch} LIMIT 1") else "1"


def _sorted_out(constellation: Constellation, objects: bytes, between: bytes) -> Iterator[bytes | MessageRow]:
    """Finished objects as they are; in place of the rowids between zero bytes the rows."""
    finished, *rest = objects.split(b"\0")
    if not rest:
        yield finished
        return
    for text, number in zip([finished, *rest[1::2]], [*rest[::2], None], strict=True):
        if whole := text.removeprefix(between).removesuffix(between):
            yield whole
        if number:
            yield from read(constellation, [int(number)])
