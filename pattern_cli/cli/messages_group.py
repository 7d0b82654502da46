"""The group of `pattern messages`, on which several modules declare its commands."""

from __future__ import annotations

from pattern_cli.cli.options import Group

group = Group("messages", help="Messages: list, follow, send, archive, delete.")
