"""What is built and shipped: metadata, the migrations in wheel and editable install, a wheel that runs alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import pattern_cli

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def tour() -> list[str]:
    """The commands of README.md's tour."""
    return re.findall(r"^\$ (.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source distribution and the wheel built from it, by the build tool as anybody runs it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode and re.search(
        r"No matching distribution|Temporary failure|ConnectionError|timed out", done.stdout
    ):
        pytest.skip("the build backend cannot be fetched here")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder


def test_metadata() -> None:
    project = PROJECT["project"]
    assert project["name"] == "pattern-constellation"
    assert project["requires-python"] == ">=3.11"
    assert project["license"] == "Apache-2.0"
    assert project["scripts"] == {"pattern": "pattern_cli.__main__:main"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", pattern_cli.__version__)
    assert f"## [{pattern_cli.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_source_distribution_names_only_what_exists() -> None:
    for entry in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]:
        assert (ROOT / entry.lstrip("/")).exists(), entry


def test_migrations_are_found_in_this_installation() -> None:
    from pattern_cli.schema.migrations import known
    from pattern_cli.store.versions import KNOWN

    assert tuple(migration.version for migration in known()) == KNOWN
    assert len(list((ROOT / "migrations").glob("0*.py"))) == len(KNOWN)


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "pattern_cli", "--version"], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == f"pattern {pattern_cli.__version__}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_an_interpreter_is_found() -> None:
    found = subprocess.run(["bash", ".ci/pythons", "usable"], capture_output=True, text=True, cwd=ROOT)
    if found.returncode:
        pytest.skip("no interpreter on PATH can make environments")
    version = "import sys; print(sys.version_info >= (3, 11))"
    said = subprocess.run([found.stdout.strip(), "-c", version], capture_output=True, text=True, check=True)
    assert said.stdout == "True\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_ci_installs_the_shells_it_may_and_names_those_that_are_missing(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("bash is not installed")
    calls = tmp_path / "calls"
    for name, script in {"id": "echo $WHO", "apt-get": f'echo "$@" >> {calls}', "fish": "exit 0"}.items():
        program = tmp_path / name
        program.write_text(f"#!{bash}\n{script}\n")
        program.chmod(0o755)

    def run(who: str) -> str:
        environment = {"PATH": str(tmp_path), "WHO": who}
        done = subprocess.run([bash, ROOT / ".ci" / "shells"], env=environment, capture_output=True, text=True)
        assert done.returncode == 0
        return done.stderr

    warnings = "".join(f"warning: {name} is not installed here: its tests are skipped\n" for name in ("zsh", "mandoc"))
    (tmp_path / "bash").symlink_to(bash)
    assert run("1000") == warnings
    assert not calls.exists()
    assert run("0") == warnings  # this apt-get brings nothing
    assert calls.read_text().splitlines()[-1].split()[-2:] == ["zsh", "mandoc"]


def test_the_classifiers_name_versions_that_are_allowed() -> None:
    named = [line.rpartition(" ")[2] for line in PROJECT["project"]["classifiers"] if ":: 3." in line]
    assert named == ["3.11", "3.12", "3.13"]


@pytest.mark.slow
def test_the_source_distribution_is_complete(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as content:
        names = {name.partition("/")[2] for name in content.getnames()}
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if tracked.returncode == 0:
        wanted = set(tracked.stdout.splitlines()) - {".gitignore"}
        assert wanted - names == set()
    assert {"pattern_cli/__init__.py", "migrations/0001_initial.py", "LICENSE", "Makefile"} <= names


@pytest.mark.slow
def test_the_wheel_has_the_program_and_the_migrations_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
        (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
        assert "pattern = pattern_cli.__main__:main" in content.read(entry_points).decode()
    project = f"pattern_constellation-{pattern_cli.__version__}"
    assert {name.split("/")[0] for name in names} == {"pattern_cli", f"{project}.dist-info", f"{project}.data"}
    shared = {name.partition(".data/data/share/")[2] for name in names if ".data/" in name}
    assert shared == {
        *(f"man/man1/{page.name}" for page in (ROOT / "man").glob("*.1")),
        "bash-completion/completions/pattern",
        "zsh/site-functions/_pattern",
        "fish/vendor_completions.d/pattern.fish",
    }
    migrations = {Path(name).name for name in names if name.startswith("pattern_cli/_migrations/0")}
    assert migrations == {path.name for path in (ROOT / "migrations").glob("0*.py")}
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_the_wheel_alone_runs_the_tour(built: Path, tmp_path: Path) -> None:
    """Installed without the dependencies of development into an empty environment, away from the sources."""
    (wheel,) = built.glob("*.whl")
    place = tmp_path / "environment"
    venv.create(place, with_pip=True)
    programs = place / ("Scripts" if sys.platform == "win32" else "bin")
    install = [str(programs / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    done = subprocess.run(install, capture_output=True, text=True, timeout=300)
    if done.returncode and re.search(r"No matching distribution|ConnectionError|timed out", done.stderr):
        pytest.skip("the dependencies cannot be fetched here")
    assert done.returncode == 0, done.stderr[-2000:]
    listed = subprocess.run([str(programs / "python"), "-m", "pip", "list"], capture_output=True, text=True, check=True)
    assert not re.search(r"^(pytest|hypothesis|mypy|ruff|sqlite-vec|numpy) ", listed.stdout, re.MULTILINE)

    checkout = tmp_path / "elsewhere"
    archives = checkout / "tests" / "fixtures"
    archives.mkdir(parents=True)
    for archive in (ROOT / "tests" / "fixtures").glob("*.car"):
        (archives / archive.name).write_bytes(archive.read_bytes())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PATTERN"))}
    environment = {
        **kept,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(checkout),
        "LC_ALL": "C.UTF-8",
    }
    more = [
        "pattern migrate status --check",
        "pattern vacuum --yes",
        "pattern backup",
        "pattern backup list",
        "pattern db info",
    ]
    for line in ("python -m pattern_cli --version", "pattern init lab/empty.db"):
        subprocess.run(["bash", "-ec", line], cwd=checkout, env=environment, check=True, timeout=60)
    script = "\n".join(["set -e", *tour(), *more, 'python -c "import pattern_cli; print(pattern_cli.__file__)"'])
    ran = subprocess.run(
        ["bash", "-c", script], cwd=checkout, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "warning" not in ran.stderr
    assert str(place) in ran.stdout.splitlines()[-1]
