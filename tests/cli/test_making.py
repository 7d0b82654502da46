"""Commands are made when they are asked for, once, and only those."""

from __future__ import annotations

import pytest

from pattern_cli.cli.making import Commands, acts, walk


class Leaf:
    pass


def test_only_what_is_asked_for_is_made_and_only_once() -> None:
    made: list[str] = []

    def maker(name: str) -> object:
        made.append(name)
        return Leaf()

    commands = Commands({name: lambda name=name: maker(name) for name in ("list", "show", "edit")})  # type: ignore[misc]
    assert list(commands) == ["list", "show", "edit"] and len(commands) == 3 and "show" in commands
    assert "none" not in commands and commands.get("none") is None and made == []
    assert commands["show"] is commands.get("show") and made == ["show"]
    assert [name for name, _ in commands.items()] == ["list", "show", "edit"] and made == ["show", "list", "edit"]
    with pytest.raises(KeyError):
        commands["none"]


def test_commands_can_be_put_in_and_taken_out() -> None:
    commands, leaf = Commands({}), Leaf()
    commands["late"] = leaf
    assert commands["late"] is leaf and list(commands) == ["late"]
    del commands["late"]
    assert not commands


def test_a_walk_names_all_that_is_below() -> None:
    class Branch(Leaf):
        invoke_without_command = False

        def list_commands(self, ctx: object) -> list[str]:
            return ["a", "b"]

        def get_command(self, ctx: object, name: str) -> Leaf:
            return Leaf()

    assert [(path, acts(one)) for path, one in walk(Branch(), "kit")] == [
        ("kit", False),
        ("kit a", True),
        ("kit b", True),
    ]
