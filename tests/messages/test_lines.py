"""Lines built in SQL equal the rows that go through Python, on real databases and on anything odd."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.messages.filters import Filter
from pattern_cli.messages.rows import FIELDS, MessageRow
from pattern_cli.messages.service import Messages
from pattern_cli.render.encode import compact
from pattern_cli.store.constellation import Constellation

EVERYTHING = Filter(archived=True, deleted=True)
Message = Callable[..., dict[str, Any]]
DATABASES = [
    *(f"constellations/{name}.db" for name in ("small", "small-clean", "small-embeddings", "medium")),
    *(f"versions/{name}.db" for name in ("0001", "0001-preedit", "0006", "0007", "0010-preedit", "0013")),
    *(
        f"imported/{name}.db"
        for name in (
            "medium-agent-Alder-new",
            "over-original-keep",
            "over-original-new-renamed",
            "small-agent-full-new",
        )
    ),
    "wal/live.db",
]


def objects(
    constellation: Constellation, limit: int | None = None, fields: tuple[str, ...] = FIELDS, between: str = "\n"
) -> Iterator[tuple[bool, Any]]:
    """Whether each object came finished from SQL, and the object."""
    for item in Messages(constellation).lines(EVERYTHING, limit, fields, between):
        if isinstance(item, bytes):
            yield from ((True, json.loads(line)) for line in item.split(between.encode()))
        else:
            yield False, through_python(item, fields)


def through_python(row: MessageRow, fields: tuple[str, ...] = FIELDS) -> Any:
    return json.loads(compact({name: getattr(row, name) for name in fields}))


def rows(constellation: Constellation, limit: int | None = None) -> list[Any]:
    return [through_python(row) for row in Messages(constellation).list(EVERYTHING, limit)]


@pytest.mark.parametrize("name", DATABASES)
def test_both_ways_agree_on_real_databases(database: Callable[[str], Path], name: str) -> None:
    with Constellation.open(database(name)) as constellation:
        assert [found for _, found in objects(constellation)] == rows(constellation)
        assert [found for _, found in objects(constellation, 7)] == rows(constellation, 7)


@pytest.mark.parametrize("name", ["constellations/small.db", "constellations/medium.db", "versions/0001.db"])
def test_what_the_runtime_writes_needs_no_python(database: Callable[[str], Path], name: str) -> None:
    with Constellation.open(database(name)) as constellation:
        assert all(finished for finished, _ in objects(constellation))


def test_every_line_is_one_line_in_the_order_of_the_fields(
    opened: Callable[..., Constellation], message: Message
) -> None:
    constellation = opened(*(message(number) for number in range(600)))
    lines = b"\n".join(Messages(constellation).lines(EVERYTHING)).split(b"\n")
    assert len(lines) == 600
    assert list(json.loads(lines[0])) == list(FIELDS)
    assert [json.loads(line)["content_preview"] for line in lines] == [f"message {number}" for number in range(600)]


def test_chosen_fields_come_in_their_order_and_once(opened: Callable[..., Constellation], message: Message) -> None:
    constellation = opened(message(1))
    (line,) = Messages(constellation).lines(EVERYTHING, None, ("role", "id", "role"))
    assert line == b'{"role":"user","id":"msg_%032x"}' % 1


def test_numbers_are_not_rounded(opened: Callable[..., Constellation], message: Message) -> None:
    metadata = '{"discord_channel_id":1234567890123456789012}'
    constellation = opened(message(1, source_metadata=metadata))
    ((finished, found),) = objects(constellation)
    assert finished
    assert found["source_metadata"]["discord_channel_id"] == 1234567890123456789012


ODD: list[dict[str, Any]] = [
    {"content_json": 5},
    {"content_json": 1.5},
    {"content_json": b'{"Text":"bytes"}'},
    {"content_json": "{"},
    {"content_json": ""},
    {"content_json": '{"Text": "spaced"}'},
    {"content_json": '{\n  "Text": "over\\nlines"\n}'},
    {"content_json": '{\r"Parts":\r[]}'},
    {"content_json": '{"Parts":[\n{"Text":"over lines"}\n]}'},
    {"content_json": '{"Text":"caf\\u00e9"}'},
    {"content_json": '{"Text":"\\ud800"}'},
    {"content_json": '{"Text":"a","Text":"b"}'},
    {"content_json": '{"Text":5}', "content_preview": "5"},
    {"content_json": '{"Text":null}', "content_preview": None},
    {"content_json": '{"Text":"a","x":"b"}', "content_preview": 'a","x":"b'},
    {"content_json": '{"Text":"not the preview"}'},
    {"content_json": '"bare"'},
    {"content_json": '[{"type":"text","text":"letta"}]'},
    {"content_json": "null"},
    {"content_json": '{"Parts":[{"Foo":1}]}'},
    {"content_json": '{"ToolCalls":[]}'},
    {"content_json": '{"ToolCalls":[{"call_id":"a","fn_name":"b","fn_arguments":null}]}'},
    {"content_json": '{"ToolCalls":[{"call_id":"a","fn_name":"b"}]}'},
    {"content_json": '{"ToolCalls":[{"call_id":1,"fn_name":"b","fn_arguments":1}]}'},
    {"content_json": '{"ToolCalls":[{"call_id":"a","fn_name":"b","fn_arguments":1}],"Text":"x"}'},
    {"content_json": '{"ToolCalls":{"0":{"call_id":"a","fn_name":"b","fn_arguments":1}}}'},
    {"content_json": '{"ToolCalls":[{"call_id":"a","fn_name":"b","fn_arguments":NaN}]}'},
    {"content_json": '{"ToolResponses":[{"call_id":"a","content":"x","is_error":"no"}]}'},
    {"content_json": '{"ToolResponses":[{"call_id":"a","content":5}]}'},
    {"content_json": '{"ToolResponses":[{"call_id":"a","content":"x"},{"call_id":"b"}]}'},
    {"content_json": '{"Blocks":[{"Thinking":{"text":"a"},"Text":{"text":"b"}},{}]}'},
    {"content_json": '{"Blocks":[{"Thinking":{"text":"a"}},{"Text":{"text":5}}]}'},
    {"content_json": '{"Blocks":[{"Thinking":{"text":"a","signature":"s"}},{"Text":{"text":"b"}}]}'},
    {"content_preview": None},
    {"content_preview": b"bytes"},
    {"content_preview": "\x7f \u202e \u2028 \x85 \0 end"},
    {"role": "narrator"},
    {"role": ""},
    {"batch_type": "odd"},
    {"batch_type": None},
    {"position": ""},
    {"position": "00000000000000000005"},
    {"position": "00VWADZVMM000"},
    {"position": "1234567890123"},
    {"position": "msg_1"},
    {"position": b"31395935909707776"},
    {"batch_id": None},
    {"batch_id": "letta-import-1764000000"},
    {"batch_id": "0123456789abcdef0123456789abcdef"},
    {"sequence_in_batch": None},
    {"sequence_in_batch": 1.5},
    {"sequence_in_batch": "first"},
    {"sequence_in_batch": b"1"},
    {"sequence_in_batch": -(2**63)},
    {"source": 'a "quoted" \\ source'},
    {"source": b"\xff"},
    {"source_metadata": None},
    {"source_metadata": 5},
    {"source_metadata": "null"},
    {"source_metadata": "[]"},
    {"source_metadata": "{"},
    {"source_metadata": b"{}"},
    {"source_metadata": '{ "a" : [1, 1.50, 1e2] }'},
    {"source_metadata": '{"a":\n1}'},
    {"source_metadata": ' {"a":1}'},
    {"is_archived": "true", "is_deleted": 2},
    {"is_archived": 0.5, "is_deleted": "x"},
    {"id": None},
    {"id": b"\x00\x01"},
    {"id": 'quo"ted\n'},
    {"agent_id": "nobody"},
    {"agent_id": b"agt_1"},
    {"created_at": "2026-01-08 19:02:18"},
    {"created_at": "2026-01-08T19:02:18+00:00"},
    {"created_at": "2026-01-08T19:02:18Z"},
    {"created_at": "2026-01-08T19:02:18.123+00:00"},
    {"created_at": "2026-01-08T19:02:18.120+00:00"},
    {"created_at": "2026-01-08T19:02:18.12+00:00"},
    {"created_at": "2026-01-08T19:02:18.123000+00:00"},
    {"created_at": "2026-01-08T19:02:18.123456789012+00:00"},
    {"created_at": "2026-01-08T19:02:18.000000000+00:00"},
    {"created_at": "2026-01-08T19:02:18.123 +00:00"},
    {"created_at": "2026-01-08T19:02:18.123+02:00"},
    {"created_at": "2026-02-29T19:02:18.123456789+00:00"},
    {"created_at": "2024-02-29T19:02:18.123456789+00:00"},
    {"created_at": "2026-04-31T19:02:18.123456789+00:00"},
    {"created_at": "2026-01-31T24:02:18.123456789+00:00"},
    {"created_at": "2026-01-08T24:00:00.123456789+00:00"},
    {"created_at": "2026-13-08T19:02:18.123456789+00:00"},
    {"created_at": "2026-01-00T19:02:18.123456789+00:00"},
    {"created_at": "0000-01-08T19:02:18.123456789+00:00"},
    {"created_at": "2026-01-08T19:60:18.123456789+00:00"},
    {"created_at": "2026-01-08T19:02:60.123456789+00:00"},
    {"created_at": "２026-01-08T19:02:18.123456789+00:00"},
    {"created_at": "1764000000"},
    {"created_at": ""},
    {"created_at": b"2026-01-08T19:02:18+00:00"},
]


@pytest.mark.parametrize("columns", ODD, ids=lambda columns: ",".join(f"{k}={v!r}" for k, v in columns.items())[:80])
def test_both_ways_agree_on_an_odd_row(
    opened: Callable[..., Constellation], message: Message, columns: dict[str, Any]
) -> None:
    constellation = opened(message(1), message(2, **columns), message(3))
    found = list(objects(constellation))
    assert [value for _, value in found] == rows(constellation)
    assert sum(finished for finished, _ in found) in {0, 2, 3}, "the rows beside it stay as they are"


@pytest.mark.parametrize(
    "column", ["id", "content_preview", "source", "role", "created_at", "batch_id", "content_json"]
)
def test_both_ways_agree_on_text_that_is_no_utf8(make: Callable[..., Path], message: Message, column: str) -> None:
    path = make(*(message(number) for number in range(300)))
    writing = apsw.Connection(str(path))
    text = b'{"Text":"a\xff\xe9b"}' if column == "content_json" else b"a\xc3 \xa9b"
    writing.execute(f"UPDATE messages SET {column} = CAST(? AS TEXT) WHERE rowid = 150", (text,))
    writing.close()
    with Constellation.open(path) as constellation:
        found = [value for _, value in objects(constellation)]
        assert found == rows(constellation)
        (odd,) = [value for value in found if value["damage"]]
        assert any(broken in json.dumps(odd[column]) for broken in ("\\udcff", "\\udcc3"))


def test_a_json_array_may_take_another_separator(opened: Callable[..., Constellation], message: Message) -> None:
    constellation = opened(*(message(number, role="odd" if number % 3 == 0 else "user") for number in range(9)))
    pieces = [
        item if isinstance(item, bytes) else compact({name: getattr(item, name) for name in FIELDS}).encode()
        for item in Messages(constellation).lines(EVERYTHING, between=",\n  ")
    ]
    assert json.loads(b"[" + b",".join(pieces) + b"]") == rows(constellation)


def test_many_agents_have_their_names_too(make: Callable[..., Path], message: Message) -> None:
    path = make(*(message(number, agent_id=f"agent {number}") for number in range(60)))
    writing = apsw.Connection(str(path))
    writing.execute(
        """INSERT INTO agents (id, name, model_provider, model_name, system_prompt, config, enabled_tools, status,
                               created_at, updated_at)
           SELECT agent_id, 'name of ' || agent_id, 'p', 'm', '', '{}', '[]', 'active', '', '' FROM messages"""
    )
    writing.close()
    with Constellation.open(path) as constellation:
        found = [value for _, value in objects(constellation)]
        assert found == rows(constellation)
        assert found[59]["agent_name"] == "name of agent 59"


_TEXTS = st.text(max_size=20) | st.sampled_from(["", "a", '"', "\\", "\n", "\x7f\u202e", "é", "🧵"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
    max_leaves=5,
)
_LOOSE = st.none() | _TEXTS | _VALUES
_ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "call_id": _LOOSE,
        "fn_name": _LOOSE,
        "fn_arguments": _LOOSE,
        "content": _LOOSE,
        "is_error": _LOOSE,
        "Text": _LOOSE | st.fixed_dictionaries({"text": _LOOSE}),
        "Thinking": st.fixed_dictionaries({"text": _TEXTS}, optional={"signature": _LOOSE}),
        "ToolUse": st.fixed_dictionaries({"id": _TEXTS, "name": _TEXTS, "input": _VALUES}),
        "RedactedThinking": st.fixed_dictionaries({"data": _TEXTS}),
    },
)
_CONTENT = st.one_of(
    st.builds(lambda text: {"Text": text}, _LOOSE),
    st.builds(
        lambda tag, items: {tag: items},
        st.sampled_from(["Parts", "ToolCalls", "ToolResponses", "Blocks"]),
        st.lists(_ITEMS, max_size=3),
    ),
    _VALUES,
)
_WRITTEN = st.one_of(
    st.builds(lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")), _CONTENT),
    st.builds(lambda value: json.dumps(value, ensure_ascii=False), _CONTENT),
    st.builds(lambda value: json.dumps(value, indent=1), _CONTENT),
)
_TIMES = st.one_of(
    st.from_regex(
        r"\A[0-2][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,10})?(\+00:00|Z|)\Z"
    ),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}+00:00"),
    st.text(max_size=12),
)


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {"content_json": draw(_WRITTEN)}
    if draw(st.booleans()):
        value = json.loads(found["content_json"])
        if isinstance(value, dict) and isinstance(value.get("Text"), str):
            found["content_preview"] = value["Text"]
    if draw(st.booleans()):
        found["created_at"] = draw(_TIMES)
    if draw(st.booleans()):
        found["source_metadata"] = draw(
            st.dictionaries(_TEXTS, _VALUES, max_size=3).map(json.dumps) | st.text(max_size=4)
        )
    if draw(st.booleans()):
        found |= draw(st.fixed_dictionaries({"source": _TEXTS, "id": _TEXTS, "batch_id": _TEXTS, "position": _TEXTS}))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=st.lists(columns(), min_size=1, max_size=4, unique_by=lambda found: found.get("id", id(found))))
def test_both_ways_agree_on_any_content(
    both_open: tuple[Constellation, apsw.Connection], message: Message, odd: list[dict[str, Any]]
) -> None:
    constellation, writing = both_open
    writing.execute("DELETE FROM messages")
    for number, columns in enumerate(odd):
        found = message(number, **columns)
        names = ", ".join(found)
        writing.execute(f"INSERT INTO messages ({names}) VALUES ({', '.join(':' + name for name in found)})", found)
    assert [value for _, value in objects(constellation)] == rows(constellation)


@pytest.fixture
def both_open(make: Callable[..., Path]) -> Iterator[tuple[Constellation, apsw.Connection]]:
    path = make()
    with Constellation.open(path) as constellation:
        writing = apsw.Connection(str(path))
        yield constellation, writing
        writing.close()
