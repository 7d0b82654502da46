"""Schema versions this program knows (database.md §2.6); there is no version 8."""

from __future__ import annotations

KNOWN: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13)
NEWEST = KNOWN[-1]
