from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pattern_cli.archives import dagcbor
from pattern_cli.archives.car import make_cid
from pattern_cli.archives.dagcbor import DagCborError, Link, cid_text, decode, encode, examine

AGENT_VALUE = {
    "agent": {
        "id": "a1",
        "name": "Ann",
        "description": None,
        "model_provider": "anthropic",
        "model_name": "m",
        "system_prompt": "",
        "config": {"temperature": 0.5, "max_tokens": 4096},
        "enabled_tools": ["recall"],
        "tool_rules": None,
        "status": "active",
        "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:04:05.000000001Z",
    },
    "memory_block_cids": [],
    "message_chunk_cids": [],
    "archival_entry_cids": [],
    "archive_summary_cids": [],
}
AGENT_CID = "bafyr4iadx3m6c2tmn7tnjfbaczu3kqwyrnbdvsxymy3ptwca2kbj3stvlq"
MANIFEST_CID = "bafyr4iflubmwgpr2ysuksylqxopmwiphn3og4lq3haiexkiv4q66semtvi"


def test_an_agent_export_has_the_known_bytes_and_cid(golden: tuple[bytes, bytes]) -> None:
    agent = golden[1]
    assert encode(AGENT_VALUE) == agent
    assert cid_text(make_cid(agent)) == AGENT_CID
    assert decode(agent) == AGENT_VALUE


def test_a_manifest_has_the_known_bytes_and_cid(golden: tuple[bytes, bytes]) -> None:
    manifest, agent = golden
    counts = ("agent_count", "archival_entry_count", "archive_summary_count", "chunk_count", "group_count")
    more = ("total_bytes", "total_blocks", "message_count", "memory_block_count")
    value = {
        "version": 3,
        "export_type": "Agent",
        "exported_at": "2026-01-02T03:04:05.678Z",
        "data_cid": Link(make_cid(agent)),
        "stats": {name: int(name == "agent_count") for name in (*counts, *more)},
    }
    assert encode(value) == manifest
    assert cid_text(make_cid(manifest)) == MANIFEST_CID
    assert decode(manifest) == value


def test_a_snapshot_chunk_has_the_known_bytes_and_cid() -> None:
    data = encode({"data": b"\1\2", "index": 0, "next_cid": None})
    assert data.hex() == "a3646461746142010265696e64657800686e6578745f636964f6"
    assert cid_text(make_cid(data)) == "bafyr4iaz5dyfxocov4ive6ttd3bw3dblwlfpinarla2s3rxwjh4qxgrw3m"


def test_a_cid_depends_on_the_bytes_alone() -> None:
    assert cid_text(make_cid(b"test")) == "bafyr4icipdfaijohhh5ee7363iqp5bc7nmxenos74kqu35nr4mxvaybscu"


_links = st.binary(min_size=32, max_size=32).map(lambda digest: Link(b"\1\x71\x1e\x20" + digest))
_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 64), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(max_size=60)
    | _links
)
_values = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5), max_leaves=30
)


def _same(a: Any, b: Any) -> bool:
    """Equal, and of the same types all the way: 1, 1.0 and true are three values; -0.0 is not 0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return bool(a == b)


@given(_values)
def test_what_is_written_reads_back_and_is_canonical(value: Any) -> None:
    data = encode(value)
    examined = examine(data)
    assert _same(examined.value, value)
    assert examined.canonical
    assert encode(examined.value) == data


@given(_values)
def test_every_truncation_is_refused(value: Any) -> None:
    data = encode(value)
    for length in range(min(len(data), 40)):
        with pytest.raises(DagCborError):
            decode(data[:length])


@given(_values, st.binary(min_size=1, max_size=3))
def test_trailing_bytes_are_refused(value: Any, more: bytes) -> None:
    with pytest.raises(DagCborError):
        decode(encode(value) + more)


@settings(max_examples=400)
@given(st.binary(max_size=80))
def test_arbitrary_bytes_decode_to_plain_values_or_are_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except DagCborError:
        return
    assert _same(decode(encode(value)), value)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("a2616101616102", "a repeated key"),
        ("a1017f", "a key that is no text"),
        ("a1410161", "a byte string as key"),
        ("a1f601", "null as key"),
        ("9f01ff", "an indefinite list"),
        ("bf616101ff", "an indefinite map"),
        ("7f6161ff", "an indefinite text"),
        ("5f4101ff", "indefinite bytes"),
        ("c074323032362d30312d30325430333a30343a30355a", "a date"),
        ("c11a00000000", "a timestamp"),
        ("c249010000000000000000", "a big number"),
        ("c349010000000000000000", "a negative big number"),
        ("d81c81d81d00", "a list that holds itself"),
        ("d9010082616161", "string references"),
        ("d9010281", "a set"),
        ("d82a4100", "a link without a CID"),
        ("d82a4101", "a link without the leading zero"),
        ("d82a6161", "a link that is text"),
        ("d9d9f701", "the tag of CBOR itself"),
        ("f7", "undefined"),
        ("81f7", "undefined in a list"),
        ("e0", "an unknown simple value"),
        ("f820", "another simple value"),
        ("f97e00", "NaN"),
        ("f97c00", "infinity"),
        ("fb7ff8000000000000", "a long NaN"),
        ("fbfff0000000000000", "negative infinity"),
        ("61ff", "text that is no UTF-8"),
        ("63eda080", "half a surrogate pair"),
        ("9b7fffffffffffffff", "a list of an impossible length"),
        ("bb7fffffffffffffff", "a map of an impossible length"),
        ("7b7fffffffffffffff", "a text of an impossible length"),
        ("5b7fffffffffffffff", "bytes of an impossible length"),
        ("ff", "a lonely end mark"),
        ("1c", "a reserved length"),
        ("", "nothing"),
    ],
)
def test_what_is_not_strict_is_refused(data: str, what: str) -> None:
    with pytest.raises(DagCborError):
        decode(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("1800", 0),
        ("1b0000000000000001", 1),
        ("fa3f000000", 0.5),
        ("f93800", 0.5),
        ("a2626161016162f6", {"aa": 1, "b": None}),
        ("7800", ""),
    ],
)
def test_what_is_only_not_canonical_is_read_and_told(data: str, value: Any) -> None:
    examined = examine(bytes.fromhex(data))
    assert _same(examined.value, value)
    assert not examined.canonical


@pytest.mark.parametrize(("value", "plain"), [({"a": [1, "b"]}, True), ({"a": [b"x"]}, False), ([Link(b"12")], False)])
def test_bytes_and_links_are_told(value: Any, plain: bool) -> None:
    assert examine(encode(value)).plain is plain


def test_64_levels_are_allowed_and_not_one_more() -> None:
    allowed = b"\x81" * dagcbor.MAX_DEPTH + b"\xf6"
    value = decode(allowed)
    assert encode(value) == allowed
    with pytest.raises(DagCborError):
        decode(b"\x81" + allowed)
    with pytest.raises(DagCborError):
        encode([value])
    with pytest.raises(DagCborError):
        decode(b"\x81" * 100_000 + b"\xf6")


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        1 << 64,
        -(1 << 64) - 1,
        "\ud800",
        {1: 2},
        (1,),
        {"a": {1}},
        object(),
        {"\ud800": 1},
        bytearray(b"a"),
    ],
)
def test_what_has_no_place_is_not_written(value: Any) -> None:
    with pytest.raises(DagCborError):
        encode(value)


def test_keys_are_sorted_shorter_first_then_by_bytes() -> None:
    assert list(decode(encode({"b": 0, "aa": 0, "é": 0, "a": 0}))) == ["a", "b", "aa", "é"]


def test_negative_zero_keeps_its_sign() -> None:
    assert math.copysign(1, decode(encode(-0.0))) == -1


def test_a_link_is_not_a_byte_string() -> None:
    cid = make_cid(b"x")
    assert decode(encode([Link(cid), cid])) == [Link(cid), cid]
    assert str(Link(cid)) == cid_text(cid)
