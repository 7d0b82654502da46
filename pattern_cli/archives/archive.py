"""A v3 archive as records: which agents and groups it holds, and how their content is read (car-archives.md §2).

The structure is read when the archive is opened; blocks, entries, summaries and messages are read on demand, one block
of the file at a time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

from pattern_cli.archives import dagcbor, messages
from pattern_cli.archives.car import CarFile, Progress
from pattern_cli.archives.dagcbor import DagCborError, Examined, Link, cid_text
from pattern_cli.archives.fields import RecordError
from pattern_cli.archives.messages import Message
from pattern_cli.archives.records import (
    AgentExport,
    AgentRecord,
    AttachmentRecord,
    BlockRecord,
    ConstellationExport,
    EntryRecord,
    GroupConfigExport,
    GroupExport,
    GroupRecord,
    Manifest,
    MemberRecord,
    SnapshotChunk,
    SummaryRecord,
)
from pattern_cli.errors import IntegrityError, SchemaError

FORMAT = 3
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AgentPart:
    """An agent and the links to what it owns."""

    record: AgentRecord
    blocks: tuple[Link, ...]
    chunks: tuple[Link, ...]
    entries: tuple[Link, ...]
    summaries: tuple[Link, ...]

    @classmethod
    def of(cls, export: AgentExport) -> AgentPart:
        """An exported agent; a chunk or block that is listed twice counts once."""
        return cls(
            export.agent,
            _once(export.memory_block_cids),
            _once(export.message_chunk_cids),
            _once(export.archival_entry_cids),
            _once(export.archive_summary_cids),
        )


@dataclass(frozen=True, slots=True)
class GroupPart:
    """A group, its members and the blocks its members share; a thin group knows its members by id only."""

    record: GroupRecord
    members: tuple[MemberRecord, ...] = ()
    member_ids: tuple[str, ...] = ()
    blocks: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Structure:
    """What an archive holds, by links: `loose_blocks` hang on no agent and no group."""

    kind: str
    agents: tuple[AgentPart, ...] = ()
    groups: tuple[GroupPart, ...] = ()
    loose_blocks: tuple[Link, ...] = ()
    attachments: tuple[AttachmentRecord, ...] = ()

    def links(self) -> Iterator[Link]:
        """Every link to content."""
        for agent in self.agents:
            yield from (*agent.blocks, *agent.chunks, *agent.entries, *agent.summaries)
        for group in self.groups:
            yield from group.blocks
        yield from self.loose_blocks


class Archive:
    """An open archive; a context manager that closes it.

    `kind` is `agent`, `group`, `thin group` or `constellation`; `exported_at` is column text; `bytes_read` counts
    what was read of blocks, for progress; who begins a new pass sets it to zero.
    """

    def __init__(self, car: CarFile) -> None:
        self.car = car
        self._not_canonical: set[bytes] = set()
        self.bytes_read = 0
        try:
            manifest = self._manifest()
            self.version = manifest.version
            self.exported_at = manifest.exported_at
            self.structure = self._structure(manifest)
            # A file cut between two blocks is whole to its reader.
            for link in self.structure.links():
                car.require(link.cid)
        except BaseException:
            car.close()
            raise

    @classmethod
    def open(cls, source: Path | IO[bytes], progress: Progress | None = None) -> Archive:
        """Open a file or a stream and verify all of it; `progress` gets bytes.

        Raises NotFoundError, FailureError and IntegrityError as `CarFile.open`, IntegrityError for a file that is no
        archive, SchemaError for one of another format version.
        """
        return cls(CarFile.open(source, progress))

    @property
    def name(self) -> str:
        """How to call the archive in messages."""
        return self.car.name

    @property
    def kind(self) -> str:
        """What was exported: `agent`, `group`, `thin group` or `constellation`."""
        return self.structure.kind

    @property
    def not_canonical(self) -> int:
        """The number of blocks among those read so far that another writer would have encoded otherwise."""
        return len(self._not_canonical)

    def block(self, link: Link) -> BlockRecord:
        """A memory block, without its snapshot."""
        return self._record(link, BlockRecord.of, "memory block")

    def snapshot(self, block: BlockRecord) -> bytes:
        """The bytes of a block's document; nothing for an empty one. Raises IntegrityError when parts are missing."""
        chunks = [self._record(link, SnapshotChunk.of, "snapshot chunk") for link in block.snapshot_chunk_cids]
        whole = b"".join(chunk.data for chunk in chunks)
        if [chunk.index for chunk in chunks] != list(range(len(chunks))) or len(whole) != block.total_snapshot_bytes:
            raise IntegrityError(
                f'{self.name}: the snapshot of block "{block.label}" ({block.id}) has {len(whole)} of its '
                f"{block.total_snapshot_bytes} bytes, or its parts are out of order",
                "nothing was imported; export the archive again",
            )
        return whole

    def entry(self, link: Link) -> EntryRecord:
        """An archival entry."""
        return self._record(link, EntryRecord.of, "archival entry")

    def summary(self, link: Link) -> SummaryRecord:
        """A summary of archived messages."""
        return self._record(link, SummaryRecord.of, "summary")

    def messages(self, link: Link) -> list[Message]:
        """The messages of one chunk, in the archive's order (usually newest first)."""
        examined = self._examine(link)
        read = functools.partial(messages.read, plain=examined.plain)
        return self._checked(link, "message chunk", read, examined.value)

    def failure(self, link: Link, what: str, problem: str) -> IntegrityError:
        """The error for a block that holds something impossible."""
        return IntegrityError(
            f"{self.name}: {what} in block {cid_text(link.cid)} at byte {self.car.offset(link.cid)}: {problem}",
            "nothing was imported; the archive was not made by the runtime or was changed since",
        )

    def close(self) -> None:
        """Close the file."""
        self.car.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _manifest(self) -> Manifest:
        root = Link(self.car.root)
        value = self._examine(root).value
        version = _version_of(value)
        if version is None:
            raise IntegrityError(
                f"{self.name} is a CAR file, but no archive of a constellation", "its root block is no manifest"
            )
        if version != FORMAT:
            raise SchemaError(
                f"{self.name} is an archive of format version {version}; version {FORMAT} can be imported",
                "export it again with a current runtime, which writes version 3",
            )
        return self._checked(root, "manifest", Manifest.of, value)

    def _structure(self, manifest: Manifest) -> Structure:
        link = manifest.data_cid
        if manifest.export_type == "Agent":
            return Structure("agent", (AgentPart.of(self._record(link, AgentExport.of, "agent")),))
        if manifest.export_type == "Constellation":
            return self._constellation(self._record(link, ConstellationExport.of, "constellation"))
        value = self._examine(link).value
        if isinstance(value, dict) and "member_agent_ids" in value and "agent_exports" not in value:
            thin = self._checked(link, "group", GroupConfigExport.of, value)
            return Structure("thin group", groups=(GroupPart(thin.group, member_ids=thin.member_agent_ids),))
        full = self._checked(link, "group", GroupExport.of, value)
        return Structure(
            "group",
            tuple(map(AgentPart.of, full.agent_exports)),
            (GroupPart(full.group, full.members, blocks=_once(full.shared_memory_cids)),),
            attachments=full.shared_attachment_exports,
        )

    def _constellation(self, export: ConstellationExport) -> Structure:
        groups = export.group_exports
        # All three lists name agents; in archives of the runtime the first is complete.
        pool = _once((*export.agent_exports.values(), *_links(groups), *export.standalone_agent_cids))
        return Structure(
            "constellation",
            tuple(AgentPart.of(self._record(link, AgentExport.of, "agent")) for link in pool),
            tuple(GroupPart(g.group, g.members, blocks=_once(g.shared_memory_cids)) for g in groups),
            _once(export.all_memory_block_cids),
            (*(a for g in groups for a in g.shared_attachment_exports), *export.shared_attachments),
        )

    def _record(self, link: Link, build: Callable[[Any], _T], what: str) -> _T:
        return self._checked(link, what, build, self._examine(link).value)

    def _checked(self, link: Link, what: str, build: Callable[[Any], _T], value: Any) -> _T:
        try:
            return build(value)
        except RecordError as error:
            raise self.failure(link, f"the {what}", str(error)) from None

    def _examine(self, link: Link) -> Examined:
        data = self.car.read(link.cid)
        try:
            examined = dagcbor.examine(data)
        except DagCborError as error:
            raise self.failure(link, "the data", f"no valid DAG-CBOR ({error})") from None
        if not examined.canonical:
            self._not_canonical.add(link.cid)
        self.bytes_read += len(data)
        return examined


def _version_of(root: Any) -> int | None:
    """The format version that a root block tells; the very first archives had no manifest (car-archives.md §4.1)."""
    if not isinstance(root, dict):
        return None
    version = root.get("version")
    if type(version) is int:
        return version
    return 1 if {"base_instructions", "member_agent_cids", "agent_export_cids"} & root.keys() else None


def _once(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(dict.fromkeys(links))


def _links(groups: Iterable[Any]) -> Iterable[Link]:
    return (link for group in groups for link in group.agent_cids)
