from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.render import safe

_TEXTS = st.text() | st.text(alphabet='ab\x7f\x85\u202e\u2028\ufeff\u200d🧵é\\"')


@given(st.lists(_TEXTS, max_size=4))
def test_finished_json_in_bytes_becomes_what_it_becomes_as_text(values: list[str]) -> None:
    lines = "\n".join(json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False) for value in values)
    shown = safe.json_bytes(lines.encode())
    assert shown == safe.json(lines).encode()
    assert [json.loads(line) for line in shown.split(b"\n") if line] == [
        json.loads(line) for line in lines.split("\n") if line
    ]


def test_harmful_characters_become_escapes_that_json_knows() -> None:
    assert safe.json_bytes('"a\x7f\u202eb\u2028é🧵"'.encode()) == '"a\\u007f\\u202eb\\u2028é🧵"'.encode()


def test_joined_emoji_stay_as_they_are() -> None:
    line = '"👩\u200d🚀"'.encode()
    assert safe.json_bytes(line) == line
