"""Loro documents of memory blocks: a base snapshot and the updates after it (memory.md §2, §4.2 and §8).

The only module that touches `loro`, whose errors are bare `BaseException`. A name that Loro would panic on never
reaches it: such a root cannot exist and reads as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import loro

from pattern_cli.errors import IntegrityError, PatternError, UsageError
from pattern_cli.memory.extents import Extent, Spans, within
from pattern_cli.memory.matching import common_ends

_PASSED_ON = (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, RecursionError, PatternError)
_KINDS = ("text", "map", "list", "counter", "movable_list", "tree")
# The encoded version vector, and the encoded frontiers, of an empty document (memory.md §4.3).
EMPTY_VERSION = b"\0"
# Longer texts are compared by lines, and none for longer: little in common would take minutes (memory.md §5).
_LONG = 50_000
_MILLISECONDS = 400


@contextmanager
def _loro(what: str) -> Iterator[None]:
    """The boundary: whatever Loro raises becomes an IntegrityError without Loro's own wording (it holds paths)."""
    try:
        yield
    except _PASSED_ON:
        raise
    except BaseException as error:  # noqa: BLE001 (Loro's errors are nothing more specific)
        raise IntegrityError(f"{what}: {_reason(error)}", "the rest of the database is not affected") from None


def _reason(error: BaseException) -> str:
    text = str(error)
    for known, words in (
        ("Checksum mismatch", "its checksum is wrong"),
        ("Invalid import data", "it is no Loro data"),
        ("is incompatible", "it is of a Loro version that this program cannot read"),
    ):
        if known in text:
            return words
    return "Loro cannot read it"


@dataclass(frozen=True, slots=True)
class Nested:
    """A container inside a root, by its plain value: Loro allows it, the runtime skips it (memory.md §2.2, M24)."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failure:
    """A part of a document that cannot be read: the index of the update, or None for the snapshot."""

    index: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RootChange:
    """What happened to one root: its name, its kind and the steps, in order.

    Steps on a text or list walk along it: ("keep", count), ("delete", count), ("insert", text or list of values).
    Steps on a map are ("set", (key, value)) and ("remove", key), on a counter ("count", by). Other kinds have none.
    """

    root: str
    kind: str
    steps: tuple[tuple[str, Any], ...]


class Document:
    """A document in memory. Values are plain Python: str, int, float, bool, None, bytes, list, dict."""

    def __init__(self) -> None:
        self._doc = _new()
        self._waiting: list[Spans] = []
        self._deep: dict[str, Any] | None = None
        self.failures: tuple[Failure, ...] = ()

    @classmethod
    def load(cls, snapshot: bytes, updates: Iterable[bytes] = ()) -> Document:
        """A document from its snapshot (zero bytes count as empty) and the updates in the order of their `seq`.

        Raises IntegrityError when one of them cannot be read.
        """
        document = cls.salvage(snapshot, updates)
        for failure in document.failures:
            part = "the snapshot" if failure.index is None else f"update {failure.index + 1}"
            raise IntegrityError(
                f"a memory document cannot be read: {part}: {failure.reason}",
                "the rest of the database is not affected",
            )
        return document

    @classmethod
    def salvage(cls, snapshot: bytes, updates: Iterable[bytes] = ()) -> Document:
        """As `load`, but what cannot be read is left out and named in `failures`."""
        document = cls()
        failures: list[Failure] = []
        if snapshot != b"" and (reason := document._take(snapshot)):
            failures.append(Failure(None, reason))
        for index, update in enumerate(updates):
            document._waiting.append({})
            if reason := document._take(update, document._waiting[-1]):
                failures.append(Failure(index, reason))
        document.failures = tuple(failures)
        return document

    def merge(self, blob: bytes) -> None:
        """Take in another snapshot or update; pending updates that it completes become visible.

        Raises IntegrityError when it cannot be read; the document is unchanged then.
        """
        reason = self._take(blob)
        if reason:
            raise IntegrityError(f"a part of a memory document cannot be read: {reason}")

    def _take(self, blob: bytes, waiting: Spans | None = None) -> str | None:
        self._deep = None
        if not isinstance(blob, bytes):
            return "it is not stored as bytes"
        try:
            pending = self._doc.import_(blob).pending
            if pending is not None and waiting is not None:
                waiting.update(pending.inner())
        except _PASSED_ON:
            raise
        except BaseException as error:  # noqa: BLE001
            return _reason(error)
        return None

    @property
    def pending(self) -> tuple[bool, ...]:
        """For each update given to `load`: whether it waits for missing operations and is therefore invisible."""
        if not any(self._waiting):
            return (False,) * len(self._waiting)
        known = self._spans()
        return tuple(not within(ranges, known) for ranges in self._waiting)

    @property
    def version(self) -> bytes:
        """The encoded version vector, as `memory_block_updates.frontier` holds it (memory.md §4.3)."""
        with _loro("a document's version"):
            return bytes(self._doc.oplog_vv.encode())

    def same_version(self, other: Document) -> bool:
        """Whether both hold the same operations; encoded versions may differ in the order of peers."""
        with _loro("a document's version"):
            return bool(self._doc.oplog_vv == other._doc.oplog_vv)

    def is_at(self, version: bytes) -> bool:
        """Whether the document holds exactly the operations of an encoded version vector. Raises IntegrityError."""
        return self._compare(version, lambda mine, other: mine == other)

    def includes(self, version: bytes) -> bool:
        """Whether all operations of an encoded version vector are here. Raises IntegrityError for no such vector."""
        return self._compare(version, lambda mine, other: mine.includes_vv(other))

    def _compare(self, version: bytes, test: Callable[[Any, Any], Any]) -> bool:
        with _loro("a version vector"):
            return bool(test(self._doc.oplog_vv, loro.VersionVector.decode(version)))

    def at(self, version: bytes) -> Document:
        """A document of its own as it was at an encoded version vector, which this one must include."""
        past = Document()
        with self._older(version) as frontiers:
            past._doc = self._doc.fork_at(frontiers)
        return past

    @contextmanager
    def _older(self, version: bytes) -> Iterator[Any]:
        """The frontiers of an encoded version vector. Raises IntegrityError unless the document includes it."""
        if not self.includes(version):
            raise IntegrityError("a version of a memory document names operations that are stored nowhere")
        with _loro("an older version of a document"):
            yield self._doc.vv_to_frontiers(loro.VersionVector.decode(version))

    def holds(self, extent: Extent, more: Extent | None = None) -> bool:
        """Whether all operations of an update are here, or would be after taking in another one, `more`."""
        return within(extent.spans, self._spans(), more.spans if more else {})

    def extent(self) -> Extent:
        """All operations that are here."""
        return Extent(self._spans())

    def lacks(self, other: Document, extent: Extent) -> bool:
        """Whether `other` lacks operations that an update builds on; the update's own have to be here."""
        known = {peer: end for peer, (_, end) in other._spans().items()}
        ends = {peer: max(end, known.get(peer, 0)) for peer, (_, end) in extent.spans.items()}
        with _loro("the changes of a document"):
            for peer, (start, end) in extent.spans.items():
                at = max(start, known.get(peer, 0))
                if known.get(peer, 0) < start:
                    return True
                while at < end:
                    change = self._doc.get_change(loro.ID(peer, at))
                    assert change is not None
                    below = self._doc.frontiers_to_vv(change.deps) if change.id.counter >= start else None
                    needed = below.to_spans().inner() if below else {}
                    if any(ends.get(one, known.get(one, 0)) < most for one, (_, most) in needed.items()):
                        return True
                    at = change.id.counter + change.len
        return False

    def _spans(self) -> Spans:
        with _loro("a document's version"):
            return dict(self._doc.oplog_vv.to_spans().inner())

    def version_before(self, extents: Iterable[Extent], kept: Extent | None = None) -> bytes:
        """The encoded version vector of what was here before any operation of the updates.

        Operations of `kept` do not count as theirs: an update may repeat what others brought (memory.md §4.7).
        """
        ends = {peer: end for peer, (_, end) in self._spans().items()}
        known = kept.spans if kept else {}
        for extent in extents:
            for peer, (start, _) in extent.spans.items():
                ends[peer] = min(ends.get(peer, 0), max(start, known.get(peer, (0, 0))[1]))
        with _loro("a version vector"):
            vector = loro.VersionVector.decode(EMPTY_VERSION)
            for peer, end in ends.items():
                if end:
                    vector.set_end(loro.ID(peer, end))
            return bytes(vector.encode())

    def messages_since(self, version: bytes) -> tuple[str, ...]:
        """The messages of each peer's newest change beyond an encoded version vector, the last one made last."""
        with _loro("the changes of a document"):
            before = loro.VersionVector.decode(version).to_spans().inner()
            ends = {peer: end for peer, (_, end) in self._spans().items() if end > before.get(peer, (0, 0))[1]}
            changes = [change for one in ends.items() if (change := self._doc.get_change(loro.ID(one[0], one[1] - 1)))]
            changes.sort(key=lambda change: (change.lamport + change.len, change.id.peer))
        return tuple(change.message for change in changes if change.message)

    def watch(self) -> Callable[[], tuple[RootChange, ...]]:
        """A function that returns what was changed by `merge` since its last call."""
        events: list[Any] = []
        with _loro("a document"):
            subscription = self._doc.subscribe_root(events.append)

        def changes() -> tuple[RootChange, ...]:
            # The subscription ends when nobody holds it any more.
            assert subscription is not None
            with _loro("the changes of a document"):
                found = tuple(_root_change(one) for event in events for one in event.events)
            events.clear()
            return tuple(one for one in found if one is not None)

        return changes

    def deep(self) -> dict[str, Any]:
        """All roots as plain values, containers resolved; of two roots with one name only one (see `roots`)."""
        if self._deep is None:
            with _loro("a document"):
                # Must come before any typed accessor: those make empty roots appear.
                self._deep = dict(self._doc.get_deep_value())
        return self._deep

    def roots(self) -> dict[str, dict[str, Any]]:
        """Every root that holds something: name -> kind -> value, kinds `text map list counter movable_list tree`."""
        found: dict[str, dict[str, Any]] = {}
        for name in self.deep():
            if not is_root_name(name):
                continue
            kinds = {kind: self._value(name, kind) for kind in _KINDS}
            found[name] = {kind: value for kind, value in kinds.items() if value}
        return found

    def text(self, name: str) -> str:
        """The text of a root text container; empty when there is none."""
        return str(self._value(name, "text") or "")

    def map(self, name: str) -> dict[str, Any]:
        """A root map in Loro's own key order; containers inside it come as `Nested`."""
        value = self._value(name, "map") or {}
        return {key: _nested(item, value[key]) for key, item in self._shallow(name, "map").items()} if value else {}

    def list(self, name: str) -> list[Any]:
        """A root list; containers inside it come as `Nested`."""
        value = self._value(name, "list") or []
        return [_nested(*pair) for pair in zip(self._shallow(name, "list"), value, strict=True)] if value else []

    def counter(self, name: str) -> float:
        """The value of a root counter; zero when there is none."""
        return float(self._value(name, "counter") or 0.0)

    def set_text(self, name: str, text: str) -> None:
        """Make a root's text equal to `text` with few operations; an equal text makes none."""
        with self._writing(name, "text") as root:
            short = max(len(text), root.len_unicode) <= _LONG
            if not (short and _in_time(root.update, text)) and not _in_time(root.update_by_line, text):
                head, tail = common_ends(old := root.to_string(), text)
                root.splice(head, len(old) - head - tail, text[head : len(text) - tail])

    def splice(self, name: str, position: int, length: int, text: str) -> None:
        """Replace `length` characters of a root's text from `position` on; both count Unicode characters."""
        with self._writing(name, "text") as root:
            root.splice(position, length, text)

    def append_text(self, name: str, text: str) -> None:
        """Add to the end of a root's text."""
        with self._writing(name, "text") as root:
            root.push_str(text)

    def put(self, name: str, key: str, value: Any) -> None:
        """Set a key of a root map to a plain value; an equal one makes no operation."""
        with self._writing(name, "map") as root:
            root.insert(key, value)

    def drop(self, name: str, key: str) -> None:
        """Take a key out of a root map."""
        with self._writing(name, "map") as root:
            root.delete(key)

    def insert_item(self, name: str, index: int, value: Any) -> None:
        """Insert a plain value into a root list, 0 for its beginning, its length for its end."""
        with self._writing(name, "list") as root:
            root.insert(index, value)

    def remove_items(self, name: str, index: int, count: int = 1) -> None:
        """Take items out of a root list."""
        with self._writing(name, "list") as root:
            root.delete(index, count)

    def count(self, name: str, by: float) -> None:
        """Add to a root counter."""
        with self._writing(name, "counter") as root:
            root.increment(by)

    def revert_to(self, version: bytes) -> None:
        """Add the operations that make the content what it was at an encoded version vector; history stays."""
        with self._older(version) as frontiers:
            self._deep = None
            self._doc.revert_to(frontiers)

    def commit(self, message: str) -> None:
        """End a change and give it a message, which travels with it."""
        with _loro("a change"):
            self._doc.commit_with(None, None, True, message)

    def updates_since(self, version: bytes) -> bytes:
        """An update with all operations that an encoded version vector lacks (22 bytes when there are none)."""
        with _loro("an update"):
            return bytes(self._doc.export(loro.ExportMode.Updates(loro.VersionVector.decode(version))))

    def snapshot(self) -> bytes:
        """The whole document with all of its history as one snapshot."""
        with _loro("a snapshot"):
            return bytes(self._doc.export(loro.ExportMode.Snapshot()))

    @contextmanager
    def _writing(self, name: str, kind: str) -> Iterator[Any]:
        """A root that may be changed. Raises UsageError for what Loro cannot hold."""
        if not is_root_name(name):
            raise UsageError(f'"{name}" cannot be the name of a root', "an empty name, a slash or a NUL is impossible")
        self._deep = None
        with _loro("a change"):
            try:
                yield getattr(self._doc, f"get_{kind}")(name)
            except UnicodeEncodeError:
                raise UsageError("the text holds half of a surrogate pair, which is no Unicode text") from None

    def _container(self, name: str, kind: str) -> Any:
        self.deep()
        return getattr(self._doc, f"get_{kind}")(name)

    def _value(self, name: str, kind: str) -> Any:
        if not is_root_name(name):
            return None
        with _loro("a document"):
            container = self._container(name, kind)
            if kind == "text":
                return container.to_string()
            return container.value if kind == "counter" else _plain(container)

    def _shallow(self, name: str, kind: str) -> Any:
        with _loro("a document"):
            return self._container(name, kind).get_value()


def extent_of(update: bytes) -> Extent:
    """Which operations an update holds, without loading it. Raises IntegrityError when it cannot be read."""
    with _loro("an update"):
        meta = loro.LoroDoc.decode_import_blob_meta(update, True)
        starts, ends = meta.partial_start_vv.to_spans().inner(), meta.partial_end_vv.to_spans().inner()
        return Extent({peer: (starts.get(peer, (0, 0))[1], end) for peer, (_, end) in ends.items()})


def covers(version: bytes, extent: Extent) -> bool:
    """Whether an encoded version vector has all operations of an update. Raises IntegrityError."""
    with _loro("a version vector"):
        return within(extent.spans, loro.VersionVector.decode(version).to_spans().inner())


def joined(one: bytes, other: bytes) -> bytes:
    """The encoded version vector of all operations that one or the other version has."""
    with _loro("a version vector"):
        vector = loro.VersionVector.decode(one)
        vector.merge(loro.VersionVector.decode(other))
        return bytes(vector.encode())


def _root_change(event: Any) -> RootChange | None:
    """One event on a root; what happens inside nested containers belongs to no schema."""
    if not isinstance(event.target, loro.ContainerID.Root):
        return None
    diff = event.diff.diff
    if isinstance(event.diff, loro.Diff.Map):
        steps = [
            ("remove", key) if value is None else ("set", (key, _value(value)))
            for key, value in sorted(diff.updated.items())
        ]
        return RootChange(event.target.name, "map", tuple(steps))
    if isinstance(event.diff, loro.Diff.Counter):
        return RootChange(event.target.name, "counter", (("count", diff),))
    if isinstance(event.diff, (loro.Diff.Text, loro.Diff.List)):
        kind = "text" if isinstance(event.diff, loro.Diff.Text) else "list"
        return RootChange(event.target.name, kind, tuple(map(_step, diff)))
    return RootChange(event.target.name, "other", ())


def _step(item: Any) -> tuple[str, Any]:
    if hasattr(item, "retain"):
        return "keep", item.retain
    if hasattr(item, "delete"):
        return "delete", item.delete
    return "insert", item.insert if isinstance(item.insert, str) else [_value(value) for value in item.insert]


def _value(value: Any) -> Any:
    return value.value if isinstance(value, loro.ValueOrContainer.Value) else Nested(None)


def _new() -> Any:
    return loro.LoroDoc()  # type: ignore[no-untyped-call]


def _in_time(update: Callable[[str, bool, int], None], text: str) -> bool:
    """Whether a text could be compared in time; if not, it is as it was."""
    try:
        update(text, True, _MILLISECONDS)
    except ValueError as error:
        if str(error) != "Timeout":
            raise
        return False
    return True


def _plain(container: Any) -> Any:
    return container.get_deep_value() if hasattr(container, "get_deep_value") else container.get_value()


def _nested(shallow: Any, deep: Any) -> Any:
    return Nested(deep) if isinstance(shallow, loro.ContainerID) else deep


def is_root_name(name: str) -> bool:
    """Whether Loro takes it as a root's name: not empty, no slash, no NUL (memory.md §2.1)."""
    return bool(name) and "/" not in name and "\0" not in name


def text_update(text: str) -> tuple[bytes, bytes]:
    """An update that writes `text` into the empty document's `content`, and the encoded version vector after it.

    Raises IntegrityError for text with lone surrogates, which Loro cannot hold.
    """
    with _loro("a text"):
        doc = _new()
        before = doc.oplog_vv
        doc.get_text("content").insert(0, text)
        doc.commit()
        return bytes(doc.export(loro.ExportMode.Updates(before))), bytes(doc.oplog_vv.encode())


def empty_snapshot() -> bytes:
    """The snapshot of an empty document, as a new block holds it (81 bytes)."""
    with _loro("an empty document"):
        return bytes(_new().export(loro.ExportMode.Snapshot()))
