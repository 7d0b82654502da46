"""The commands of a group, each made when it is asked for, and a walk through all of them.

Making all of them takes longer than most commands run; only the help of a group needs every one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

Makers = dict[str, Callable[[], Any]]


class Commands(MutableMapping[str, Any]):
    """Command objects by name, in the order of their declaration."""

    def __init__(self, makers: Makers) -> None:
        self._makers = makers
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._makers.setdefault(name, lambda: command)
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._makers[name]
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __contains__(self, name: object) -> bool:
        return name in self._makers


def walk(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """A command and all commands and groups below it by their paths, in the order of the help.

    The given one has the path `path`; those below add their names: `agents`, `agents list`, `memory field set`.
    """
    yield path, command
    names = command.list_commands(None) if hasattr(command, "list_commands") else ()
    for name in names:
        yield from walk(command.get_command(None, name), f"{path} {name}".lstrip())


def acts(command: Any) -> bool:
    """Whether a command does something when no subcommand follows."""
    return bool(getattr(command, "invoke_without_command", True))
