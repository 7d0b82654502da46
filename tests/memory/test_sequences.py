"""Random lives of blocks: edits of people and agents, undo and redo, reverts, checkpoints, compaction, shares.

After every step the document is what a model of plain values says, our rendering is the runtime's, and a second
process that knows nothing of this program reads the same.
"""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pattern_cli.memory.compaction import Compactor
from pattern_cli.memory.documents import Document
from pattern_cli.memory.editing import Editor, Terms
from pattern_cli.memory.loading import Loader
from pattern_cli.memory.rendering import rendered
from pattern_cli.memory.schemas import Schema, parse
from pattern_cli.memory.undoing import History
from pattern_cli.schema import create_constellation
from pattern_cli.store import times
from pattern_cli.store.constellation import Constellation

TERMS = Terms(as_admin=True, force_limit=True)
FIELD = {"description": "", "required": False, "default": None, "read_only": False}
SCHEMAS: dict[str, Any] = {
    "text": {"Text": {}},
    "map": {
        "Map": {
            "fields": [
                {"name": "mood", "field_type": "Text", **FIELD},
                {"name": "tags", "field_type": "List", **FIELD},
                {"name": "energy", "field_type": "Counter", **FIELD},
            ]
        }
    },
    "list": {"List": {"item_schema": None, "max_items": None}},
    "log": {
        "Log": {
            "display_limit": 3,
            "entry_schema": {
                "timestamp": False,
                "agent_id": False,
                "fields": [{"name": "message", "field_type": "Text", **FIELD}],
            },
        }
    },
    "composite": {
        "Composite": {
            "sections": [
                {"name": "profile", "schema": {"Map": {"fields": []}}, "description": None, "read_only": False},
                {"name": "notes", "schema": {"Text": {}}, "description": None, "read_only": False},
            ]
        }
    },
}
WORDS = ("kettle", "☕", "harbor ", "naïve\n", "🌊", "", "שלום", "line\n")
READER = Path(__file__).parent / "reader.py"
State = dict[str, Any]


def word(chance: random.Random) -> str:
    return "".join(chance.choices(WORDS, k=chance.randint(1, 4)))


def text_change(root: str, state: State, chance: random.Random) -> Callable[[Document], None]:
    old, new = state.get(root, ""), word(chance)
    kind = chance.choice(("set", "append", "splice"))
    if kind == "append":
        state[root] = old + new
        return lambda document: document.append_text(root, new)
    if kind == "splice":
        at = chance.randint(0, len(old))
        length = chance.randint(0, len(old) - at)
        state[root] = old[:at] + new + old[at + length :]
        return lambda document: document.splice(root, at, length, new)
    state[root] = new
    return lambda document: document.set_text(root, new)


def key_change(root: str, state: State, chance: random.Random) -> Callable[[Document], None]:
    keys = state.setdefault(root, {})
    key = chance.choice(("mood", "other"))
    if key in keys and chance.random() < 0.3:
        del keys[key]
        return lambda document: document.drop(root, key)
    value = chance.choice((word(chance), chance.randint(-9, 9), True, None, [1, "two"], {"done": False}))
    keys[key] = value
    return lambda document: document.put(root, key, value)


def list_change(root: str, state: State, chance: random.Random, entries: bool = False) -> Callable[[Document], None]:
    items = state.setdefault(root, [])
    if items and chance.random() < 0.4:
        index = chance.randrange(len(items))
        del items[index]
        return lambda document: document.remove_items(root, index)
    value = {"message": word(chance)} if entries else chance.choice((word(chance), 7, {"done": True, "title": "x"}))
    index = len(items) if entries else chance.randint(0, len(items))
    items.insert(index, value)
    return lambda document: document.insert_item(root, index, value)


def counter_change(state: State, chance: random.Random) -> Callable[[Document], None]:
    by = chance.choice((-2, 1, 5))
    state["counter_energy"] = state.get("counter_energy", 0.0) + by
    return lambda document: document.count("counter_energy", by)


def change_of(kind: str, state: State, chance: random.Random) -> Callable[[Document], None]:
    """A random change fitting a schema, applied to the model's state and returned for the document."""
    if kind == "text":
        return text_change("content", state, chance)
    if kind == "list":
        return list_change("items", state, chance)
    if kind == "log":
        return list_change("entries", state, chance, entries=True)
    if kind == "map":
        return chance.choice(
            (
                lambda: key_change("fields", state, chance),
                lambda: list_change("list_tags", state, chance),
                lambda: counter_change(state, chance),
            )
        )()
    if chance.random() < 0.5:
        return key_change("section_profile_fields", state, chance)
    return text_change("section_notes_content", state, chance)


class Life:
    """One block's life: the real thing, and what the model says it should be."""

    def __init__(self, constellation: Constellation, id: str, kind: str, chance: random.Random) -> None:
        self.constellation, self.id, self.kind, self.chance = constellation, id, kind, chance
        self.editor, self.history, self.loader = Editor(constellation), History(constellation), Loader(constellation)
        self.state: State = {}
        self.undoable: list[State] = []
        self.redoable: list[State] = []
        self.versions: dict[int, State] = {0: {}}
        # Whether the last step stored an update of ours, and with it a new preview.
        self.wrote = False
        self.schema, _ = parse({"schema": SCHEMAS[kind]})

    def step(self) -> str:
        names = ("person", "person", "agent", "undo", "undo", "redo", "revert", "checkpoint", "compact", "share")
        name = self.chance.choices(names, weights=(8, 4, 8, 5, 3, 6, 2, 1, 1, 1))[0]
        self.wrote = False
        getattr(self, name)()
        return name

    def _went(self, old: State, seq: int | None) -> None:
        if seq is None:
            return
        self.undoable.append(old)
        self.redoable.clear()
        self.versions[seq] = copy.deepcopy(self.state)

    def person(self) -> None:
        old = copy.deepcopy(self.state)
        change = change_of(self.kind, self.state, self.chance)
        applied: Callable[[Document, Schema], None] = lambda document, schema: change(document)  # noqa: E731
        seq = self.editor.edit(self.id, applied, "manual:set", "overwrite", TERMS).seq
        self._went(old, seq)
        self.wrote = seq is not None

    def agent(self) -> None:
        """What a runtime does: read the block, change it, store what is new since (memory.md §4.4)."""
        old = copy.deepcopy(self.state)
        cached = self.document()
        known = cached.version
        change_of(self.kind, self.state, self.chance)(cached)
        cached.commit("")
        blob, at = cached.updates_since(known), times.now_column()
        with self.constellation.transaction() as connection:
            sql = "UPDATE memory_blocks SET last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq"
            ((seq,),) = connection.execute(sql, (self.id,)).fetchall()
            connection.execute(
                """INSERT INTO memory_block_updates(block_id, seq, update_blob, byte_size, source, frontier, created_at)
                   VALUES (?, ?, ?, ?, 'agent', ?, ?)""",
                (self.id, seq, blob, len(blob), cached.version, at),
            )
        self.versions[seq] = copy.deepcopy(self.state)
        if not cached.is_at(known):
            self._went(old, seq)

    def undo(self) -> None:
        if self.undoable:
            (done,) = self.history.undo(self.id, terms=TERMS)
            self.redoable.append(self.state)
            self.state = self.undoable.pop()
            self._stored(done.seq)

    def redo(self) -> None:
        if self.redoable:
            (done,) = self.history.redo(self.id, terms=TERMS)
            self.undoable.append(self.state)
            self.state = self.redoable.pop()
            self._stored(done.seq)

    def _stored(self, seq: int | None) -> None:
        if seq is not None:
            self.versions[seq] = copy.deepcopy(self.state)
            self.wrote = True

    def revert(self) -> None:
        seq = self.chance.choice(list(self.versions))
        old = self.state
        self.state = copy.deepcopy(self.versions[seq])
        done = self.history.revert(self.id, seq, TERMS)
        if done.seq is None:
            assert filled(old) == filled(self.state)
        self._went(old, done.seq)
        self.wrote = done.seq is not None

    def checkpoint(self) -> None:
        Compactor(self.constellation).checkpoint(self.id, force=True)

    def compact(self) -> None:
        Compactor(self.constellation).compact(self.id, force=True)
        self.undoable.clear()
        self.redoable.clear()
        self.versions = {0: copy.deepcopy(self.state)}

    def share(self) -> None:
        with self.constellation.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO shared_block_agents VALUES (?, 'agt_other', 'append', ?)",
                (self.id, times.now_column()),
            )

    def document(self) -> Document:
        snapshot = self.constellation.value("SELECT loro_snapshot FROM memory_blocks WHERE id = ?", (self.id,))
        return self.loader.load_as_runtime(self.id, snapshot)


def filled(state: State) -> State:
    return {root: value for root, value in state.items() if value}


@pytest.fixture
def constellation(tmp_path: Path) -> Iterator[Constellation]:
    with create_constellation(tmp_path / "constellation.db") as made:
        made.connection.execute(
            """INSERT INTO agents (id, name, model_provider, model_name, system_prompt, config, enabled_tools, status,
                                   created_at, updated_at)
               VALUES ('agt_other', 'Other', 'p', 'm', '', '{}', '[]', 'active', '2026-01-08T19:02:18+00:00',
                       '2026-01-08T19:02:18+00:00')"""
        )
        yield made


@pytest.fixture
def second_process(constellation: Constellation) -> Iterator[Callable[[str], list[Any]]]:
    """second_process(block_id): the roots and the rendering that another process reads."""
    command = [sys.executable, str(READER), str(constellation.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout

        def ask(id: str) -> list[Any]:
            assert process.stdin and process.stdout
            process.stdin.write(id + "\n")
            process.stdin.flush()
            found: list[Any] = json.loads(process.stdout.readline())
            return found

        yield ask
        process.stdin.close()


def born(constellation: Constellation, kind: str, number: int) -> str:
    id = f"mem_{kind}_{number}"
    constellation.connection.execute(
        """INSERT INTO memory_blocks (id, agent_id, label, description, block_type, loro_snapshot, metadata, frontier,
                                      created_at, updated_at)
           VALUES (?, 'agt_other', ?, '', 'working', ?, ?, x'00', ?, ?)""",
        (id, id, Document().snapshot(), json.dumps({"schema": SCHEMAS[kind]}), times.now_column(), times.now_column()),
    )
    return id


def live(
    constellation: Constellation, second_process: Callable[[str], list[Any]], kind: str, number: int, steps: int
) -> None:
    chance = random.Random(f"{kind} {number}")
    life = Life(constellation, born(constellation, kind, number), kind, chance)
    taken: list[str] = []
    for _ in range(steps):
        taken.append(life.step())
        where = f"{kind} {number}: {taken}"
        document = life.document()
        assert filled(document.deep()) == filled(life.state), where
        if life.wrote:
            preview = constellation.value("SELECT content_preview FROM memory_blocks WHERE id = ?", (life.id,))
            assert (preview or "") == rendered(life.schema, document), where
    roots, text = second_process(life.id)
    assert roots == filled(life.state), f"{kind} {number}: {taken}"
    assert text == rendered(life.schema, life.document()), f"{kind} {number}: {taken}"


@pytest.mark.parametrize("kind", SCHEMAS)
def test_random_lives(constellation: Constellation, second_process: Callable[[str], list[Any]], kind: str) -> None:
    for number in range(25):
        live(constellation, second_process, kind, number, steps=12)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("kind", SCHEMAS)
def test_ten_thousand_random_lives(
    constellation: Constellation, second_process: Callable[[str], list[Any]], kind: str, part: int
) -> None:
    # A kill is not what this is about: without waiting for the disk it takes minutes, not an hour.
    constellation.connection.execute("PRAGMA synchronous = OFF")
    for number in range(part * 500, part * 500 + 500):
        live(constellation, second_process, kind, number, steps=8)
