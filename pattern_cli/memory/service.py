"""Memory of an open constellation for scripts: what `pattern memory` does, by the same names.

A block is named by its owner and label, or by one word: its id, the beginning of it, or `owner/label`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pattern_cli.memory.blocks import Blocks
from pattern_cli.memory.records import Address, BlockRecord, address, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pattern_cli.memory.blame import BlameRow
    from pattern_cli.memory.compaction import Compaction
    from pattern_cli.memory.comparing import Unit
    from pattern_cli.memory.creation import Created, NewBlock
    from pattern_cli.memory.editing import Edited, Terms
    from pattern_cli.memory.fields import Fields
    from pattern_cli.memory.forms import Forms
    from pattern_cli.memory.granting import Grants
    from pattern_cli.memory.history import HistoryRow
    from pattern_cli.memory.items import Items
    from pattern_cli.memory.past import Difference
    from pattern_cli.memory.recipients import ShareRow
    from pattern_cli.memory.removal import Removal
    from pattern_cli.memory.settings import Settings
    from pattern_cli.memory.texts import Texts
    from pattern_cli.memory.undoing import Reverted
    from pattern_cli.store.constellation import Constellation


class Memory(Blocks):
    """The memory blocks of an open constellation, with their past.

    `list` and `show` are those of `Blocks`. Every method raises NotFoundError or AmbiguousError for the block.
    """

    def create(self, owner: str, label: str, new: NewBlock | None = None, *, dry_run: bool = False) -> Created:
        """Make a block, by default an empty text. Raises ConflictError for a label that is taken.

        `pattern_cli.memory.creation.NewBlock` says what it shall be, `pattern_cli.memory.designs` makes schemas.
        """
        from pattern_cli.memory.creation import NewBlock, create

        return create(self._constellation, owner, label, new or NewBlock(), dry_run=dry_run)

    @property
    def settings(self) -> Settings:
        """`change(owner, label, Wanted(permission="append", …))`; `pattern_cli.memory.settings.Wanted`."""
        from pattern_cli.memory.settings import Settings

        return Settings(self._constellation)

    @property
    def removal(self) -> Removal:
        """`delete(owner, label)`, `restore(owner, label)`; `purge(plan(owner, label))` for good."""
        from pattern_cli.memory.removal import Removal

        return Removal(self._constellation)

    @property
    def grants(self) -> Grants:
        """`share(owner, label, [agent], permission=…)`, `unshare(…)`; `members=True` or `group=…` means all of one."""
        from pattern_cli.memory.granting import Grants

        return Grants(self._constellation)

    def shared(self, who: str | None = None) -> Iterator[ShareRow]:
        """Who receives which block from whom; of one owner or receiver."""
        from pattern_cli.memory.recipients import shared

        return shared(self._constellation, who)

    @property
    def texts(self) -> Texts:
        """`set(owner, label, text)`, `append(…)`, `replace(owner, label, old, new)`; also of a `section`.

        On these and the next three `terms` says on which terms (`pattern_cli.memory.editing.Terms`).
        """
        from pattern_cli.memory.texts import Texts

        return Texts(self._constellation)

    @property
    def fields(self) -> Fields:
        """`get(owner, label, name)`, `set(owner, label, name, value)`, `increment(owner, label, name, by=1)`."""
        from pattern_cli.memory.fields import Fields

        return Fields(self._constellation)

    @property
    def items(self) -> Items:
        """`add(owner, label, value)`, `insert`, `remove` and `move` by numbers from 1; `log(owner, label, entry)`."""
        from pattern_cli.memory.items import Items

        return Items(self._constellation)

    @property
    def forms(self) -> Forms:
        """`open(owner, label)` for the whole block as text, TOML or JSON; `store(form, text)` stores what differs."""
        from pattern_cli.memory.forms import Forms

        return Forms(self._constellation)

    def history(self, ref: str, label: str | None = None, *, limit: int | None = None) -> list[HistoryRow]:
        """The updates of a block, newest first. Raises IntegrityError for a damaged one."""
        from pattern_cli.memory.history import history

        return history(self._constellation, find(self._constellation, ref, label), limit)

    def at(self, version: str, ref: str, label: str | None = None, *, raw: bool = False) -> BlockRecord:
        """A block as it was after an update (`"31"`, `"0"` before the first) or at a time (`"2h"`).

        `raw` makes its `text` the text alone, without what other roots hold.
        """
        from pattern_cli.memory.past import at

        return at(self._constellation, find(self._constellation, ref, label), version, raw)

    def diff(self, between: str, ref: str, label: str | None = None, *, unit: Unit = "lines") -> Difference:
        """What changed between two versions, `"28..31"`; of one, `"31"`, what it changed; `""` is the newest."""
        from pattern_cli.memory.past import difference

        return difference(self._constellation, find(self._constellation, ref, label), between, unit)

    def blame(self, ref: str, label: str | None = None) -> list[BlameRow]:
        """Which update every line, field and item comes from."""
        from pattern_cli.memory.blame import blame

        return blame(self._constellation, find(self._constellation, ref, label))

    def undo(
        self,
        ref: str,
        label: str | None = None,
        *,
        steps: int = 1,
        update: int | None = None,
        terms: Terms | None = None,
    ) -> list[Reverted]:
        """Undo the newest edits, or the one edit `update`. Raises ConflictError when there is nothing to undo."""
        from pattern_cli.memory.undoing import History

        block, on = self._to_change(ref, label, terms)
        return History(self._constellation).undo(block.id, steps, update, on)

    def redo(
        self,
        ref: str,
        label: str | None = None,
        *,
        steps: int = 1,
        update: int | None = None,
        terms: Terms | None = None,
    ) -> list[Reverted]:
        """Redo what was undone last. Raises ConflictError when there is nothing to redo."""
        from pattern_cli.memory.undoing import History

        block, on = self._to_change(ref, label, terms)
        return History(self._constellation).redo(block.id, steps, update, on)

    def revert(self, to: str, ref: str, label: str | None = None, *, terms: Terms | None = None) -> Edited:
        """Make a block what it was after the update or at the time `to`."""
        from pattern_cli.memory.past import number
        from pattern_cli.memory.undoing import History
        from pattern_cli.memory.versions import Versions

        block, on = self._to_change(ref, label, terms)
        seq = number(Versions(self._constellation, block.id), to)
        return History(self._constellation).revert(block.id, seq, on)

    def compact(
        self,
        ref: str,
        label: str | None = None,
        *,
        force: bool = False,
        snapshot: Callable[[Constellation], str] | None = None,
        dry_run: bool = False,
    ) -> Compaction:
        """Fold all updates into the snapshot; history ends there. Raises RefusedError beside a running runtime."""
        from pattern_cli.memory.compaction import Compactor

        id, compactor = find(self._constellation, ref, label), Compactor(self._constellation)
        return compactor.plan(id) if dry_run else compactor.compact(id, force=force, snapshot=snapshot)

    def checkpoint(
        self, ref: str, label: str | None = None, *, force: bool = False, dry_run: bool = False
    ) -> Compaction:
        """Make a checkpoint of the whole document. Raises RefusedError beside a running runtime."""
        from pattern_cli.memory.compaction import Compactor

        id, compactor = find(self._constellation, ref, label), Compactor(self._constellation)
        return compactor.plan_checkpoint(id) if dry_run else compactor.checkpoint(id, force=force)

    def _to_change(self, ref: str, label: str | None, terms: Terms | None) -> tuple[Address, Terms]:
        from dataclasses import replace

        from pattern_cli.memory.editing import Terms

        block = address(self._constellation, ref, label)
        return block, replace(terms or Terms(), through=block.through)
