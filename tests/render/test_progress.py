"""Progress of long work: on a terminal only, on standard error only, and gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from pattern_cli.render.progress import progress

ROOT = Path(__file__).resolve().parents[2]

WORK = """
import sys
from pattern_cli.render import progress as module
from pattern_cli.render.progress import progress
module.PATIENCE = float(sys.argv[2])
with progress("copying", sys.argv[1]) as report:
    print("watched" if report else "unwatched")
    if report:
        for done in range(0, 3_000_001, 100_000):
            report(done, 3_000_000)
        report(3_000_000, None)
print("done")
"""


def test_nobody_watches_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("copying", "bytes") as report:
        assert report is None
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.parametrize("unit", ["bytes", "rows"])
@pytest.mark.parametrize("patience", ["0", "60"])
def test_a_terminal_sees_it_when_it_takes_a_while(unit: str, patience: str, tmp_path: Path) -> None:
    kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    script = tmp_path / "work.py"
    script.write_text(WORK)
    shown, status = pexpect.run(
        f"{sys.executable} {script} {unit} {patience}",
        env={**kept, "PYTHONPATH": str(ROOT)},
        dimensions=(10, 100),
        timeout=30,
        withexitstatus=True,
    )
    assert status == 0
    text = shown.decode()
    if patience == "60":
        assert text.split() == ["watched", "done"]
        return
    assert "copying" in text
    assert ("3.0" if unit == "bytes" else "3000000/") in text
    assert text.rstrip().endswith("done")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_data_never_mixes_with_it(tmp_path: Path) -> None:
    """Standard error is a terminal, standard output a pipe."""
    primary, secondary = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", WORK, "rows", "0"],
        stdout=subprocess.PIPE,
        stderr=secondary,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
    )
    os.close(secondary)
    os.close(primary)
    assert done.stdout == "watched\ndone\n"
