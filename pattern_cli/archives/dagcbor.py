"""DAG-CBOR, the encoding of every block in an archive: strict to read, canonical to write (car-archives.md §1.5, §6).

`cbor2` does the work. Its defaults would build dates, big numbers and self-referencing lists from an untrusted file,
so reading refuses duplicate keys, trailing bytes, indefinite lengths, every tag but 42, keys that are no text, NaN,
infinity and more than 64 levels. A value is null, bool, int, float, str, bytes, list, dict or `Link`.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import cbor2

MAX_DEPTH = 64
_LINK_TAG = 42
_SCALARS = frozenset({str, int, bool, type(None)})
_INT_RANGE = range(-(1 << 64), 1 << 64)


class DagCborError(ValueError):
    """Bytes that are no strict DAG-CBOR, or a value that it cannot hold; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another block: its CID in binary form."""

    cid: bytes

    def __str__(self) -> str:
        return cid_text(self.cid)


class Examined(NamedTuple):
    """A decoded value, whether its bytes are the canonical ones, and whether it is free of bytes and links."""

    value: Any
    canonical: bool
    plain: bool


def cid_text(cid: bytes) -> str:
    """A CID as people see it: `b` and lower-case base32 without padding."""
    return "b" + base64.b32encode(cid).decode("ascii").rstrip("=").lower()


def decode(data: bytes | memoryview) -> Any:
    """The value in `data`. Raises DagCborError for anything that is not strict DAG-CBOR."""
    value = decode_again(data)
    _walk(value)
    return value


def examine(data: bytes | memoryview) -> Examined:
    """As `decode`, and says whether a canonical writer would have made the same bytes."""
    data = bytes(data)
    value = decode_again(data)
    ordered, plain = _walk(value)
    return Examined(value, ordered and cbor2.dumps(value, default=_encode_link) == data, plain)


def decode_again(data: bytes | memoryview) -> Any:
    """As `decode`, without the look at every value: only for bytes that `decode` or `examine` has taken before."""
    stream = io.BytesIO(data)
    try:
        value = cbor2.load(
            stream,
            semantic_decoders=_ONLY_LINKS,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            read_size=len(data) or 1,
        )
    except cbor2.CBORError as error:
        raise DagCborError(str(error.__cause__ or error)) from None
    if stream.tell() != len(data):
        raise DagCborError(f"{len(data) - stream.tell()} bytes follow the value")
    return value


def encode(value: Any) -> bytes:
    """The canonical bytes of a value. Raises DagCborError for what DAG-CBOR cannot hold."""
    try:
        return cbor2.dumps(_canonical(value, 1), default=_encode_link)
    except UnicodeEncodeError:
        raise DagCborError("a text holds half a surrogate pair") from None


class _OnlyLinks(Mapping[int, Any]):
    """Decoders by tag: one for links; every other tag, known to cbor2 or not, is refused."""

    def __getitem__(self, tag: int) -> Any:
        return _decode_link if tag == _LINK_TAG else lambda value, immutable: _refuse_tag(tag)

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 1


_ONLY_LINKS = _OnlyLinks()


def _refuse_tag(tag: int) -> NoReturn:
    raise DagCborError(f"tag {tag} is not allowed")


def _decode_link(value: Any, immutable: bool) -> Link:
    if type(value) is not bytes or value[:1] != b"\0" or len(value) < 2:
        raise DagCborError("a link is no CID")
    return Link(value[1:])


def _encode_link(encoder: cbor2.CBOREncoder, value: Any) -> None:
    if type(value) is not Link:
        raise DagCborError(f"{type(value).__name__} has no place in DAG-CBOR")
    encoder.encode(cbor2.CBORTag(_LINK_TAG, b"\0" + value.cid))


def _walk(value: Any) -> tuple[bool, bool]:
    """Refuse what cbor2 lets pass; returns whether all keys are in canonical order and no bytes or links occur."""
    ordered = plain = True
    known: set[tuple[str, ...]] = set()
    todo = [value]
    take, put = todo.pop, todo.append
    while todo:
        item = take()
        kind = type(item)
        if kind is dict:
            keys = tuple(item)
            if keys not in known:
                ordered &= _in_order(keys)
                known.add(keys)
            for child in item.values():
                if type(child) not in _SCALARS:
                    put(child)
        elif kind is list:
            for child in item:
                if type(child) not in _SCALARS:
                    put(child)
        elif kind is float:
            if not math.isfinite(item):
                raise DagCborError("NaN and infinity are not allowed")
        elif kind is bytes or kind is Link:
            plain = False
        elif kind not in _SCALARS:
            raise DagCborError(f"{item!r} is not allowed")
    return ordered, plain


def _in_order(keys: tuple[Any, ...]) -> bool:
    for key in keys:
        if type(key) is not str:
            raise DagCborError(f"the key {key!r} is no text")
    return list(keys) == sorted(keys, key=_key_order)


def _key_order(key: str) -> tuple[int, bytes]:
    encoded = key.encode()
    return len(encoded), encoded


def _canonical(value: Any, depth: int) -> Any:
    """The value with its keys in order, after a check of every part."""
    kind = type(value)
    if kind is dict or kind is list:
        if depth > MAX_DEPTH:
            raise DagCborError(f"more than {MAX_DEPTH} levels")
        if kind is list:
            return [_canonical(item, depth + 1) for item in value]
        if not all(type(key) is str for key in value):
            raise DagCborError("a key is no text")
        return {key: _canonical(value[key], depth + 1) for key in sorted(value, key=_key_order)}
    if kind is float and not math.isfinite(value):
        raise DagCborError("NaN and infinity are not allowed")
    if kind is int and value not in _INT_RANGE:
        raise DagCborError("an integer does not fit 64 bits")
    if kind not in _SCALARS and kind not in {float, bytes, Link}:
        raise DagCborError(f"{kind.__name__} has no place in DAG-CBOR")
    return value
