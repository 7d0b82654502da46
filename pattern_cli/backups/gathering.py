"""A SQLite file layer that gathers the page writes of a copy into larger ones.

SQLite writes a backup page by page: 250 000 system calls for 1 GB. Gathered into pieces of 124 kB, the copying takes
little more than half the time, and the log of a busy constellation is held back that much shorter.
"""

from __future__ import annotations

import functools

import apsw

# SQLite's unix layer writes at most this many bytes in one go, and takes 131072 for none at all.
PIECE = 0x1FFFF


class GatheringFile(apsw.VFSFile):
    """A file that holds consecutive writes back until they make a piece; every other call writes them out first."""

    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._parts: list[bytes] = []
        self._start = 0
        self._size = 0

    def xWrite(self, data: bytes, offset: int) -> None:
        """Keep the bytes; write out what is kept when they do not follow it or enough has come together."""
        if self._size and (offset != self._start + self._size or self._size + len(data) > PIECE):
            self._write_out()
        if not self._size:
            self._start = offset
        self._parts.append(data)
        self._size += len(data)

    def _write_out(self) -> None:
        if self._size:
            piece = b"".join(self._parts)
            self._parts, self._size = [], 0
            super().xWrite(piece, self._start)

    def xRead(self, amount: int, offset: int) -> bytes:
        """Read after writing out."""
        self._write_out()
        return super().xRead(amount, offset)

    def xSync(self, flags: int) -> None:
        """Write out only: the copy is brought to the disk as a whole, while it is being checked."""
        self._write_out()

    def xFileSize(self) -> int:
        """The size after writing out."""
        self._write_out()
        return super().xFileSize()

    def xTruncate(self, newsize: int) -> None:
        """Truncate after writing out."""
        self._write_out()
        super().xTruncate(newsize)

    def xClose(self) -> None:
        """Write out and close."""
        self._write_out()
        super().xClose()


class _Layer(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("pattern-gathering", "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return GatheringFile(name, flags)


@functools.cache
def _layer() -> apsw.VFS:
    return _Layer()


def layer_name() -> str:
    """The name under which the layer is known to SQLite; registered with the first call."""
    _layer()
    return "pattern-gathering"
