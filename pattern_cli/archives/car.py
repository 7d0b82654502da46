"""The container of an archive, CARv1: verified once from front to back, then read block by block (car-archives.md §1).

Opening reads every section into one reused buffer, checks its hash and notes where it lies; memory grows by a hundred
bytes or so per block and not with their content. Standard input is first copied to a private temporary file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from blake3 import blake3

from pattern_cli.archives.dagcbor import DagCborError, Link, cid_text, decode
from pattern_cli.errors import FailureError, IntegrityError, NotFoundError

Progress = Callable[[int, int | None], None]

MAX_SECTION = 4 * 1024 * 1024
BLAKE3 = 0x1E
SHA2_256 = 0x12
_DAG_CBOR = 0x71
_DIGEST = 32
_SIZE_BITS = MAX_SECTION.bit_length()
_REPORT_EVERY = 1 << 22
_PIECE = 1 << 20
# The major type of a map, which every header is.
_MAP = 5
# How files begin that people take for archives, and what to do with them instead.
_MISTAKEN = {
    b"\x28\xb5\x2f\xfd": ("is compressed", "unpack it first: zstd -dc FILE | pattern import -"),
    b"\x1f\x8b": ("is compressed", "unpack it first: gzip -dc FILE | pattern import -"),
    b"SQLite format 3\0": ("is a database, not an archive", "name it with --db to see what is in it"),
}
_DAMAGED = "nothing was imported; copy the archive again, or export it again"


class CarFile:
    """A CAR file whose every block has the hash its CID says; a context manager that closes it.

    `name` is how to call it in messages, `size` its length in bytes, `sections` the number of blocks with repetitions
    (they are normal), `root` the CID of the first root.
    """

    def __init__(self, stream: IO[bytes], name: str, progress: Progress | None = None) -> None:
        self.name = name
        self.sections = 0
        self._stream = stream
        self._buffer = memoryview(bytearray(MAX_SECTION))
        self._index: dict[bytes, int] = {}
        try:
            self.size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            self._refuse_mistaken()
            self.root = self._read_header()
            self._verify(progress)
            if self.root not in self._index:
                raise self._damaged(0, f"the root block {cid_text(self.root)} is missing")
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, source: Path | IO[bytes], progress: Progress | None = None) -> CarFile:
        """Open and verify a file, or spool a stream (standard input) to a private temporary file first.

        Raises NotFoundError, FailureError for a folder, IntegrityError naming the byte offset of what is wrong.
        """
        if not isinstance(source, Path):
            return cls(_spooled(source, progress), "standard input", progress)
        if source.is_dir():
            raise FailureError(f"{source} is a folder, not an archive", "name the .car file itself")
        try:
            stream: IO[bytes] = source.open("rb")
        except FileNotFoundError:
            raise NotFoundError(f"there is no archive at {source}", "check the path") from None
        if not stream.seekable():
            with stream:
                return cls(_spooled(stream, progress), str(source), progress)
        return cls(stream, str(source), progress)

    @property
    def distinct(self) -> int:
        """The number of different blocks."""
        return len(self._index)

    def require(self, cid: bytes) -> int:
        """Where a block lies and how long it is, in one number. Raises IntegrityError when the file lacks it."""
        entry = self._index.get(cid)
        if entry is None:
            raise IntegrityError(f"{self.name} links to block {cid_text(cid)}, which it does not hold", _DAMAGED)
        return entry

    def offset(self, cid: bytes) -> int:
        """Where the section of a block begins, in bytes; its data follows the length and the CID."""
        return self._index[cid] >> _SIZE_BITS

    def read(self, cid: bytes) -> memoryview:
        """A block's bytes, checked again; valid until the next read. Raises IntegrityError when it is missing."""
        entry = self.require(cid)
        offset, size = entry >> _SIZE_BITS, entry & ((1 << _SIZE_BITS) - 1)
        data = self._buffer[:size]
        self._stream.seek(offset + _length_of_varint(size + len(cid)) + len(cid))
        if self._stream.readinto(data) != size or not _hash_fits(cid, data):  # type: ignore[attr-defined]
            raise self._damaged(offset, f"block {cid_text(cid)} changed while it was read")
        return data

    def close(self) -> None:
        """Close the file; a spooled copy disappears."""
        self._stream.close()

    def __enter__(self) -> CarFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse_mistaken(self) -> None:
        begin = self._stream.read(16)
        self._stream.seek(0)
        for magic, (problem, hint) in _MISTAKEN.items():
            if begin.startswith(magic):
                raise IntegrityError(f"{self.name} {problem}", hint)

    def _read_header(self) -> bytes:
        size = self._read_varint(0)
        if size is None:
            raise self._damaged(0, "the file is empty")
        start = self._stream.tell()
        begin = self._stream.read(1)
        if begin and begin[0] >> 5 != _MAP:
            raise self._damaged(0, "this is no CAR file")
        self._stream.seek(start)
        data = self._read_exactly(size, 0)
        try:
            header = decode(data)
        except DagCborError as error:
            raise self._damaged(0, f"this is no CAR file ({error})") from None
        if not isinstance(header, dict) or header.get("version") != 1:
            raise self._damaged(0, "this is no CAR file of version 1")
        roots = header.get("roots")
        if not isinstance(roots, list) or not roots or not all(isinstance(root, Link) for root in roots):
            raise self._damaged(0, "the header names no root")
        first: Link = roots[0]
        return first.cid

    def _verify(self, progress: Progress | None) -> None:
        reported = 0
        for offset, cid, data in self._read_sections():
            if not _hash_fits(cid, data):
                raise self._damaged(offset, f"the content of block {cid_text(cid)} does not have the hash it should")
            # Equal hashes mean equal bytes, so the first of repeated blocks stands for all; the length is the
            # comparison that costs nothing.
            first = self._index.setdefault(cid, offset << _SIZE_BITS | len(data))
            if first & ((1 << _SIZE_BITS) - 1) != len(data):
                raise self._damaged(offset, f"block {cid_text(cid)} occurs twice with different content")
            self.sections += 1
            position = offset + len(data)
            if progress and position - reported >= _REPORT_EVERY:
                reported = position
                progress(position, self.size)
        if progress:
            progress(self.size, self.size)

    def _read_sections(self) -> Iterator[tuple[int, bytes, memoryview]]:
        """Every section's offset, CID and data; the data lies in the reused buffer."""
        while True:
            offset = self._stream.tell()
            size = self._read_varint(offset)
            if size is None:
                return
            section = self._read_exactly(size, offset)
            length = self._cid_length(section, offset)
            yield offset, bytes(section[:length]), section[length:]

    def _read_varint(self, offset: int) -> int | None:
        """A length in unsigned LEB128; None at the end of the file."""
        value = shift = 0
        while True:
            byte = self._stream.read(1)
            if not byte:
                if shift:
                    raise self._damaged(offset, "the file ends inside a length")
                return None
            value |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80:
                break
            shift += 7
            if shift > 63:
                raise self._damaged(offset, "a length is longer than 64 bits")
        if shift and byte[0] == 0:
            raise self._damaged(offset, "a length is not written in its shortest form")
        if not 0 < value <= MAX_SECTION:
            raise self._damaged(offset, f"a section says it is {value} bytes long; 1 to {MAX_SECTION} are allowed")
        return value

    def _read_exactly(self, size: int, offset: int) -> memoryview:
        data = self._buffer[:size]
        got = self._stream.readinto(data)  # type: ignore[attr-defined]
        if got != size:
            raise self._damaged(offset, f"the file ends after {got} of the {size} bytes of a section")
        return data

    def _cid_length(self, section: memoryview, offset: int) -> int:
        length = 4 + _DIGEST
        head = bytes(section[:4])
        if len(section) < length or head[0] != 1 or head[3] != _DIGEST:
            raise self._damaged(offset, "a section does not begin with a CID of version 1 and a 32-byte hash")
        if head[1] != _DAG_CBOR:
            raise self._damaged(offset, f"a block has codec 0x{head[1]:02x}; archives hold DAG-CBOR (0x71) only")
        if head[2] not in {BLAKE3, SHA2_256}:
            raise self._damaged(
                offset, f"a block has hash function 0x{head[2]:02x}; BLAKE3 (0x1e) and SHA2-256 (0x12) are known"
            )
        return length

    def _damaged(self, offset: int, problem: str) -> IntegrityError:
        return IntegrityError(f"{self.name} is damaged at byte {offset}: {problem}", _DAMAGED)


def make_cid(data: bytes) -> bytes:
    """The CID of a block as the runtime makes it: version 1, DAG-CBOR, BLAKE3-256 (car-archives.md §1.2)."""
    return bytes((1, _DAG_CBOR, BLAKE3, _DIGEST)) + blake3(data).digest()


def _hash_fits(cid: bytes, data: memoryview) -> bool:
    digest = blake3(data).digest() if cid[2] == BLAKE3 else hashlib.sha256(data).digest()
    return cid[4:] == digest


def _length_of_varint(value: int) -> int:
    return max(1, -(-value.bit_length() // 7))


def _spooled(source: IO[bytes], progress: Progress | None) -> IO[bytes]:
    """A private copy of a stream that cannot be read twice; the system removes it when it is closed."""
    # TemporaryFile makes it with mode 0600 and without a name where the system can.
    spool = tempfile.TemporaryFile(prefix="pattern-import-")  # noqa: SIM115 (the caller closes it)
    try:
        while piece := source.read(_PIECE):
            spool.write(piece)
            if progress:
                progress(spool.tell(), None)
    except BaseException:
        spool.close()
        raise
    return spool
