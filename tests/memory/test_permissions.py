"""What a block's permission allows, row for row of the runtime's table."""

from __future__ import annotations

import pytest

from pattern_cli.errors import RefusedError
from pattern_cli.memory.permissions import Operation, allows, require

TABLE = {
    "read_only": (False, False, False),
    "partner": (False, False, False),
    "human": (False, False, False),
    "append": (True, False, False),
    "read_write": (True, True, False),
    "admin": (True, True, True),
}
OPERATIONS: tuple[Operation, ...] = ("append", "overwrite", "delete")


@pytest.mark.parametrize("permission", TABLE)
def test_the_gate_is_the_runtimes(permission: str) -> None:
    assert tuple(allows(permission, operation) for operation in OPERATIONS) == TABLE[permission]


def test_an_unknown_permission_allows_nothing() -> None:
    with pytest.raises(RefusedError, match="no known permission"):
        require("anything", "append", "Juniper/persona", as_admin=False)


def test_an_administrator_may_do_it_anyway() -> None:
    require("read_only", "delete", "Juniper/persona", as_admin=True)
