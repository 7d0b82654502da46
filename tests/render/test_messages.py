"""Remarks on standard error: a word, one line, colour only on a terminal, an object when JSON was asked for."""

from __future__ import annotations

import io
import json
import sys

import pytest

from pattern_cli.errors import NotFoundError
from pattern_cli.render.messages import report, say

Captured = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_an_error_as_in_screens_md(capsys: Captured) -> None:
    report(NotFoundError('no agent named "Junper"', "did you mean Juniper? `pattern agents list` shows all"), False)
    assert capsys.readouterr() == (
        "",
        'error: no agent named "Junper"\nhint:  did you mean Juniper? `pattern agents list` shows all\n',
    )


def test_without_a_hint(capsys: Captured) -> None:
    report(NotFoundError("nothing"), False)
    assert capsys.readouterr().err == "error: nothing\n"


def test_an_error_as_an_object(capsys: Captured) -> None:
    report(NotFoundError("no\x1b", "look"), True)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert json.loads(line) == {"error": "not_found", "message": "no\x1b", "hint": "look"}
    assert "\x1b" not in line


@pytest.mark.parametrize("word", ["error", "warning", "hint", "note"])
def test_a_remark_is_one_line_and_harmless(word: str, capsys: Captured) -> None:
    say(word, "a\nb\x1b[31m\u202e")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{word}: ")
    assert err.endswith("a\\nb\\x1b[31m\\u202e\n")


def test_colour_on_a_terminal_unless_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stderr", Terminal())
    say("error", "x")
    assert sys.stderr.getvalue() == "\x1b[1;31merror:\x1b[0m x\n"  # type: ignore[attr-defined]
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stderr", Terminal())
    say("error", "x")
    assert sys.stderr.getvalue() == "error: x\n"  # type: ignore[attr-defined]
