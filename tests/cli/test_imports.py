from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GROUP = ROOT / "tests" / "fixtures" / "small-group-full.car"
AGENT = ROOT / "tests" / "fixtures" / "small-agent-quill.car"
Cli = Callable[..., Any]


@pytest.fixture
def lab(cli: Cli, tmp_path: Path) -> Path:
    """An empty constellation of this test."""
    path = tmp_path / "lab.db"
    assert cli("init", path).code == 0
    return path


def _names(cli: Cli, path: Path) -> list[str]:
    return [row["name"] for row in json.loads(cli("--db", path, "agents", "list", "--json").out)]


def test_it_says_what_came(cli: Cli, lab: Path) -> None:
    done = cli("--db", lab, "import", GROUP, "--format", "table", env={"COLUMNS": "200"})
    assert done.code == 0, done.err
    lines = [line for line in done.out.splitlines() if "took" not in line]
    assert lines == [
        str(GROUP),
        "archive   v3 group · 95.4 kB · 96 blocks, all hashes good · exported 2026-11-23",
        "added     1 group (Harbor Crew), 3 agents (Marlow, Quill ツ שלום, Juniper), 3 memberships, 36 blocks, "
        "16 archival entries, 86 messages in 30 batches, 5 summaries, 10 shares",
        "memory    19 blocks have their text from the preview, which may be older than an undo",
        "previews  11 blocks keep a preview that shows something else than its document",
        f"into      {lab}",
    ]
    assert done.err == ""


def test_as_json_it_is_one_object(cli: Cli, lab: Path) -> None:
    done = json.loads(cli("--db", lab, "import", GROUP, "--json").out)
    assert list(done) == [
        "archive", "kind", "version", "size", "sections", "exported_at", "keep_ids", "on_conflict", "arrivals", "adds",
        "batches", "removes", "conflicts", "fails", "rescued", "previews_kept", "damaged_documents", "repeated_ids",
        "remarks", "database", "snapshot", "seconds",
    ]  # fmt: skip
    assert done["adds"]["messages"] == 86
    assert done["arrivals"][0].keys() == {"kind", "archived_id", "archived_name", "id", "name", "action"}
    plan = json.loads(cli("--db", lab, "import", GROUP, "--json", "--dry-run").out)
    assert list(plan) == list(done)[:-3]
    assert plan["conflicts"][0].keys() == {"kind", "name", "on", "existing", "action", "new_name", "count", "owner"}


def test_a_dry_run_shows_conflicts_and_changes_nothing(cli: Cli, lab: Path) -> None:
    cli("--db", lab, "import", GROUP)
    before = lab.read_bytes()
    done = cli("--db", lab, "import", GROUP, "--dry-run", "--format", "table")
    assert done.code == 4
    assert 'agent "Juniper" exists (same name): fails\n' in done.out
    assert done.err == (
        'error: agent "Marlow" exists already (same name), and 4 more\n'
        "hint:  --on-conflict rename|skip|replace decides what happens\n"
    )
    assert lab.read_bytes() == before
    assert sorted(file.name for file in lab.parent.iterdir()) == ["home", "lab.db"]


def test_a_dry_run_ends_as_the_import_would(cli: Cli, lab: Path) -> None:
    done = cli("--db", lab, "import", AGENT, "--dry-run")
    assert (done.code, done.err) == (0, "note:  nothing was written\n")
    cli("--db", lab, "import", AGENT, "--keep-ids")
    done = cli("--db", lab, "import", AGENT, "--dry-run", "--json")
    assert done.code == 4
    assert json.loads(done.out)["fails"] is True
    assert json.loads(done.err)["error"] == "conflict"
    assert "--rename" in json.loads(done.err)["hint"]
    assert cli("--db", lab, "import", AGENT, "--dry-run", "--on-conflict", "rename").code == 0
    done = cli("--db", lab, "import", AGENT, "--keep-ids", "--rename", "Quince", "--dry-run", "--format", "table")
    assert 'agent "Quill ツ שלום" exists (same id): fails' in done.out and "Quince" not in done.err
    assert re.search(r'block "\w+" of Quill ツ שלום exists \(same label\): fails', done.out)


def test_conflicts_are_status_4_and_renaming_solves_them(cli: Cli, lab: Path) -> None:
    assert cli("--db", lab, "import", AGENT).code == 0
    done = cli("--db", lab, "import", AGENT)
    assert (done.code, done.out) == (4, "")
    assert 'agent "Quill ツ שלום" exists already (same name)' in done.err
    assert "--on-conflict" in done.err
    assert cli("--db", lab, "import", AGENT, "--rename", "Quince").code == 0
    assert cli("--db", lab, "import", AGENT, "--on-conflict", "rename").code == 0
    assert _names(cli, lab) == ["Quill ツ שלום", "Quill ツ שלום (2)", "Quince"]


def test_replacing_needs_a_yes_and_takes_a_snapshot(cli: Cli, lab: Path) -> None:
    cli("--db", lab, "import", AGENT)
    before = lab.read_bytes()
    done = cli("--db", lab, "import", AGENT, "--on-conflict", "replace")
    assert done.code == 7
    assert "delete 1 agent, 3 blocks, 3 updates, 14 messages" in done.err or "delete 1 agent, 3 blocks" in done.err
    assert lab.read_bytes() == before
    done = cli("--db", lab, "import", AGENT, "--on-conflict", "replace", "--yes", "--json")
    assert done.code == 0, done.err
    assert Path(json.loads(done.out)["snapshot"]).is_file()
    done = cli("--db", lab, "import", AGENT, "--on-conflict", "replace", "--yes", "--no-snapshot", "--json")
    assert json.loads(done.out)["snapshot"] is None
    assert len(list((lab.parent / "backups").glob("*.db"))) == 1


def test_replacing_nothing_needs_no_yes(cli: Cli, lab: Path) -> None:
    done = cli("--db", lab, "import", AGENT, "--on-conflict", "replace", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["removes"] == {}
    assert not (lab.parent / "backups").exists()


def test_standard_input_is_an_archive_too(cli: Cli, lab: Path) -> None:
    done = cli("--db", lab, "import", "-", "--json", stdin=AGENT.read_bytes())
    assert done.code == 0, done.err
    assert json.loads(done.out)["archive"] == "standard input"
    assert cli("--db", lab, "import", "-", stdin=b"").code == 5


def test_create_makes_the_database(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "new" / "place.db"
    plan = cli("--db", path, "import", GROUP, "--create", "--dry-run")
    assert plan.code == 0, plan.err
    assert not path.parent.exists()
    done = cli("--db", path, "import", GROUP, "--create", "--json")
    assert json.loads(done.out)["database"] == str(path)
    assert [file.name for file in path.parent.iterdir()] == ["place.db"]
    assert len(_names(cli, path)) == 3
    again = cli("--db", path, "import", GROUP, "--create", "--on-conflict", "rename")
    assert again.code == 4 and "exists already" in again.err


def test_create_leaves_nothing_when_the_import_fails(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "place.db"
    damaged = tmp_path / "damaged.car"
    damaged.write_bytes(GROUP.read_bytes()[:-7])
    assert cli("--db", path, "import", damaged, "--create").code == 5
    assert cli("--db", path, "import", GROUP, "--create", "--rename", " ").code == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["damaged.car", "home"]


@pytest.mark.parametrize(
    ("file", "status", "words"),
    [
        ("missing.car", 3, "there is no archive"),
        (".", 1, "is a folder"),
        ("text.txt", 5, "no CAR file"),
        ("packed.car.zst", 5, "zstd -dc"),
    ],
)
def test_wrong_files_have_one_clear_sentence(
    file: str, status: int, words: str, cli: Cli, lab: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("hello, I am no archive at all, really not")
    (tmp_path / "packed.car.zst").write_bytes(b"\x28\xb5\x2f\xfd and more")
    done = cli("--db", lab, "import", file)
    assert done.code == status
    assert words in done.err
    assert done.err.count("\n") == 2 and "Traceback" not in done.err


def test_older_archives_are_status_6(cli: Cli, lab: Path, fixtures_dir: Path) -> None:
    done = cli("--db", lab, "import", fixtures_dir / "archives" / "v2" / "v2-agent-real.car")
    assert done.code == 6
    assert "format version 2" in done.err


def test_a_missing_or_older_database_is_told_before_the_archive_is_read(
    cli: Cli, tmp_path: Path, database: Callable[[str], Path]
) -> None:
    assert cli("--db", tmp_path / "no.db", "import", "missing.car").code == 3
    done = cli("--db", database("versions/0009.db"), "import", "missing.car")
    assert done.code == 6 and "0009" in done.err


def test_parts_can_be_left_out(cli: Cli, lab: Path) -> None:
    done = cli("--db", lab, "import", GROUP, "--no-messages", "--no-archival", "--json")
    adds = json.loads(done.out)["adds"]
    assert (adds["messages"], adds["archival_entries"], adds["archive_summaries"]) == (0, 0, 5)


def test_ids_can_be_kept(cli: Cli, lab: Path) -> None:
    done = json.loads(cli("--db", lab, "import", GROUP, "--keep-ids", "--json").out)
    assert all(arrival["id"] == arrival["archived_id"] for arrival in done["arrivals"])
    assert done["keep_ids"] is True


def test_remarks_are_said(cli: Cli, lab: Path, fixtures_dir: Path) -> None:
    done = cli("--db", lab, "import", fixtures_dir / "archives" / "small-group-thin.car")
    assert done.code == 0
    assert re.search(r'note:  3 members of group "Harbor Crew", neither in the archive nor in the database: ', done.err)


def test_beside_a_running_runtime_a_large_import_is_status_7(
    cli: Cli, database: Callable[[str], Path], fixtures_dir: Path, hold: Callable[[Path], int]
) -> None:
    path = database("constellations/small.db")
    hold(path)
    archive = fixtures_dir / "archives" / "medium-constellation.car"
    done = cli("--db", path, "import", archive, "--on-conflict", "rename")
    assert done.code == 7 and "write lock" in done.err and "--force" in done.err
    assert cli("--db", path, "import", archive, "--on-conflict", "rename", "--force").code == 0


def test_ctrl_c_changes_nothing(database: Callable[[str], Path], fixtures_dir: Path) -> None:
    path = database("constellations/small.db")
    before = path.read_bytes()
    script = """
import os, signal, sys
import pattern_cli.archives.service as module
original = module.message_rows
def rows(*arguments):
    for number, chunk in enumerate(original(*arguments)):
        yield chunk
        os.kill(os.getpid(), signal.SIGINT)
module.message_rows = rows
from pattern_cli.cli.app import run
sys.exit(run(sys.argv[1:]))
"""
    archive = fixtures_dir / "archives" / "medium-agent-Kelp.car"
    done = subprocess.run(
        [sys.executable, "-c", script, "--db", str(path), "import", str(archive)], capture_output=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_on_a_terminal_there_is_progress_and_a_summary(
    database: Callable[[str], Path], fixtures_dir: Path, on_terminal: Callable[..., Any]
) -> None:
    path = database("constellations/small.db")
    archive = fixtures_dir / "archives" / "medium-constellation.car"
    screen = on_terminal("--db", path, "import", archive, "--on-conflict", "rename", impatient=True)
    shown = screen.styled
    assert screen.code == 0, shown
    assert "verify" in shown and "import" in shown and "MB" in shown
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert "19 979 messages" in " ".join(plain.split())


@pytest.mark.parametrize(("answer", "code"), [("n", 7), ("y", 0)])
def test_on_a_terminal_replacing_is_shown_and_asked(
    answer: str, code: int, cli: Cli, lab: Path, on_terminal: Callable[..., Any]
) -> None:
    cli("--db", lab, "import", AGENT)
    before = lab.read_bytes()
    screen = on_terminal("--db", lab, "import", AGENT, "--on-conflict", "replace", answer=answer)
    shown = screen.text
    assert screen.code == code, shown
    assert "will delete" in shown and "14 messages" in shown
    assert (lab.read_bytes() == before) is (code == 7)


def test_a_kill_leaves_no_new_database(tmp_path: Path, fixtures_dir: Path) -> None:
    script = """
import os, signal, sys
import pattern_cli.archives.service as module
original = module.message_rows
def rows(*arguments):
    for chunk in original(*arguments):
        yield chunk
        os.kill(os.getpid(), signal.SIGKILL)
module.message_rows = rows
from pattern_cli.cli.app import run
run(sys.argv[1:])
"""
    path = tmp_path / "new.db"
    archive = fixtures_dir / "archives" / "medium-agent-Kelp.car"
    arguments = ["--db", str(path), "import", str(archive), "--create"]
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()


def test_its_help_shows_examples_and_statuses(cli: Cli) -> None:
    out = cli("import", "--help").out
    assert "Examples:" in out and "Exit status:" in out
    for option in (
        "--keep-ids",
        "--rename",
        "--on-conflict",
        "--no-messages",
        "--no-archival",
        "--create",
        "--dry-run",
    ):
        assert option in out
