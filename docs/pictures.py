"""The pictures of README.md: what the program really prints for the demo's archive, as SVG by Rich.

The clock stands still and ids are those of the archive, so that the same program always draws the same pictures.
`python -m docs.pictures ARGUMENTS` is the program with that clock.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import time
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from docs.demo import ARCHIVE
from docs.terminal import ROOT, screen

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
WIDTH = 116
PLACE = "lab/constellation.db"
PICTURES = {
    "first-screen": (f"pattern import {ARCHIVE} --create --dry-run", "pattern", "pattern agents list"),
    "memory": ("pattern memory list Juniper",),
    "search": (
        'pattern search "slow kettle" --limit 6',
        "pattern messages list Juniper --since 2025-11-10T12:00 --until 2025-11-10T12:20",
    ),
}
# Rich's own, without its fonts from elsewhere: a picture in a page may not load anything.
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, "Fira Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
  <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def draw() -> dict[Path, str]:
    """All pictures by their path. The program runs in a temporary folder that looks like a checkout's."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / Path(ARCHIVE).parent).mkdir(parents=True)
        (place / ARCHIVE).write_bytes((ROOT / ARCHIVE).read_bytes())
        drawn = {}
        for picture, lines in PICTURES.items():
            shown = [(line, _run(line, place)) for line in lines if _prepared(line, place)]
            drawn[ROOT / "docs" / "pictures" / f"{picture}.svg"] = _svg(picture, shown)
        return drawn


def words_in(svg: str) -> list[str]:
    """The words of a picture, whatever version of Rich drew it."""
    return re.sub(r"&#160;|\s+", " ", " ".join(re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL))).split()


def _prepared(line: str, place: Path) -> bool:
    """Import the archive before the first command that needs it."""
    if "--create" not in line and not (place / PLACE).exists():
        _run(f"pattern import {ARCHIVE} --create --keep-ids", place)
    return True


def _run(line: str, place: Path) -> str:
    import shlex

    return screen(
        [sys.executable, "-m", "docs.pictures", *shlex.split(line)[1:]],
        {
            "PATTERN_DB": PLACE,
            "PYTHONPATH": str(ROOT),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "COLORTERM": "truecolor",
            "COLUMNS": str(WIDTH),
            "XDG_RUNTIME_DIR": str(place / "runtime"),
        },
        columns=WIDTH,
        folder=place,
    )


def _svg(name: str, shown: list[tuple[str, str]]) -> str:
    from rich.console import Console
    from rich.text import Text

    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    for number, (line, output) in enumerate(shown):
        if number:
            console.print()
        console.print(Text.assemble(("$ ", "dim"), (line, "bold")), soft_wrap=False)
        console.print(Text.from_ansi(output.rstrip("\n")))
    console.print()  # Rich cuts the lower edge of the last line
    drawn = console.export_svg(title="pattern", code_format=FORMAT, unique_id=name)
    return "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip()) + "\n"


class _Standing(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _Standing:
        return cls.fromtimestamp(NOW.timestamp(), tz)


def _stand_still() -> None:
    from pattern_cli.render import values

    time.time = NOW.timestamp
    time.time_ns = lambda: int(NOW.timestamp()) * 1_000_000_000
    setattr(values, "datetime", _Standing)  # noqa: B010


if __name__ == "__main__":
    from pattern_cli.cli.app import run

    _stand_still()
    sys.exit(run())
