"""The group of `pattern memory`, on which several modules declare its commands."""

from __future__ import annotations

from pattern_cli.cli.options import Group

group = Group("memory", help="Memory blocks: what agents know.")
