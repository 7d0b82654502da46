"""`python -m pattern_cli` is the command `pattern`."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

_START_OBJECTS = 100_000


def main() -> None:
    """Run the program and leave with its exit status."""
    # Starting makes some ten thousand objects and no garbage; looking for it would take a tenth of the time.
    gc.set_threshold(_START_OBJECTS)
    try:
        from pattern_cli.cli.app import run

        status = run()
    except KeyboardInterrupt:  # before the program could be ready for it
        status = 130
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    # Every file is closed and every thread done by now: taking the interpreter apart piece by piece only takes time.
    os._exit(status)


if __name__ == "__main__":
    main()
