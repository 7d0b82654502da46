"""Another process that reads blocks by the runtime's load rule (memory.md §4.2), with nothing of this program.

Reads block ids from standard input, one a line, and answers each with one line of JSON: the plain values of the
document's roots that hold something, and its text as the runtime renders it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import apsw
import loro


def load(connection: apsw.Connection, id: str) -> tuple[Any, dict[str, Any]]:
    """The document, and the schema as stored."""
    ((snapshot, metadata),) = connection.execute(
        "SELECT loro_snapshot, metadata FROM memory_blocks WHERE id = ? AND is_active = 1", (id,)
    ).fetchall()
    checkpoint = connection.execute(
        "SELECT created_at FROM memory_block_checkpoints WHERE block_id = ? ORDER BY created_at DESC LIMIT 1", (id,)
    ).fetchall()
    doc = loro.LoroDoc()
    if snapshot:
        doc.import_(snapshot)
    for created_at, blob in connection.execute(
        "SELECT created_at, update_blob FROM memory_block_updates WHERE block_id = ? AND is_active = 1 ORDER BY seq",
        (id,),
    ):
        if not checkpoint or created_at > checkpoint[0][0]:
            doc.import_(blob)
    return doc, json.loads(metadata)["schema"]


def shown(value: Any) -> str:
    """A value without quotes; the values of these tests are texts, whole numbers, booleans, lists and objects."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(inner)}" for key, inner in value.items()) + "}"
    return str(value)


def rendered(doc: Any, schema: dict[str, Any]) -> str:
    """The text of memory.md §3, written a second time."""
    ((kind, body),) = schema.items()
    if kind == "Text":
        return str(doc.get_text("content").to_string())
    if kind == "Map":
        values, lines = doc.get_map("fields").get_deep_value(), []
        for field in body["fields"]:
            name, type_ = field["name"], field["field_type"]
            if type_ == "Counter":
                lines.append(f"{name}: {int(doc.get_counter(f'counter_{name}').value)}")
            elif type_ == "List":
                items = doc.get_list(f"list_{name}").get_deep_value()
                lines += [f"{name}:", *(f"- {shown(item)}" for item in items)] if items else []
            elif name in values:
                lines.append(f"{name}: {shown(values[name])}")
        return "\n".join(lines)
    if kind == "List":
        lines = []
        for number, item in enumerate(doc.get_list("items").get_deep_value(), 1):
            done = item.get("done") if isinstance(item, dict) else None
            mark = ("[x]" if done else "[ ]") if isinstance(done, bool) else f"{number}."
            lines.append(f"{mark} {shown(item)}")
        return "\n".join(lines)
    if kind == "Log":
        newest = doc.get_list("entries").get_deep_value()[::-1][: body["display_limit"]]
        return "\n".join(entry["message"] if isinstance(entry, dict) else shown(entry) for entry in newest)
    return "\n\n".join(f"=== {section['name']} ===" for section in body["sections"])


def main() -> None:
    """Answer until standard input ends."""
    connection = apsw.Connection(sys.argv[1])
    connection.set_busy_timeout(5000)
    for line in sys.stdin:
        doc, schema = load(connection, line.strip())
        roots = {name: value for name, value in doc.get_deep_value().items() if value}
        print(json.dumps([roots, rendered(doc, schema)]), flush=True)


if __name__ == "__main__":
    main()
