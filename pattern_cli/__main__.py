"""`python -m pattern_cli` is the command `pattern`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program and leave with its exit status."""
    from pattern_cli.cli.app import run

    sys.exit(run())


if __name__ == "__main__":
    main()
