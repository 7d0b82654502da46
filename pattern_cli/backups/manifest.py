"""The manifest beside a backup: a small JSON file that says what the backup is and how to prove it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pattern_cli.errors import IntegrityError, NotFoundError, SchemaError

FORMAT = "pattern-backup"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was backed up, when and why, and what proves it.

    `size` in bytes, `hash` is `blake3:` and 64 hex digits of the whole file, `counts` the rows of every table,
    `version` the schema version (None without a ledger), `verified` whether the finished file passed its check.
    """

    file: str
    source: str
    version: int | None
    reason: str
    created_at: str
    size: int
    hash: str
    counts: dict[str, int]
    verified: bool
    tool: str
    sqlite: str


def manifest_path(backup: Path) -> Path:
    """Where the manifest of a backup is: the same name with `.json` appended."""
    return backup.with_name(backup.name + ".json")


def backup_of(path: Path) -> Path:
    """The backup that a path means: the file itself, or the one beside which it is the manifest."""
    if path.suffix != ".json" or manifest_path(path).is_file() or not path.is_file():
        return path
    return path.with_name(path.name.removesuffix(".json"))


def encode(manifest: Manifest) -> str:
    """The text of a manifest file."""
    content = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(manifest)}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_manifest(backup: Path) -> Manifest:
    """The manifest of a backup.

    Raises NotFoundError when there is none, IntegrityError when it is no manifest, SchemaError when a newer version of
    this program wrote it.
    """
    path = manifest_path(backup)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFoundError(f"{backup} has no manifest {path.name} beside it") from None
    except (UnicodeDecodeError, ValueError):
        raise IntegrityError(f"{path} is not valid JSON", "the backup beside it cannot be proven") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise IntegrityError(f"{path} is no manifest of a backup", "the backup beside it cannot be proven")
    if content.get("format_version") != FORMAT_VERSION:
        raise SchemaError(
            f"{path} has manifest version {content.get('format_version')}; this program knows {FORMAT_VERSION}",
            "update this program",
        )
    return _checked(path, content)


def _checked(path: Path, content: dict[str, object]) -> Manifest:
    counts = content.get("counts")
    sound = (
        all(isinstance(content.get(name), str) for name in ("file", "source", "reason", "created_at", "hash"))
        and isinstance(content.get("size"), int)
        and isinstance(content.get("verified"), bool)
        and isinstance(content.get("version"), int | None)
        and isinstance(counts, dict)
        and all(isinstance(number, int) for number in counts.values())
    )
    if not sound:
        raise IntegrityError(f"{path} lacks facts that a manifest has", "the backup beside it cannot be proven")
    known = {field.name: content.get(field.name, "") for field in fields(Manifest)}
    return Manifest(**known)  # type: ignore[arg-type]
