from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pattern_cli.backups import gathering
from pattern_cli.backups.gathering import GatheringFile, layer_name

PAGE = 512
FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_MAIN_DB
Step = tuple[str, int, int]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 400), st.integers(1, 300)),
        st.tuples(st.sampled_from(("sync", "size")), st.just(0), st.just(0)),
        st.tuples(st.just("truncate"), st.integers(0, 400), st.just(0)),
        st.tuples(st.just("read"), st.integers(0, 400), st.just(0)),
    ),
    max_size=30,
)


@given(steps=steps)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_file_is_what_was_written(tmp_path: Path, steps: list[Step]) -> None:
    path = tmp_path / "file"
    path.unlink(missing_ok=True)
    expected = bytearray()
    file = GatheringFile(str(path), [FLAGS, 0])
    for number, (what, page, pages) in enumerate(steps):
        if what == "write":
            for place in range(page, page + pages):
                data = bytes([number % 251 + 1]) * PAGE
                file.xWrite(data, place * PAGE)
                expected.extend(bytes(max(0, (place + 1) * PAGE - len(expected))))
                expected[place * PAGE : (place + 1) * PAGE] = data
        elif what == "truncate":
            file.xTruncate(min(page * PAGE, len(expected)))
            del expected[page * PAGE :]
        elif what == "read" and (page + 1) * PAGE <= len(expected):
            assert file.xRead(PAGE, page * PAGE) == expected[page * PAGE : (page + 1) * PAGE]
        elif what == "size":
            assert file.xFileSize() == len(expected)
        elif what == "sync":
            file.xSync(0)
            assert path.read_bytes() == expected
    file.xClose()
    assert path.read_bytes() == expected


def test_a_copy_through_it_is_the_same_file(database: Callable[[str], Path], tmp_path: Path) -> None:
    path = database("constellations/medium.db")
    files = []
    source = apsw.Connection(str(path))
    for layer in (None, layer_name()):
        target = tmp_path / f"copy-{layer}"
        copy = apsw.Connection(str(target), vfs=layer)
        with copy.backup("main", source, "main") as backup:
            backup.step(-1)
        copy.close()
        files.append(target.read_bytes())
    assert files[0] == files[1]


def test_writes_are_gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    class Plain:
        def xWrite(self, data: bytes, offset: int) -> None:
            written.append(len(data))

    file = GatheringFile(str(tmp_path / "file"), [FLAGS, 0])
    monkeypatch.setattr(gathering, "super", lambda: Plain(), raising=False)
    for number in range(100):
        file.xWrite(bytes(4096), number * 4096)
    file.xSync(0)
    assert sum(written) == 100 * 4096
    assert max(written) <= gathering.PIECE
    assert len(written) == 4


def test_the_largest_pages_fit(tmp_path: Path) -> None:
    source = apsw.Connection(":memory:")
    source.execute("PRAGMA page_size = 65536").fetchall()
    source.execute("CREATE TABLE t (a)")
    source.executemany("INSERT INTO t VALUES (zeroblob(?))", [(70_000,)] * 30)
    target = apsw.Connection(str(tmp_path / "copy"), vfs=layer_name())
    with target.backup("main", source, "main") as backup:
        backup.step(-1)
    target.close()
    copy = apsw.Connection(str(tmp_path / "copy"))
    assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert copy.execute("SELECT count(*), sum(length(a)) FROM t").fetchall() == [(30, 2_100_000)]
