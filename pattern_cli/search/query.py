"""What a person typed as an FTS5 query that is always valid (database.md §7.6).

`playhouse.fts_parser` splits the text: quotes make phrases, a minus excludes, a star after a word or phrase matches
its continuations, parentheses group, and everything else is literal text. On top of that stand two readings of the
same words. Words are alternatives, so one of them is enough for a hit; a second, stricter query finds the texts that
hold all of them, which come first. `AND` between two words makes both of them necessary.

Words in which the tokenizer finds nothing are left out: FTS5 would find no text at all for `tea AND "…"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from playhouse.fts_parser import _Parser

from pattern_cli.errors import UsageError

MOST_WORDS = 256
"""More different words than these are left out: each costs a walk through the index."""
LONGEST = 100_000
"""What stands after so many characters is not read: nobody typed it, and it holds more words than are looked for."""

Tokens = list[tuple[int, int, str]]
"""Where each token begins and ends in the UTF-8 text, and the token as the index holds it."""
Tokenizer = Callable[[bytes], Tokens]


class Term(NamedTuple):
    """A word or phrase that is looked for: its tokens, and whether the last one may go on."""

    tokens: tuple[str, ...]
    prefix: bool

    def fts5(self) -> str:
        """The term as FTS5 writes it; tokens hold no quotes."""
        return f'"{" ".join(self.tokens)}"{"*" if self.prefix else ""}'


class Query(NamedTuple):
    """A text as FTS5 queries: `some` matches any of its words, `all` every one, None where that is the same.

    `terms` are the words looked for, without the excluded ones. `some` is empty when there is nothing to look for.
    `cut` says that the text held more than is looked for.
    """

    some: str
    all: str | None
    terms: tuple[Term, ...]
    cut: bool = False


def read(text: str, tokenize: Tokenizer) -> Query:
    """The query in any text. Raises UsageError when it only excludes."""
    reader = _Reader(_clean(text[:LONGEST]), tokenize)
    node = reader.query()
    if node is None:
        if reader.excludes:
            raise UsageError("the text only says what not to find", "add a word to look for")
        return Query("", None, ())
    some, every = _written(node, _SOME), _written(node, _EVERY)
    cut = reader.cut or len(text) > LONGEST
    return Query(some, None if every == some else every, tuple(reader.terms), cut)


def read_fts5(text: str, tokenize: Tokenizer) -> Query:
    """An FTS5 expression as it is; its words are picked out for ranking and highlights.

    Raises UsageError for an empty one. Other faults are found by FTS5 itself: see `fault`.
    """
    text = _clean(text)
    # FTS5 takes a leading star for a command to itself, not for a search.
    if not text.strip() or text.lstrip().startswith("*"):
        raise fault("it is empty" if not text.strip() else 'syntax error near "*"', text)
    terms = dict.fromkeys(_words_of_expression(text, tokenize))
    return Query(text, None, tuple(terms)[:MOST_WORDS])


def fault(message: str, text: str) -> UsageError:
    """The error for an expression that FTS5 refused with this message."""
    shown = text if len(text) <= 80 else text[:79] + "…"
    return UsageError(
        f"{shown!r} is not an FTS5 query: {message.removeprefix('fts5: ')}",
        "quote words that hold punctuation; without --syntax fts5 any text is valid",
    )


def _clean(text: str) -> str:
    """Without what SQLite takes for the end of a text, and without broken Unicode."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


# A node is a Term, a group (kind, nodes), or ("not", node, excluded). In an "any" group words stand side by side,
# in an "or" or "and" group the person wrote the operator.
Node = Any
_SOME = {"any": " OR ", "or": " OR ", "and": " AND "}
_EVERY = {"any": " AND ", "or": " AND ", "and": " AND "}
_STRICT = {"any": " AND ", "or": " OR ", "and": " AND "}


class _Reader:
    """Builds the tree from playhouse's tokens, whose parentheses are balanced and not too deep."""

    def __init__(self, text: str, tokenize: Tokenizer) -> None:
        # A brace opens a list of columns to playhouse, which reads to the end of the text to find its other half. There
        # are no columns to name here, and to the tokenizer one sign is like the other.
        self._tokens: list[tuple[str, Any]] = _Parser(text.replace("{", ","), ()).tokens
        self._tokenize = tokenize
        self._at = 0
        self._negative = 0
        self.terms: dict[Term, None] = {}
        self.excludes = False
        self.cut = False

    def query(self) -> Node | None:
        """The tree of `run ("OR" run)*`; None when nothing in it can be found."""
        runs = [self._run()]
        while self._takes("op", "OR"):
            runs.append(self._run())
        return _group("or", runs)

    def _run(self) -> Node | None:
        """Words side by side; what is excluded among them is excluded from all of them."""
        wanted: list[Node | None] = []
        excluded: list[Node | None] = []
        while self._kind() not in (")", None) and not self._is("op", "OR"):
            if self._takes("op", "AND"):
                continue
            negative = False
            while self._takes("neg") or self._takes("op", "NOT"):
                negative = True
            self._negative += negative
            (excluded if negative else wanted).append(self._atom() if negative else self._chain())
            self._negative -= negative
        node, without = _group("any", wanted), _group("or", excluded)
        self.excludes |= without is not None
        return node if node is None or without is None else ("not", node, without)

    def _chain(self) -> Node | None:
        """Words that the person joined by AND."""
        nodes = [self._atom()]
        while self._is("op", "AND") and self._kind(1) in ("term", "("):
            self._at += 1
            nodes.append(self._atom())
        return _group("and", nodes)

    def _atom(self) -> Node | None:
        if self._takes("("):
            node = self.query()
            self._takes(")")
            return node
        if self._kind() != "term":
            return None
        written = str(self._tokens[self._at][1])
        self._at += 1
        return self._term(written)

    def _term(self, written: str) -> Term | None:
        term = _as_term(written, written.endswith("*"), self._tokenize)
        if term is None or self._negative:
            return term
        if term not in self.terms and len(self.terms) >= MOST_WORDS:
            self.cut = True
            return None
        self.terms[term] = None
        return term

    def _kind(self, ahead: int = 0) -> str | None:
        at = self._at + ahead
        return self._tokens[at][0] if at < len(self._tokens) else None

    def _is(self, kind: str, value: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == (kind, value)

    def _takes(self, kind: str, value: str | None = None) -> bool:
        found = self._is(kind, value) if value else self._kind() == kind
        self._at += found
        return found


def _as_term(written: str, prefix: bool, tokenize: Tokenizer) -> Term | None:
    tokens = tuple(token for _, _, token in tokenize(written.encode()))
    return Term(tokens, prefix) if tokens else None


def _group(kind: str, nodes: Iterable[Node | None]) -> Node | None:
    """One node of several: repeated ones once, those of the same kind merged, None left out."""
    flat: dict[Node, None] = {}
    for node in nodes:
        if node is not None:
            same = not isinstance(node, Term) and node[0] == kind
            flat.update(dict.fromkeys(node[1] if same else (node,)))
    if not flat:
        return None
    return next(iter(flat)) if len(flat) == 1 else (kind, tuple(flat))


def _written(node: Node, operators: dict[str, str], nested: bool = False) -> str:
    """The tree as an FTS5 expression; what is excluded is read strictly, as playhouse does."""
    if isinstance(node, Term):
        return node.fts5()
    if node[0] == "not":
        text = f"{_written(node[1], operators, True)} NOT {_written(node[2], _STRICT, True)}"
    else:
        text = operators[node[0]].join(_written(part, operators, True) for part in node[1])
    return f"({text})" if nested else text


def _words_of_expression(text: str, tokenize: Tokenizer) -> Iterator[Term]:
    """The words of an FTS5 expression that are neither operators nor columns, nor follow a NOT."""
    pattern = r'"((?:[^"]|"")*)"\s*(\*)?|([^\s"(){}:,+*^-]+)\s*(\*|:)?|\{[^}]*\}\s*:|,\s*\d+'
    excluded = False
    for found in re.finditer(pattern, text):
        phrase, star, word, after = found.groups()
        if word in ("AND", "OR", "NOT", "NEAR"):
            excluded = word == "NOT"
        elif (phrase is not None or word is not None) and after != ":":
            term = _as_term(phrase if word is None else word, "*" in (star, after), tokenize)
            if term is not None and not excluded:
                yield term
            excluded = False
