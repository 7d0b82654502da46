"""What the parser finds wrong is said in this program's words, and names what would be right."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import pytest
import typer
from typer._click.exceptions import ClickException

from pattern_cli.cli.mistakes import usage

app = typer.Typer(rich_markup_mode=None, add_completion=False)
WHERE = "`try --help` shows how"


class Size(StrEnum):
    small = "small"
    large = "large"


@app.command()
def command(
    word: Annotated[str, typer.Argument(metavar="WORD")],
    count: Annotated[int, typer.Argument(metavar="[N]")] = 1,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 1,
    share: Annotated[int, typer.Option("--share", max=100)] = 1,
    grade: Annotated[int, typer.Option("--grade", min=1, max=6)] = 1,
    part: Annotated[float, typer.Option("--part")] = 1,
    size: Annotated[Size, typer.Option("--size")] = Size.small,
) -> None: ...


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("a --size lrge", '"lrge" is no value of --size', "did you mean large? one of small, large"),
        ("a --size x", '"x" is no value of --size', "one of small, large"),
        ("a many", 'N takes a whole number, not "many"', WHERE),
        ("a -n x", '--limit takes a whole number, not "x"', WHERE),
        ("a -n 1.5", '--limit takes a whole number, not "1.5"', WHERE),
        ("a --part x", '--part takes a number, not "x"', WHERE),
        ("a -n 0", "--limit is at least 1, not 0", WHERE),
        ("a --share 101", "--share is at most 100, not 101", WHERE),
        ("a --grade 7", "--grade is from 1 to 6, not 7", WHERE),
        ("a 1 b", "unexpected argument: b", WHERE),
        ("a 1 b c", "unexpected argument: b c", WHERE),
        ("", "missing argument 'WORD'", WHERE),
        ("a --limt 3", "no such option: --limt", f"did you mean --limit? {WHERE}"),
        ("a --zzz", "no such option: --zzz", WHERE),
        ("a -5", "no such option: -5", f"a text that begins with a dash comes after --; {WHERE}"),
        ("a --limit", "option '--limit' requires an argument", "`pattern --help` shows how"),
    ],
)
def test_mistakes(words: str, message: str, hint: str) -> None:
    parser: Any = typer.main.get_command(app)
    with pytest.raises(ClickException) as caught, parser.make_context("try", words.split()) as context:
        parser.invoke(context)
    error = usage(caught.value)
    assert (error.message, error.hint) == (message, hint)
