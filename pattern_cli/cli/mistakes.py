"""Mistakes on the command line, found by the parser, in this program's words: one sentence and one hint."""

from __future__ import annotations

import re
from typing import Any

from typer._click.exceptions import BadParameter, ClickException, MissingParameter, NoSuchOption

from pattern_cli.errors import UsageError

_NUMBERS = {"int": "a whole number", "integer": "a whole number", "float": "a number"}


def usage(error: ClickException) -> UsageError:
    """The error that says what is wrong, which option or argument it is about, and what would be right."""
    context = getattr(error, "ctx", None)
    where = f"`{context.command_path} --help` shows how" if context else "`pattern --help` shows how"
    if isinstance(error, NoSuchOption) and error.possibilities:
        return UsageError(_lowered(error.message), f"did you mean {' or '.join(error.possibilities)}? {where}")
    if isinstance(error, NoSuchOption) and not error.option_name.startswith("--"):
        # Probably a text such as "- buy tea", or a number below zero.
        return UsageError(_lowered(error.message.strip()), f"a text that begins with a dash comes after --; {where}")
    if isinstance(error, BadParameter) and not isinstance(error, MissingParameter) and error.param:
        return _bad_value(_name(error.param), error.message.rstrip("."), where)
    text, _, near = error.format_message().rstrip(".").partition(" Did you mean ")
    text = re.sub(r"^Got unexpected extra argument(?:s|\(s\))? \((.*)\)$", r"unexpected argument: \1", text)
    return UsageError(_lowered(text), f"did you mean {near} {where}" if near else where)


def _bad_value(name: str, said: str, where: str) -> UsageError:
    if found := re.fullmatch(r"'(.*)' is not one of (.+)", said, re.DOTALL):
        value, known = found.group(1), [word.strip("' ") for word in found.group(2).split(",")]
        import difflib

        near = difflib.get_close_matches(value, known, n=1)
        hint = f"one of {', '.join(known)}"
        return UsageError(f'"{value}" is no value of {name}', f"did you mean {near[0]}? {hint}" if near else hint)
    if found := re.fullmatch(r"'(.*)' is not a valid (int|integer|float)(?: range)?", said, re.DOTALL):
        return UsageError(f'{name} takes {_NUMBERS[found.group(2)]}, not "{found.group(1)}"', where)
    if found := re.fullmatch(r"(\S+) is not in the range (?:(\S+)<=)?x(?:([<>])=(\S+))?", said):
        value, low, sign, other = found.groups()
        bounds = f"is from {low} to {other}" if low else f"is at {'least' if sign == '>' else 'most'} {other}"
        return UsageError(f"{name} {bounds}, not {value}", where)
    return UsageError(f"{name}: {_lowered(said)}", where)


def _name(parameter: Any) -> str:
    """How the help names an option or argument."""
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.human_readable_name).strip("[].")


def _lowered(text: str) -> str:
    """A sentence that goes on after `error:`."""
    text = text.rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
