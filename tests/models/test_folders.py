from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pattern_cli.models import FilePassage, Folder, FolderAttachment, FolderFile
from pattern_cli.store.constellation import Constellation


def test_everything_goes_with_its_folder(write: Callable[..., Any], lab: Constellation) -> None:
    write(Folder, id="f", name="docs", path_type="virtual", embedding_model="none", created_at=0)
    file = write(FolderFile, id="x", folder="f", name="a.txt", content=b"\xff\x00", uploaded_at=0)
    passage = write(FilePassage, id="p", file="x", content="…", created_at=0)
    write(FolderAttachment, folder="f", agent="a", access="read_write", attached_at=0)
    assert (file.content, file.size_bytes, file.indexed_at) == (b"\xff\x00", None, None)
    assert (passage.chunk_index, passage.start_line, passage.file_id) == (0, None, "x")
    lab.bind(Folder.delete()).execute()
    for table in ("folder_files", "file_passages", "folder_attachments"):
        assert lab.value(f"SELECT count(*) FROM {table}") == 0
