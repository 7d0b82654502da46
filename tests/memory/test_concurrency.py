"""Two writers at once lose nothing; a running runtime sees our edits, and what it missed the next edit brings.

The runtime is played by its own rules (memory.md §4.2, §4.4, §4.7): a cached document, the last `seq` it has read, and
the version up to which it has stored.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import loro
import pytest

from pattern_cli.memory.editing import Terms
from pattern_cli.memory.fields import Fields
from pattern_cli.memory.forms import Forms
from pattern_cli.memory.items import Items
from pattern_cli.memory.texts import Texts
from pattern_cli.store import times

ROOT = Path(__file__).resolve().parents[2]
FREE = Terms(as_admin=True, force_limit=True)
WRITER = """
import sys
import pattern_cli
from pattern_cli.memory.editing import Terms
path, owner, name, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
terms = Terms(as_admin=True, force_limit=True)
with pattern_cli.open(path, "write") as db:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        db.memory.texts.append(owner, "b_text", f"<{name}{number}>", terms=terms)
        db.memory.items.add(owner, "b_list", f"{name}{number}", terms=terms)
        db.memory.fields.increment(owner, "b_map", "energy", 1, terms=terms)
"""
MAP = (
    '{"schema":{"Map":{"fields":[{"name":"energy","description":"","field_type":"Counter","required":false},'
    '{"name":"likes","description":"","field_type":"List","required":false},'
    '{"name":"mood","description":"","field_type":"Text","required":false}]}}}'
)
LIST = '{"schema":{"List":{"item_schema":null,"max_items":null}}}'
OWNER = "agt_19a6f2c3b40"


def on_disk(path: Path, id: str) -> Any:
    """The document as another process reads it by the runtime's rule."""
    connection = apsw.Connection(str(path))
    doc = loro.LoroDoc()
    ((snapshot,),) = connection.execute("SELECT loro_snapshot FROM memory_blocks WHERE id = ?", (id,))
    if snapshot:
        doc.import_(snapshot)
    sql = "SELECT update_blob FROM memory_block_updates WHERE block_id = ? AND is_active = 1 ORDER BY seq"
    for (blob,) in connection.execute(sql, (id,)):
        doc.import_(blob)
    connection.close()
    return doc


class Runtime:
    """The running runtime with one block in its cache."""

    def __init__(self, path: Path, id: str) -> None:
        self._connection = apsw.Connection(str(path))
        self._connection.set_busy_timeout(5_000)
        self._id = id
        self.doc = on_disk(path, id)
        self._last_seq = int(self._one("SELECT last_seq FROM memory_blocks WHERE id = ?"))
        self._stored = self.doc.oplog_vv

    def _one(self, sql: str) -> Any:
        return next(self._connection.execute(sql, (self._id,)))[0]

    def access(self) -> None:
        """Take in what came since the last access; the version it has stored is not moved by that."""
        sql = """SELECT seq, update_blob FROM memory_block_updates
                 WHERE block_id = ? AND is_active = 1 AND seq > ? ORDER BY seq"""
        for seq, blob in list(self._connection.execute(sql, (self._id, self._last_seq))):
            self.doc.import_(blob)
            self._last_seq = seq

    def persist(self) -> None:
        """Store what is new; a row that came between the last access and now is jumped over."""
        self.doc.commit()
        blob = bytes(self.doc.export(loro.ExportMode.Updates(self._stored)))
        with self._connection:
            self._connection.execute("UPDATE memory_blocks SET last_seq = last_seq + 1 WHERE id = ?", (self._id,))
            self._last_seq = int(self._one("SELECT last_seq FROM memory_blocks WHERE id = ?"))
            self._connection.execute(
                """INSERT INTO memory_block_updates
                   (block_id, seq, update_blob, byte_size, source, created_at, frontier)
                   VALUES (?, ?, ?, ?, 'agent', ?, ?)""",
                (self._id, self._last_seq, blob, len(blob), times.now_column(), self.doc.oplog_vv.encode()),
            )
        self._stored = self.doc.oplog_vv

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def runtime() -> Iterator[Callable[[Path, str], Runtime]]:
    running: list[Runtime] = []

    def start(path: Path, id: str) -> Runtime:
        running.append(Runtime(path, id))
        return running[-1]

    yield start
    for one in running:
        one.close()


def test_processes_that_write_at_once_lose_nothing(
    database: Callable[[str], Path], put_block: Callable[..., str]
) -> None:
    path, count = database("constellations/small.db"), 15
    put_block(path, "b_text")
    put_block(path, "b_list", metadata=LIST)
    put_block(path, "b_map", metadata=MAP)
    words = [sys.executable, "-c", WRITER, str(path), OWNER]
    writers = [
        subprocess.Popen([*words, name, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for name in "xyz"
    ]
    for writer in writers:
        assert writer.stdout and writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [(writer.communicate(), writer.returncode)[1] for writer in writers] == [0, 0, 0]
    wanted = sorted(f"{name}{number}" for name in "xyz" for number in range(count))
    text = on_disk(path, "mem_test_b_text").get_text("content").to_string()
    assert sorted(text.strip("<>").split("><")) == wanted
    assert sorted(on_disk(path, "mem_test_b_list").get_list("items").get_deep_value()) == wanted
    assert on_disk(path, "mem_test_b_map").get_counter("counter_energy").value == 3 * count
    connection = apsw.Connection(str(path))
    for label in ("text", "list", "map"):
        sql = "SELECT seq FROM memory_block_updates WHERE block_id = ? ORDER BY seq"
        seqs = [seq for (seq,) in connection.execute(sql, (f"mem_test_b_{label}",))]
        assert seqs == list(range(1, 3 * count + 1))
    connection.close()


def test_a_running_runtime_sees_an_edit_at_its_next_access(make: Any, runtime: Any) -> None:
    made = make({"Text": {}}, lambda doc: doc.get_text("content").insert(0, "tea"))
    live = runtime(made.path, made.id)
    Texts(made.constellation).append(made.owner, "b", " and rain", terms=FREE)
    assert live.doc.get_text("content").to_string() == "tea"
    live.access()
    assert live.doc.get_text("content").to_string() == "tea and rain"
    live.doc.get_text("content").push_str("!")
    live.persist()
    assert made.document.text("content") == "tea and rain!"


def test_an_edit_that_the_runtime_jumped_over_comes_with_the_next(make: Any, runtime: Any) -> None:
    made = make({"Text": {}}, lambda doc: doc.get_text("content").insert(0, "0"))
    live = runtime(made.path, made.id)
    live.access()
    Texts(made.constellation).append(made.owner, "b", "<ours 1>", terms=FREE)
    live.doc.get_text("content").push_str("<theirs 1>")
    live.persist()
    live.access()
    assert "ours" not in live.doc.get_text("content").to_string()
    Texts(made.constellation).append(made.owner, "b", "<ours 2>", terms=FREE)
    live.access()
    seen = live.doc.get_text("content").to_string()
    assert all(part in seen for part in ("0", "<ours 1>", "<theirs 1>", "<ours 2>"))
    assert seen == made.document.text("content")


@pytest.mark.parametrize("seed", range(12))
def test_edits_of_both_sides_in_any_order_lose_nothing(make: Any, runtime: Any, seed: int) -> None:
    made, chance = make(json.loads(MAP)["schema"]), random.Random(seed)
    live = runtime(made.path, made.id)
    items, fields, forms = Items(made.constellation), Fields(made.constellation), Forms(made.constellation)
    wanted: set[str] = set()
    counted = 0
    for step in range(40):
        match chance.randrange(6):
            case 0:
                live.access()
            case 1:
                wanted.add(f"theirs {step}")
                live.doc.get_list("list_likes").push(f"theirs {step}")
                live.doc.get_counter("counter_energy").increment(step)
                counted += step
                # Between its edit and its storing anything of ours may come.
                if chance.random() < 0.5:
                    fields.increment(made.owner, "b", "energy", 1000, terms=FREE)
                    counted += 1000
                live.persist()
            case 2:
                live.persist()
            case 3:
                wanted.add(f"ours {step}")
                items.insert(made.owner, "b", 1, f"ours {step}", field="likes", terms=FREE)
            case 4:
                fields.increment(made.owner, "b", "energy", -step, terms=FREE)
                counted -= step
            case _:
                form = forms.open(made.owner, "b", "json", terms=FREE)
                wanted.add(f"edited {step}")
                value = json.loads(form.text)
                value["likes"] = [f"edited {step}", *value.get("likes", [])]
                forms.store(form, json.dumps(value), terms=FREE)
    live.persist()
    stored = on_disk(made.path, made.id)
    assert set(stored.get_list("list_likes").get_deep_value()) == wanted
    assert stored.get_counter("counter_energy").value == counted
    # One more edit of ours brings the runtime everything that it jumped over.
    fields.set(made.owner, "b", "mood", "at last", terms=FREE)
    live.access()
    assert live.doc.get_deep_value() == on_disk(made.path, made.id).get_deep_value()


def test_waiting_updates_become_visible_with_the_next_edit(make: Any, runtime: Any) -> None:
    """The runtime's undo of an edit that others build on hides them on the next load (M7)."""
    made = make({"Text": {}}, *(lambda doc, word=word: doc.get_text("content").push_str(word) for word in "ABC"))
    sql = "UPDATE memory_block_updates SET is_active = 0 WHERE block_id = ? AND seq = 2"
    made.constellation.connection.execute(sql, (made.id,))
    assert made.document.text("content") == "A"
    done = Texts(made.constellation).append(made.owner, "b", "D", terms=FREE)
    assert done.healed and made.document.text("content") == "ACD"
    assert runtime(made.path, made.id).doc.get_text("content").to_string() == "ACD"
