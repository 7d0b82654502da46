"""The person's own editor: nothing that was written is lost."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pattern_cli.cli.editor import edited, keep
from pattern_cli.errors import ConflictError, FailureError, UsageError


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """editor("text + 'more'"): an editor that replaces `text` by the value of an expression."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("VISUAL", raising=False)

    def use(statement: str) -> None:
        script = tmp_path / "editor.py"
        script.write_text(f"import sys, pathlib\npath = pathlib.Path(sys.argv[1])\n{statement}\n")
        monkeypatch.setenv("EDITOR", f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}")

    return use


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "state").rglob("*.md"))


def test_the_edited_text_comes_back_and_no_file_stays(editor: Callable[[str], None], tmp_path: Path) -> None:
    editor("path.write_text(path.read_text() + ' and more')")
    with edited("a text", "Juniper/persona") as new:
        assert new == "a text and more"
    assert kept(tmp_path) == []


def test_a_text_saved_unchanged_is_none(editor: Callable[[str], None], tmp_path: Path) -> None:
    editor("path.write_text(path.read_text() + chr(10))")
    with edited("a text", "x") as new:
        assert new is None
    assert kept(tmp_path) == []


def test_a_failing_editor_is_said_and_what_it_wrote_is_kept(editor: Callable[[str], None], tmp_path: Path) -> None:
    editor("path.write_text('half a thou'); sys.exit(3)")
    with pytest.raises(FailureError, match="ended with status 3") as raised, edited("a text", "Juniper/persona"):
        pytest.fail("the body must not run")
    (file,) = kept(tmp_path)
    assert file.read_text() == "half a thou" and str(file) in str(raised.value.hint)


def test_the_text_is_kept_when_it_cannot_be_stored(editor: Callable[[str], None], tmp_path: Path) -> None:
    editor("path.write_text('my new text')")
    with pytest.raises(ConflictError) as raised, edited("a text", "Juniper/persona") as new:
        raise ConflictError(f"changed meanwhile: {new}", "look again")
    (file,) = kept(tmp_path)
    assert file.read_text() == "my new text" and str(raised.value.hint).startswith("look again; your text is kept in")
    assert file.stat().st_mode & 0o077 == 0


def test_a_failing_editor_that_changed_nothing_leaves_no_file(editor: Callable[[str], None], tmp_path: Path) -> None:
    editor("sys.exit(1)")
    with pytest.raises(FailureError), edited("a text", "x"):
        pass
    assert kept(tmp_path) == []


def test_an_editor_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("VISUAL", "no-such-editor")
    with pytest.raises(FailureError, match="no-such-editor"), edited("a text", "x"):
        pass


def test_text_that_is_no_utf8_is_refused_and_kept(editor: Callable[[str], None], tmp_path: Path) -> None:
    editor(r"path.write_bytes(b'\xff')")
    with pytest.raises(UsageError, match="no UTF-8"), edited("a text", "x"):
        pass
    assert len(kept(tmp_path)) == 1


def test_a_text_can_be_kept_for_later(editor: Callable[[str], None], tmp_path: Path) -> None:
    path = keep("a thought ☕\r\n", "Juniper/persona", ".toml")
    assert path.read_bytes().decode() == "a thought ☕\r\n" and path.name.startswith("Juniper-persona-")
    assert path.suffix == ".toml" and path.is_relative_to(tmp_path / "state")
