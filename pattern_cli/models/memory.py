"""Memory blocks, their history and their shares (database.md §2.2, §7.2; memory.md)."""

from __future__ import annotations

from peewee import SQL, CompositeKey

from pattern_cli.models import words
from pattern_cli.models.agents import Agent
from pattern_cli.models.base import BaseModel
from pattern_cli.models.fields import (
    AutoInteger,
    Bytes,
    EnumField,
    Flag,
    Integer,
    JsonField,
    Reference,
    Text,
    TimeField,
    default,
)


class MemoryBlock(BaseModel):
    """A labelled document; `agent_id` is an agent, a group or `_constellation_`."""

    id = Text(primary_key=True, null=True)
    agent_id = Text()
    label = Text()
    description = Text()
    block_type = EnumField(words.BLOCK_TYPES)
    char_limit = Integer(constraints=default("5000"))
    permission = EnumField(words.PERMISSIONS, constraints=default("'read_write'"))
    pinned = Flag(constraints=default("0"))
    loro_snapshot = Bytes()
    content_preview = Text(null=True)
    metadata = JsonField(null=True)
    embedding_model = Text(null=True)
    is_active = Flag(constraints=default("1"))
    created_at = TimeField()
    updated_at = TimeField()
    frontier = Bytes(null=True)
    last_seq = Integer(constraints=default("0"))

    class Meta:
        table_name = "memory_blocks"
        constraints = (SQL("UNIQUE (agent_id, label)"),)
        indexes = (
            SQL("CREATE INDEX idx_memory_blocks_agent ON memory_blocks (agent_id)"),
            SQL("CREATE INDEX idx_memory_blocks_type ON memory_blocks (agent_id, block_type)"),
            SQL("CREATE INDEX idx_memory_blocks_active ON memory_blocks (agent_id, is_active)"),
        )


class MemoryBlockCheckpoint(BaseModel):
    """A consolidated snapshot of a block."""

    id = AutoInteger()
    block = Reference(MemoryBlock, on_delete="CASCADE")
    snapshot = Bytes()
    created_at = TimeField()
    updates_consolidated = Integer(constraints=default("0"))
    frontier = Bytes(null=True)

    class Meta:
        table_name = "memory_block_checkpoints"
        indexes = (SQL("CREATE INDEX idx_checkpoints_block ON memory_block_checkpoints (block_id, created_at DESC)"),)


class MemoryBlockUpdate(BaseModel):
    """One change of a block, replayed in the order of `seq`."""

    id = AutoInteger()
    block = Reference(MemoryBlock, on_delete="CASCADE")
    seq = Integer()
    update_blob = Bytes()
    byte_size = Integer()
    source = EnumField(words.UPDATE_SOURCES, free=True, null=True)
    created_at = TimeField()
    frontier = Bytes(null=True)
    is_active = Flag(constraints=default("1"))

    class Meta:
        table_name = "memory_block_updates"
        indexes = (
            SQL("CREATE UNIQUE INDEX idx_updates_block_seq ON memory_block_updates (block_id, seq)"),
            SQL("CREATE INDEX idx_updates_block ON memory_block_updates (block_id)"),
            SQL("CREATE INDEX idx_updates_active ON memory_block_updates (block_id, is_active, seq)"),
        )


class SharedBlockAgent(BaseModel):
    """The access of an agent to a block it does not own."""

    block = Reference(MemoryBlock, on_delete="CASCADE")
    agent = Reference(Agent, on_delete="CASCADE")
    permission = EnumField(words.PERMISSIONS, constraints=default("'read_only'"))
    attached_at = TimeField()

    class Meta:
        table_name = "shared_block_agents"
        primary_key = CompositeKey("block", "agent")
