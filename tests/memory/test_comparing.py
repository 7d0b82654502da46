"""Differences of two texts: nothing is left out, and equal texts have none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.memory.comparing import Piece, compare

TEXTS = st.text(alphabet="ab ☕\n", max_size=40)


def side(pieces: tuple[Piece, ...], sign: str) -> str:
    return "".join(piece.text for piece in pieces if piece.sign in (" ", sign))


def test_one_word_in_a_line() -> None:
    pieces = compare("the slow kettle\n", "the quick kettle\n", "words")
    assert [(piece.sign, piece.text) for piece in pieces[1:]] == [
        (" ", "the "),
        ("-", "slow"),
        ("+", "quick"),
        (" ", " kettle\n"),
    ]


def test_lines_come_with_three_around_them() -> None:
    old = "".join(f"line {number}\n" for number in range(20))
    pieces = compare(old, old.replace("line 10", "line ten"))
    assert [piece.sign for piece in pieces] == ["@", *"   -+   "]


def test_a_missing_line_break_at_the_end_is_told() -> None:
    assert compare("a\n", "a")[-1].text == "@@ the new text has no line break at its end @@"


@given(TEXTS)
def test_equal_texts_have_no_difference(text: str) -> None:
    assert compare(text, text) == compare(text, text, "words") == ()


@given(TEXTS, TEXTS)
def test_short_texts_can_be_put_together_again_from_their_words(old: str, new: str) -> None:
    if old.count("\n") < 4 and new.count("\n") < 4 and old != new:
        pieces = compare(old, new, "words")
        assert (side(pieces, "-"), side(pieces, "+")) == (old, new)


@given(st.text(alphabet="ab\n", max_size=60), st.text(alphabet="ab\n", max_size=60))
def test_lines_come_as_unified_differences_have_them(old: str, new: str) -> None:
    before, after = ([line for line in text.split("\n")][: None if text[-1:] != "\n" else -1] for text in (old, new))
    heads = [piece.text for piece in compare(old, new) if piece.sign == "@" and "line break" not in piece.text]
    for head in heads:
        sides = head.split()[1:3]
        assert all(side[0] == sign for side, sign in zip(sides, "-+", strict=True))
    pieces = [piece for piece in compare(old, new) if piece.sign != "@"]
    assert [piece.text for piece in pieces if piece.sign != "+" and piece.text not in before] == []
    assert [piece.text for piece in pieces if piece.sign != "-" and piece.text not in after] == []
    sizes = [
        sum(int((side[1:] + ",1").split(",")[1]) for side in (head.split()[at] for head in heads)) for at in (1, 2)
    ]
    assert sizes == [sum(piece.sign in " -" for piece in pieces), sum(piece.sign in " +" for piece in pieces)]
