from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pattern_cli.backups.manifest import Manifest, encode, manifest_path, read_manifest

texts = st.text(st.characters(exclude_categories=["Cs"]))
manifests = st.builds(
    Manifest,
    file=texts,
    source=texts,
    version=st.none() | st.integers(0, 99),
    reason=texts,
    created_at=texts,
    size=st.integers(0, 2**60),
    hash=texts,
    counts=st.dictionaries(texts, st.integers(0, 2**60)),
    verified=st.booleans(),
    tool=texts,
    sqlite=texts,
)


@given(manifest=manifests)
def test_what_is_written_is_read_again(tmp_path_factory: object, manifest: Manifest) -> None:
    folder = tmp_path_factory.mktemp("manifest")  # type: ignore[attr-defined]
    backup = folder / "x.db"
    manifest_path(backup).write_text(encode(manifest), encoding="utf-8")
    assert read_manifest(backup) == manifest


def test_it_lies_beside_the_backup() -> None:
    assert manifest_path(Path("/a/b.db")) == Path("/a/b.db.json")
