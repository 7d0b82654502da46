"""How much hangs on an owner or a block: rows by table, and bytes."""

from __future__ import annotations

from collections.abc import Mapping

from pattern_cli.store.constellation import Constellation

# The blocks of an owner.
BLOCKS = "SELECT id FROM memory_blocks WHERE agent_id = ?1"
# Bytes that a row holds, by what makes it large; a text is written twice, once in its full-text index.
_SIZES = {
    "memory_blocks": "octet_length(loro_snapshot) + 2 * coalesce(octet_length(content_preview), 0)",
    "memory_block_updates": "octet_length(update_blob)",
    "memory_block_checkpoints": "octet_length(snapshot)",
    "messages": "octet_length(content_json) + coalesce(octet_length(content_preview), 0)",
    "archival_entries": "2 * octet_length(content)",
}


def weigh(constellation: Constellation, id: str, conditions: Mapping[str, str]) -> tuple[dict[str, int], int]:
    """The number of rows by table that meet its condition, in which `?1` is `id`, and about how many bytes."""
    rows, bytes_held = {}, 0
    for table, where in conditions.items():
        sql = f"SELECT count(*), coalesce(sum({_SIZES.get(table, '0')}), 0) FROM {table} WHERE {where}"
        rows[table], size = next(constellation.rows(sql, (id,)))
        bytes_held += size
    return rows, bytes_held
