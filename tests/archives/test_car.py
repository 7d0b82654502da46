from __future__ import annotations

import hashlib
import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.archives import car, dagcbor
from pattern_cli.archives.car import CarFile, make_cid
from pattern_cli.archives.dagcbor import Link
from pattern_cli.errors import FailureError, IntegrityError, NotFoundError

ONE, TWO = dagcbor.encode("one"), dagcbor.encode(["two"])


@pytest.fixture
def written(tmp_path: Path, framing: Any) -> Any:
    """Write the given parts after a header whose root is the block ONE."""

    def write(*parts: bytes, head: bytes | None = None) -> Path:
        path = tmp_path / "a.car"
        path.write_bytes((framing.header(make_cid(ONE)) if head is None else head) + b"".join(parts))
        return path

    return write


def test_the_known_file_has_the_known_bytes(golden: tuple[bytes, bytes], framing: Any, tmp_path: Path) -> None:
    manifest, agent = golden
    path = tmp_path / "golden.car"
    path.write_bytes(framing.header(make_cid(manifest)) + framing.section(manifest) + framing.section(agent))
    data = path.read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (
        741,
        "f4d8b4b833f9142d5572f90f2209b12cbb6fc437e53b516e2696a6ef746dda0f",
    )
    assert data[:59].hex() == (
        "3aa265726f6f747381d82a58250001711e20aba059633e3ac4a8a96170bb9ecb21e76edc6e2e1b38104ba915e43de91193"
        "aa6776657273696f6e01"
    )
    with CarFile.open(path) as file:
        assert (file.root, file.sections, file.size) == (make_cid(manifest), 2, 741)
        assert bytes(file.read(make_cid(agent))) == agent
        assert file.offset(make_cid(manifest)) == 59


def test_blocks_are_read_by_cid_in_any_order_and_repetitions_are_normal(written: Any, framing: Any) -> None:
    path = written(framing.section(ONE), framing.section(TWO), framing.section(ONE))
    with CarFile.open(path) as file:
        assert (file.sections, file.distinct) == (3, 2)
        assert [bytes(file.read(make_cid(data))) for data in (TWO, ONE, TWO)] == [TWO, ONE, TWO]


def test_sha2_256_is_verified_too(framing: Any, written: Any) -> None:
    cid = b"\1\x71\x12\x20" + hashlib.sha256(ONE).digest()
    with CarFile.open(written(framing.section(ONE, cid), head=framing.header(cid))) as file:
        assert bytes(file.read(cid)) == ONE
    with pytest.raises(IntegrityError, match="does not have the hash"):
        CarFile.open(written(framing.section(TWO, cid), head=framing.header(cid)))


@pytest.mark.parametrize(
    ("cid", "message"),
    [
        (b"\1\x55\x1e\x20" + bytes(32), "codec 0x55"),
        (b"\1\x71\x1b\x20" + bytes(32), "hash function 0x1b"),
        (b"\1\x71\x1e\x20" + bytes(32), "does not have the hash"),
        (b"\x12\x20" + bytes(34), "CID of version 1"),
        (b"\1\x71\x1e\x10" + bytes(16), "CID of version 1"),
    ],
)
def test_a_block_under_a_wrong_cid_is_refused_with_its_place(
    cid: bytes, message: str, written: Any, framing: Any
) -> None:
    path = written(framing.section(ONE), framing.section(TWO, cid))
    with pytest.raises(IntegrityError, match=message) as caught:
        CarFile.open(path)
    assert f"at byte {59 + len(framing.section(ONE))}" in caught.value.message


def test_a_missing_root_is_refused(written: Any, framing: Any) -> None:
    with pytest.raises(IntegrityError, match=r"root block .* is missing"):
        CarFile.open(written(framing.section(TWO)))


@pytest.mark.parametrize(
    "head",
    [
        dagcbor.encode({"roots": [], "version": 1}),
        dagcbor.encode({"roots": [Link(make_cid(ONE))], "version": 2}),
        dagcbor.encode({"version": 1}),
        dagcbor.encode({"roots": ["x"], "version": 1}),
        dagcbor.encode(["x"]),
        b"\xff",
        b"\xa2hello",
    ],
)
def test_a_wrong_header_is_refused(head: bytes, written: Any, framing: Any) -> None:
    with pytest.raises(IntegrityError, match=r"CAR|root"):
        CarFile.open(written(framing.section(ONE), head=framing.varint(len(head)) + head))


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        (b"\x80", "ends inside a length"),
        (b"\x00", "1 to"),
        (b"\x81\x00", "shortest form"),
        (b"\xff" * 10 + b"\x01", "longer than 64 bits"),
        (b"\xff\xff\xff\x7f", "bytes long"),
        (b"\x10abc", "ends after 3 of the 16"),
    ],
)
def test_a_wrong_length_is_refused(tail: bytes, message: str, written: Any, framing: Any) -> None:
    with pytest.raises(IntegrityError, match=message):
        CarFile.open(written(framing.section(ONE), tail))


def test_the_largest_section_is_4_mib(written: Any, framing: Any) -> None:
    most = car.MAX_SECTION - 36
    data = dagcbor.encode(bytes(most - 5))
    assert len(data) == most
    with CarFile.open(written(framing.section(ONE), framing.section(data))) as file:
        assert bytes(file.read(make_cid(data))) == data
    with pytest.raises(IntegrityError, match="4194304"):
        CarFile.open(written(framing.section(ONE), framing.section(dagcbor.encode(bytes(most - 4)))))


def test_a_stream_that_cannot_be_read_twice_is_spooled(written: Any, framing: Any) -> None:
    data = written(framing.section(ONE), framing.section(TWO)).read_bytes()
    with CarFile.open(io.BytesIO(data)) as file:
        assert (file.name, file.size, bytes(file.read(make_cid(TWO)))) == ("standard input", len(data), TWO)


def test_the_spooled_copy_is_private(
    written: Any, framing: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with CarFile.open(io.BytesIO(written(framing.section(ONE)).read_bytes())) as file:
        assert os.fstat(file._stream.fileno()).st_mode & 0o077 == 0
    assert list(folder.iterdir()) == []


def test_a_pipe_by_name_is_read(written: Any, framing: Any, tmp_path: Path) -> None:
    data = written(framing.section(ONE)).read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    with CarFile.open(pipe) as file:
        assert file.size == len(data)
    writer.join()


@pytest.mark.parametrize(
    ("begin", "words"),
    [
        (b"\x28\xb5\x2f\xfd rest", "compressed"),
        (b"\x1f\x8b\x08 rest", "compressed"),
        (b"SQLite format 3\0 rest of it", "a database"),
        (b"", "empty"),
    ],
)
def test_other_files_are_recognised(begin: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "x.car"
    path.write_bytes(begin)
    with pytest.raises(IntegrityError, match=words):
        CarFile.open(path)


def test_a_missing_file_and_a_folder_have_their_own_errors(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        CarFile.open(tmp_path / "no.car")
    with pytest.raises(FailureError, match="folder"):
        CarFile.open(tmp_path)


def test_a_block_that_changes_after_the_check_is_noticed(written: Any, framing: Any) -> None:
    path = written(framing.section(ONE), framing.section(TWO))
    with CarFile.open(path) as file, path.open("r+b") as other:
        other.seek(-1, os.SEEK_END)
        other.write(b"X")
        other.flush()
        with pytest.raises(IntegrityError, match="changed while it was read"):
            # Past the read buffer of the first pass.
            file._stream.seek(0)
            file.read(make_cid(TWO))


def test_a_block_that_is_linked_but_missing_is_named(written: Any, framing: Any) -> None:
    with CarFile.open(written(framing.section(ONE))) as file, pytest.raises(IntegrityError, match="does not hold"):
        file.read(make_cid(TWO))


def test_progress_ends_at_the_size_of_the_file(written: Any, framing: Any) -> None:
    large = [framing.section(dagcbor.encode(bytes([n]) * 3_000_000)) for n in range(4)]
    path = written(framing.section(ONE), *large)
    seen: list[tuple[int, int | None]] = []
    CarFile.open(path, lambda done, total: seen.append((done, total))).close()
    size = path.stat().st_size
    assert len(seen) >= 3
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)
