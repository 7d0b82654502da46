"""The part of a text that shows best why it was found, with the found words marked.

Markers put in by FTS5's own `snippet()` could not be told from the same characters in the text, so the words are
looked up again here, by the same tokenizer. A hit in whose text they do not stand shows an index out of step.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pattern_cli.search.query import Term, Tokenizer

WIDTH = 160
OPEN, CLOSE, MORE = "«", "»", "…"
_BEFORE = 24
_PIECE = 200_000
_OVERLAP = 4_000

Spans = list[tuple[int, int, int]]
"""Found words: begin and end in bytes, and the number of the term."""


class Snippet(NamedTuple):
    """One line of text with `«»` around the found words, and where these words begin and end in it.

    The offsets count characters and leave the markers out: they are exact where the text itself holds such marks.
    """

    text: str
    highlights: tuple[tuple[int, int], ...]


def excerpt(text: str, terms: tuple[Term, ...], tokenize: Tokenizer, width: int = WIDTH) -> Snippet | None:
    """The densest part of a text, about `width` characters; None when no term stands in the text.

    Bytes that are no UTF-8 may stand in the text as surrogates.
    """
    raw = text.encode("utf-8", "surrogateescape")
    begin = 0
    while True:
        # A text of many megabytes would become millions of tokens: it is read in pieces up to the first find.
        end = _border(raw, begin + _PIECE)
        found = spans(raw[begin:end], terms, tokenize)
        if found:
            return _around(raw[begin:end], found, width, begin > 0, end < len(raw))
        if end >= len(raw):
            return None
        begin = _border(raw, end - _OVERLAP)


def beginning(text: str, width: int = WIDTH) -> Snippet:
    """The beginning of a text, without highlights."""
    line, cut = _head(text, width)
    return Snippet(line.strip() + (f" {MORE}" if cut else ""), ())


def spans(text: bytes, terms: tuple[Term, ...], tokenize: Tokenizer) -> Spans:
    """Where the terms stand in UTF-8 text, in order; some may overlap."""
    starts: dict[str, list[int]] = {}
    beginnings: list[int] = []
    for number, term in enumerate(terms):
        if term.prefix and len(term.tokens) == 1:
            beginnings.append(number)
        else:
            starts.setdefault(term.tokens[0], []).append(number)
    tokens = tokenize(text)
    found: Spans = []
    for at, (begin, end, token) in enumerate(tokens):
        for number in starts.get(token, ()):
            length = len(terms[number].tokens)
            if _fits([following for _, _, following in tokens[at : at + length]], terms[number]):
                found.append((begin, tokens[at + length - 1][1], number))
        for number in beginnings:
            if token.startswith(terms[number].tokens[0]):
                found.append((begin, end, number))
    return found


def _fits(tokens: list[str], term: Term) -> bool:
    wanted = list(term.tokens)
    if not term.prefix or len(tokens) < len(wanted):
        return tokens == wanted
    return tokens[:-1] == wanted[:-1] and tokens[-1].startswith(wanted[-1])


def _border(raw: bytes, at: int) -> int:
    """A place at or before `at` where the text may be cut: at white space, else between two characters."""
    if at >= len(raw):
        return len(raw)
    blank = max(raw.rfind(b" ", at - _OVERLAP // 2, at), raw.rfind(b"\n", at - _OVERLAP // 2, at))
    if blank > 0:
        return blank
    while at and raw[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _around(raw: bytes, found: Spans, width: int, more_before: bool, more_after: bool) -> Snippet:
    marks = _densest(found, width)
    before, cut_before = _tail(_decoded(raw[: marks[0][0]]), min(_BEFORE, width))
    line = (f"{MORE} " if cut_before or more_before else "") + before.lstrip()
    highlights = []
    for at, (begin, end) in enumerate(marks):
        line += _squeezed(_decoded(raw[marks[at - 1][1] : begin])) if at else ""
        word = _squeezed(_decoded(raw[begin:end]))[:width]
        line += OPEN
        highlights.append((len(line), len(line) + len(word)))
        line += word + CLOSE
    after, cut_after = _head(_decoded(raw[marks[-1][1] :]), max(width - len(line), _BEFORE))
    return Snippet(line + after.rstrip() + (f" {MORE}" if cut_after or more_after else ""), tuple(highlights))


def _densest(found: Spans, width: int) -> list[tuple[int, int]]:
    """The words of the window that holds most different terms, then most words; the first of equal ones."""
    best = (0, 0)
    chosen = (0, 0)
    counts: dict[int, int] = {}
    start = 0
    for stop, (_, end, number) in enumerate(found):
        counts[number] = counts.get(number, 0) + 1
        while start < stop and end - found[start][0] > width - _BEFORE:
            counts[found[start][2]] -= 1
            if not counts[found[start][2]]:
                del counts[found[start][2]]
            start += 1
        if (len(counts), stop - start) > best:
            best, chosen = (len(counts), stop - start), (start, stop)
    merged: list[tuple[int, int]] = []
    for begin, end, _ in sorted(found[chosen[0] : chosen[1] + 1]):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _head(text: str, width: int) -> tuple[str, bool]:
    """The first words of a text on one line, and whether something was cut off."""
    line = _squeezed(text[: 8 * width])
    if len(line) <= width and len(text) <= 8 * width:
        return line, False
    cut = line[: width + 1].rfind(" ", width // 2)
    return (line[:cut] if cut > 0 else line[:width]), True


def _tail(text: str, width: int) -> tuple[str, bool]:
    """The last words of a text on one line, and whether something was cut off."""
    line, cut = _head(text[: -8 * width - 1 : -1], width)
    return line[::-1], cut or len(text) > 8 * width
