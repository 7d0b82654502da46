"""Changing texts: set, append, replace (memory.md §1.3, §2.2, §5). What did not change is not written again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace as with_changes

from pattern_cli.errors import AmbiguousError, NotFoundError, UsageError
from pattern_cli.memory.documents import Document
from pattern_cli.memory.editing import Change, Edited, Editor, Terms
from pattern_cli.memory.permissions import Operation
from pattern_cli.memory.places import Place, text_place
from pattern_cli.memory.records import Address, address
from pattern_cli.memory.schemas import Schema
from pattern_cli.store.constellation import Constellation

TextChange = Callable[[Document, Place], Iterable[Operation]]
_SHOWN = 5


class Texts:
    """The texts of the blocks of an open constellation: whole blocks, or the text sections of composite ones.

    Blocks are named by owner and label; one that the owner receives by a share is changed under the share's
    permission. Every method raises UsageError for a block that holds no text, NotFoundError, and as `Editor.edit`.
    """

    def __init__(self, constellation: Constellation) -> None:
        self._constellation = constellation
        self._editor = Editor(constellation)

    def set(self, owner: str, label: str, text: str, *, section: str | None = None, terms: Terms = Terms()) -> Edited:
        """Make the whole text another one; what both have in common stays as it is."""

        def change(document: Document, place: Place) -> Iterable[Operation]:
            document.set_text(place.root, text)
            return ["overwrite"]

        return self._change(owner, label, section, terms, "set", change)

    def append(
        self,
        owner: str,
        label: str,
        text: str,
        *,
        line: bool = False,
        section: str | None = None,
        terms: Terms = Terms(),
    ) -> Edited:
        """Add to the end of the text, nothing in between; with `line` on a line of its own, ended by a line break."""

        def change(document: Document, place: Place) -> Iterable[Operation]:
            before = document.text(place.root)
            start = "\n" if line and before and not before.endswith("\n") else ""
            end = "\n" if line and not text.endswith("\n") else ""
            document.append_text(place.root, f"{start}{text}{end}")
            return ["append"]

        return self._change(owner, label, section, terms, "append", change)

    def replace(
        self,
        owner: str,
        label: str,
        old: str,
        new: str,
        *,
        every: bool = False,
        regex: bool = False,
        section: str | None = None,
        terms: Terms = Terms(),
    ) -> Edited:
        r"""Replace the one place where `old` stands, or every one; nothing else of the text is touched.

        `regex`: `old` is a regular expression of Python in which `^` and `$` match at lines, and `new` may refer to
        its groups (`\1`, `\g<name>`). Raises NotFoundError where it does not stand, AmbiguousError where it stands
        more than once.
        """
        found = _pattern(old, regex)

        def change(document: Document, place: Place) -> Iterable[Operation]:
            text = document.text(place.root)
            matches = list(found.finditer(text))
            _require_one(matches, text, old, every)
            for match in reversed(matches):
                becomes = _new(match, new, regex)
                if becomes != match.group():
                    document.splice(place.root, match.start(), match.end() - match.start(), becomes)
            return ["overwrite"]

        return self._change(owner, label, section, terms, "replace", change)

    def _change(
        self,
        owner: str,
        label: str,
        section: str | None,
        terms: Terms,
        verb: str,
        change: TextChange,
    ) -> Edited:
        block = address(self._constellation, owner, label)
        return self._editor.edit(
            block.id, _of_text(block, section, terms, change), f"manual:{verb}", None, through(block, terms)
        )


def through(block: Address, terms: Terms) -> Terms:
    """The terms under which a named block is changed."""
    return with_changes(terms, through=block.through)


def _of_text(block: Address, section: str | None, terms: Terms, change: TextChange) -> Change:
    def apply(document: Document, schema: Schema) -> Iterable[Operation]:
        place = text_place(schema, section, block.name)
        place.unlock(block.name, terms.as_admin)
        needed = change(document, place)
        # The runtime asks a section's text for nothing but the section's own flag.
        return () if place.in_section else needed

    return apply


def _pattern(old: str, regex: bool) -> re.Pattern[str]:
    if not old:
        raise UsageError("the text to be replaced is empty", "`pattern memory append` adds to the end")
    if not regex:
        return re.compile(re.escape(old))
    try:
        return re.compile(old, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f'"{old}" is no regular expression: {error}', "without --regex it is taken as it is") from None


def _require_one(matches: list[re.Match[str]], text: str, old: str, every: bool) -> None:
    if not matches:
        folded = old.casefold()
        hint = "upper and lower case differ" if folded in text.casefold() else "`pattern memory show` shows the text"
        raise NotFoundError(f'"{_short(old)}" does not stand in the text', hint)
    if len(matches) > 1 and not every:
        lines = list(dict.fromkeys(text.count("\n", 0, match.start()) + 1 for match in matches))
        shown = ", ".join(map(str, lines[:_SHOWN])) + (", …" if len(lines) > _SHOWN else "")
        where = f"{'line' if len(lines) == 1 else 'lines'} {shown}"
        raise AmbiguousError(
            f'"{_short(old)}" stands {len(matches)} times in the text ({where})',
            "--all replaces every one; or give more of the text around it",
        )


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _new(match: re.Match[str], new: str, regex: bool) -> str:
    if not regex:
        return new
    try:
        return match.expand(new)
    except (re.error, IndexError) as error:
        raise UsageError(f'"{_short(new)}" cannot be filled in: {error}', "\\\\ is a plain backslash") from None
