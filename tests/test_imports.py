"""The house's order: who may import whom, how long a module may be, that each has its tests (architecture.md §1)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pattern_cli"
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = sorted(
    path
    for folder in ("pattern_cli", "migrations", "tests", "benchmarks", "docs")
    for path in (ROOT / folder).rglob("*.py")
)
LONGEST = 500

# A room may import the rooms named here, and itself; errors, store and models are below every service.
FOUNDATION = {"errors", "store", "models"}
SERVICES = {"agents", "groups", "memory", "messages", "search", "schema", "archives", "backups", "health"}
ABOVE_SERVICES = {"archives", "backups", "health"}
ALLOWED = {
    "errors": set(),
    "store": {"errors"},
    "models": {"errors", "store"},
    "render": {"errors"},
    **{room: FOUNDATION | (SERVICES - ABOVE_SERVICES) for room in SERVICES - ABOVE_SERVICES},
    **{room: FOUNDATION | SERVICES for room in ABOVE_SERVICES},
    "cli": FOUNDATION | SERVICES | {"render"},
    "__init__": FOUNDATION | SERVICES,
    "__main__": {"cli"},
}


def room_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """The modules a file names in its imports, those inside functions and for type checkers too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            assert node.module
            for name in node.names:
                yield node.lineno, f"{node.module}.{name.name}"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(path)
    for line, module in imported(path):
        parts = module.split(".")
        if parts[0] != "pattern_cli":
            continue
        target = parts[1]
        if target in {"__version__", room}:
            continue
        assert target in ALLOWED[room], f"{name_of(path)}:{line}: {room} imports {target}"


def test_every_room_has_its_rule() -> None:
    assert {room_of(path) for path in MODULES} == set(ALLOWED)


@pytest.mark.parametrize("path", [path for path in SOURCES if "tests" not in path.parts], ids=name_of)
def test_no_module_holds_two_ideas(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_one_sqlite_library_only(path: Path) -> None:
    assert not [line for line, module in imported(path) if module.split(".")[0] == "sqlite3"]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_services_never_speak(path: Path) -> None:
    """Only the command line and what it renders with may print, prompt or exit."""
    if PACKAGE not in path.parents or room_of(path) in {"cli", "render", "__main__"}:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        assert called not in {"print", "input", "exit", "sys.exit", "sys.stdout.write", "sys.stderr.write"}, (
            f"{path}:{node}"
        )


@pytest.mark.parametrize("path", [path for path in MODULES if path.stem not in {"__init__", "__main__"}], ids=name_of)
def test_every_module_has_its_test_file(path: Path) -> None:
    inside = path.relative_to(PACKAGE)
    assert (ROOT / "tests" / inside.parent / f"test_{inside.name}").is_file()


def test_only_one_module_touches_loro() -> None:
    touching = {name_of(path) for path in MODULES for _, module in imported(path) if module.split(".")[0] == "loro"}
    assert touching == {"pattern_cli/memory/documents.py"}
