"""The group of `pattern archival`, on which several modules declare its commands."""

from __future__ import annotations

from pattern_cli.cli.options import Group

group = Group("archival", help="Archival entries: long-term notes of an agent.")
