"""Commands that are shown to be pasted carry the `--db` of this run, or they would meet another database."""

from __future__ import annotations

# In backquotes or behind an arrow; not help, and not the commands that need no database or name one themselves.
_COMMAND = r"(?:(?<=`)|(?<=→ ))pattern (?=[a-z])(?!init\b|completions\b)(?![^`]*--help)"
_given = ""


def database(path: str | None) -> None:
    """Remember the `--db` of this run; None when there is none."""
    import shlex

    global _given
    _given = "" if path is None else f"--db {shlex.quote(path)} "


def pasteable(text: str) -> str:
    """The same text, its commands with the `--db` of this run."""
    if not _given:
        return text
    import re

    return re.sub(_COMMAND, lambda found: f"{found.group()}{_given}", text)
