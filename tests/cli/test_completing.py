"""What may stand at the cursor: by the place in the command line, and by what the constellation holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
import typer

from pattern_cli.cli.app import COMMANDS, app
from pattern_cli.cli.completing import (
    FILES,
    FREE,
    MEANINGS,
    MEMBER_ROLES,
    PATTERNS,
    PERMISSIONS,
    SELECTORS,
    Answer,
    complete,
    metavars,
)
from pattern_cli.cli.making import walk


@pytest.fixture(autouse=True)
def small(read_only: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    path = read_only("constellations/small.db")
    monkeypatch.setenv("PATTERN_DB", str(path))
    return path


def values(line: str, begins: str = "") -> list[str]:
    """What fits behind a line and begins so."""
    found = [candidate.value for candidate in complete(line.split(), begins).candidates]
    return [value for value in found if value.startswith(begins)]


def test_every_metavar_has_a_meaning_or_is_known_to_have_none() -> None:
    """A new one belongs into `MEANINGS`, or into `FREE` when only the person can know."""
    known = {*MEANINGS, *FREE, *FILES}
    for path, command in walk(typer.main.get_command(app)):
        for parameter in command.params:
            free = getattr(parameter, "is_flag", False) or getattr(parameter, "hidden", False)
            if parameter.type.name != "choice" and not free:
                words = metavars(parameter)
                assert words, f"{path}: {parameter.name} has no metavar"
                assert words <= known, f"{path}: {words - known}"


def test_commands() -> None:
    assert values("") == list(COMMANDS)
    assert values("agents")[:2] == ["list", "show"]
    assert complete([], "").candidates[1].note == "Agents: who they are and how they are configured."


def test_commands_far_down() -> None:
    assert {"add", "insert", "remove", "move"} <= set(values("memory item"))
    assert values("memory field", "s") == ["set"]


def test_options() -> None:
    found = values("agents list", "--")
    assert {"--status", "--db", "--format", "--json", "--fields", "--help"} <= set(found)
    assert "-h" not in found
    assert "-h" in values("agents list", "-")
    assert "--status" not in values("agents list --status active", "--")
    assert values("agents list") == found  # nothing else fits there
    assert values("--db x.db", "--f") == ["--format", "--fields"]


def test_values_of_options() -> None:
    assert values("agents list --status") == ["active", "hibernated", "archived"]
    assert values("agents list", "--status=h") == ["--status=hibernated"]
    assert values("messages list --since", "y") == ["yesterday"]
    assert values("messages list --role", "u") == ["user"]
    assert values("search kettle --in", "messages,") == ["messages,memory", "messages,archival"]
    assert values("search kettle --agent", "Jun") == ["Juniper"]
    assert "name,status" in values("agents list --fields", "name,")
    assert "name,name" not in values("agents list --fields", "name,")
    assert values("agents list --json") == values("agents list --json", "--")  # a switch takes no value


def test_words_of_the_schema_are_the_schemas() -> None:
    """They are written down twice, because a TAB should not wait for the models."""
    from pattern_cli.groups.membership import ROLES
    from pattern_cli.groups.patterns import SELECTORS as known_selectors
    from pattern_cli.memory.sharing import PERMISSIONS as known_permissions
    from pattern_cli.models.words import PATTERN_TYPES

    assert set(SELECTORS) == set(known_selectors)
    assert known_permissions == PERMISSIONS
    assert set(PATTERNS) == set(PATTERN_TYPES)
    assert set(MEMBER_ROLES) == set(ROLES)


def test_names() -> None:
    assert values("agents show") == ["Juniper", "Marlow", "Quill ツ שלום"]
    assert values("groups show") == ["Harbor Crew", "Night Watch"]
    assert values("memory list")[-2:] == ["Night Watch", "_constellation_"]
    assert "persona" in values("memory show Juniper")
    assert values("memory show _constellation_") != values("memory show Juniper")
    assert "retired" not in values("memory show Juniper")
    assert complete(["memory", "show", "Harbor Crew"], "").candidates[0].value == "crew_board"
    assert values("memory show nobody --db", "") == []


def test_ids() -> None:
    assert all(value.startswith("msg_") for value in values("messages show"))
    assert len(values("messages show", values("messages show")[0])) == 1
    assert values("archival show", "arch_0")
    block = values("memory show", "mem_0")
    assert block
    assert values("memory show", block[0]) == block[:1]
    assert "Juniper/persona" in values("memory show", "Juniper/")
    assert values("messages list --batch", "332")


def test_files() -> None:
    assert complete(["--db"], "x") == Answer([], files=True)
    assert complete(["import"], "") == Answer([], files=True)
    assert complete(["completions", "install"], "--dir=x").files


def test_files_behind_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.md").write_text("")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "bad\x1b.md").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "deep.md").write_text("")
    assert values("memory set Juniper persona", "@") == ["@folder/", "@notes.md"]
    assert values("memory set Juniper persona", "@folder/") == ["@folder/deep.md"]
    assert values("memory set Juniper persona", "@.h") == ["@.hidden"]
    assert values("memory set Juniper persona", "@@") == []
    assert values("memory set Juniper persona", "no") == []


def test_the_database_that_is_named_counts(fixtures_dir: Path) -> None:
    medium = fixtures_dir / "constellations" / "medium.db"
    assert values(f"--db {medium} agents show", "Ald") == ["Alder"]
    assert values(f"agents show --db {medium}", "Ald") == ["Alder"]


def test_wrong_lines_have_no_answer() -> None:
    with pytest.raises(LookupError):
        complete(["nonsense", "agents"], "")
    assert values("agents show Juniper Marlow --db") == []


@pytest.mark.parametrize("name", ["red \x1b[31m", "turned \u202e", "a\nb", "--help", "-", "", "\udcff"])
def test_what_cannot_be_typed_is_offered_by_its_id(
    name: str, database: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = database("constellations/small.db")
    connection = apsw.Connection(str(path))
    connection.execute(
        "UPDATE agents SET name = CAST(? AS TEXT) WHERE name = 'Marlow'", (name.encode("utf-8", "surrogateescape"),)
    )
    connection.close()
    monkeypatch.setenv("PATTERN_DB", str(path))
    found = complete(["agents", "show"], "").candidates
    assert "agt_19a6f2c3b40" in [candidate.value for candidate in found]
    for candidate in found:
        assert "\x1b" not in candidate.value + candidate.note
        assert candidate.value.isprintable()
    if name.startswith("--"):
        assert name in [candidate.value for candidate in complete(["agents", "show", "--"], "").candidates]


def test_deleted_labels_where_they_count() -> None:
    for command in ("restore", "purge"):
        if any(path == f"memory {command}" for path, _ in walk(typer.main.get_command(app))):
            assert "retired" in values(f"memory {command} Juniper")
