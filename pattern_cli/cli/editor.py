"""A text in the person's own editor: `$VISUAL`, `$EDITOR`, else `vi`.

What was written is never lost: it is in a file of its own from the start, which goes away only when the change was
stored or nothing was changed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pattern_cli.errors import FailureError, PatternError, UsageError


@contextmanager
def edited(text: str, name: str, suffix: str = ".md") -> Iterator[str | None]:
    """What the person made of `text`; None when it was saved unchanged or not at all.

    `name` becomes part of the file's name. When the editor or the body fails, the file stays and the error's hint
    names it. Raises FailureError when the editor cannot run or fails, UsageError when the result is no UTF-8.
    """
    path = _file(name, suffix)
    path.write_bytes(text.encode("utf-8"))
    try:
        _run_editor(path)
        try:
            new = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(f"the edited text is no UTF-8: byte {error.start} is wrong") from None
        except FileNotFoundError:
            new = text
        # Most editors end a file with a line break, which nobody typed.
        if new == text + "\n" and not text.endswith("\n"):
            new = text
        yield None if new == text else new
    except BaseException as error:
        if _holds(path, text):
            path.unlink(missing_ok=True)
        elif isinstance(error, PatternError):
            kept = f"your text is kept in {path}"
            error.hint = f"{error.hint}; {kept}" if error.hint else kept
        raise
    path.unlink(missing_ok=True)


def keep(text: str, name: str, suffix: str = ".md") -> Path:
    """A file with a text that was not stored, for the person to go on with. Raises FailureError when none can be."""
    path = _file(name, suffix)
    path.write_bytes(text.encode("utf-8"))
    return path


def _holds(path: Path, text: str) -> bool:
    """Whether the file has nothing but the text that was there before."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape") in {text, text + "\n"}
    except OSError:
        return not path.exists()


def _file(name: str, suffix: str) -> Path:
    from platformdirs import user_state_path

    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "text"
    for folder in (user_state_path("pattern") / "unsaved", None):
        with suppress(OSError):
            if folder is not None:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, path = tempfile.mkstemp(suffix, f"{stem}-", folder)
            os.close(descriptor)
            return Path(path)
    raise FailureError("no file for the editor can be made", "check the temporary folder and its free space")


def _run_editor(path: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        words = shlex.split(command)
        # The editor talks to the terminal, also where our own output goes into a pipe.
        terminal = None if sys.stdout.isatty() else _terminal()
        done = subprocess.run([*words, str(path)], stdout=terminal, check=False)
    except (OSError, ValueError, IndexError) as error:
        raise FailureError(f"the editor {command!r} cannot be run: {error}", "set EDITOR to a command") from None
    if done.returncode:
        raise FailureError(f"the editor {command!r} ended with status {done.returncode}; nothing was changed")


def _terminal() -> int | None:
    with suppress(OSError):
        return os.open("/dev/tty", os.O_WRONLY | os.O_CLOEXEC)
    return None
