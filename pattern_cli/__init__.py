"""Administer Pattern constellations: see, change, move and save what a group of agents remembers.

`pattern_cli.open(path)` opens a constellation for reading and gives its services; docs/api.md is the tour.
"""

from __future__ import annotations

__version__ = "0.1.0"
