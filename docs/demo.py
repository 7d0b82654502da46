"""`make demo`: import the archive that comes with the project, look around in it, back it up, prove the backup."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from docs.terminal import ROOT, words_of

ARCHIVE = "tests/fixtures/small-group-full.car"
DATABASE = "demo/constellation.db"
BACKUP = "demo/harbor-crew.db"

STEPS = (
    f"pattern import {ARCHIVE} --create --dry-run",
    f"pattern import {ARCHIVE} --create",
    "pattern",
    "pattern agents list",
    "pattern memory list Juniper",
    "pattern memory show Juniper persona",
    "pattern messages tail -n 8",
    'pattern search "slow kettle" --limit 5',
    f"pattern backup -o {BACKUP}",
    f"pattern backup verify {BACKUP}",
)


def forget() -> None:
    """Remove what an earlier demo made, and nothing else."""
    for name in (DATABASE, BACKUP):
        for path in sorted(Path(ROOT, name).parent.glob(f"{Path(name).name}*")):
            path.unlink()


def main() -> int:
    """Run the steps one after the other, each shown before its output; stops at the first that fails."""
    forget()
    here = {**os.environ, "PATTERN_DB": DATABASE, "PAGER": ""}
    dim, plain = ("\x1b[2m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    print(f"{dim}$ export PATTERN_DB={DATABASE}{plain}", flush=True)
    for step in STEPS:
        print(f"\n{dim}${plain} {step}", flush=True)
        table = [] if sys.stdout.isatty() else ["--format", "table"]
        done = subprocess.run([*words_of(step), *table], cwd=ROOT, env=here)
        if done.returncode:
            return done.returncode
    print(f"\n{dim}# Now try it yourself: the program is .venv/bin/pattern, the tour is in README.md.{plain}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
