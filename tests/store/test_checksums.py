from __future__ import annotations

import re
from pathlib import Path

from pattern_cli.store import versions
from pattern_cli.store.checksums import AUTH_INITIAL, CHECKSUMS, PRE_EDIT_INITIAL


def test_they_are_those_of_the_reference(reference_dir: Path) -> None:
    text = (reference_dir / "database.md").read_text()
    section = text[text.index("### 3.3") : text.index("## 4. Enumerations")]
    rows = re.findall(r"^\| (\d+) \| `\d{4}_\w+\.sql` \| `[^`]*` \| \d+ \| `([0-9a-f]{96})` \|", section, re.MULTILINE)
    assert {int(version): checksum for version, checksum in rows[:-1]} == CHECKSUMS
    assert rows[-1] == ("1", AUTH_INITIAL)
    assert re.search(r"Superseded edition of version 1 .*`([0-9a-f]{96})`", section)[1] == PRE_EDIT_INITIAL  # type: ignore[index]


def test_every_known_version_has_one_and_none_is_there_twice() -> None:
    assert tuple(CHECKSUMS) == versions.KNOWN
    assert len({*CHECKSUMS.values(), AUTH_INITIAL, PRE_EDIT_INITIAL}) == len(versions.KNOWN) + 2
