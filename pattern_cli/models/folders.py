"""Folders of files that agents may read (database.md §2.2, §7.5)."""

from __future__ import annotations

from peewee import SQL, CompositeKey

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import Bytes, EnumField, Integer, Reference, Text, TimeField, default


class Folder(BaseModel):
    """A collection of files."""

    id = Text(primary_key=True, null=True)
    name = Text(constraints=[SQL("UNIQUE")])
    description = Text(null=True)
    path_type = EnumField(words.FOLDER_PATH_TYPES)
    path_value = Text(null=True)
    embedding_model = Text()
    created_at = TimeField()

    class Meta:
        table_name = "folders"


class FolderFile(BaseModel):
    """A file; `content` only in virtual folders."""

    id = Text(primary_key=True, null=True)
    folder = Reference(Folder, on_delete="CASCADE")
    name = Text()
    content_type = Text(null=True)
    size_bytes = Integer(null=True)
    content = Bytes(null=True)
    uploaded_at = TimeField()
    indexed_at = TimeField(null=True)

    class Meta:
        table_name = "folder_files"
        constraints = (SQL("UNIQUE (folder_id, name)"),)


class FilePassage(BaseModel):
    """A piece of a file."""

    id = Text(primary_key=True, null=True)
    file = Reference(FolderFile, on_delete="CASCADE")
    content = Text()
    start_line = Integer(null=True)
    end_line = Integer(null=True)
    created_at = TimeField()
    chunk_index = Integer(constraints=default("0"))

    class Meta:
        table_name = "file_passages"
        indexes = (SQL("CREATE INDEX idx_passages_file ON file_passages (file_id)"),)


class FolderAttachment(BaseModel):
    """The access of an agent to a folder."""

    folder = Reference(Folder, on_delete="CASCADE")
    agent = Reference(Agent, on_delete="CASCADE")
    access = EnumField(words.FOLDER_ACCESSES)
    attached_at = TimeField()

    class Meta:
        table_name = "folder_attachments"
        primary_key = CompositeKey("folder", "agent")
