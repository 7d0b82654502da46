"""`pattern completions`: what a shell needs to complete commands, options and names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pattern_cli.cli.options import Group, Run
from pattern_cli.errors import ConflictError, UsageError
from pattern_cli.render.tables import Layout, Line

group = Group("completions", help="Completion in bash, zsh and fish: show, install.")

_MARK = "Written by `pattern completions"


class ShellName(StrEnum):
    """The shells that can complete."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a shell loads."""

    shell: str
    script: str


@dataclass(frozen=True, slots=True)
class Installed:
    """Where a shell's completion is; `changed` says whether it was written now, `remark` what is still to be done."""

    shell: str
    path: str
    changed: bool
    remark: str


SHOWN = Layout(
    lines=(Line("shell", "shell"),),
    bodies=(("script", lambda shown: shown.script),),
    record="pattern_cli.cli.completions:Shown",
)
INSTALLED = Layout(
    lines=(
        Line("shell", "shell"),
        Line("path", "file"),
        Line("changed", "written", show=lambda changed: "yes" if changed else "no, it was up to date"),
        Line("remark", "then"),
    ),
    record="pattern_cli.cli.completions:Installed",
)


@group.command(
    "show",
    record=SHOWN,
    examples=("pattern completions show bash", "pattern completions show zsh > ~/.zfunc/_pattern"),
    db=False,
)
def show_completion(run: Run, shell: Annotated[ShellName, typer.Argument(help="bash, zsh or fish.")]) -> None:
    """Print what a shell loads to complete this program."""
    from pattern_cli.cli.shells import SHELLS

    shown = Shown(shell.value, SHELLS[shell].script)
    if run.form is None and not run.fields:
        from pattern_cli.render.output import write_text

        write_text(shown.script, raw=True)
    else:
        run.show(shown)


@group.command(
    "install",
    record=INSTALLED,
    examples=(
        "pattern completions install",
        "pattern completions install --shell zsh --dir ~/.zfunc",
    ),
    exits=(4,),
    db=False,
)
def install_completion(
    run: Run,
    shell: Annotated[ShellName | None, typer.Option("--shell", help="Which shell. Default: that of SHELL.")] = None,
    folder: Annotated[
        str | None, typer.Option("--dir", metavar="DIR", help="Where to. Default: where the shell looks by itself.")
    ] = None,
) -> None:
    """Put the completion where a shell finds it; an older one of ours is replaced.

    No other file is changed: what the shell's own configuration still needs is said.
    """
    chosen = shell or _running()
    run.show(_install(chosen, Path(folder).expanduser() if folder else usual_place(chosen), folder is None))


def _running() -> ShellName:
    """The person's shell. Raises UsageError where it cannot be told."""
    import os

    name = Path(os.environ.get("SHELL", "")).name
    if name not in set(ShellName):
        raise UsageError("SHELL names no shell that can complete", "name one: --shell bash, zsh or fish")
    return ShellName(name)


def usual_place(shell: ShellName) -> Path:
    """The folder of a shell's own completions for one person."""
    import os

    def under(variable: str, otherwise: str) -> Path:
        return Path(os.environ.get(variable) or os.path.expanduser(otherwise))

    data = under("XDG_DATA_HOME", "~/.local/share")
    if shell is ShellName.bash:
        return under("BASH_COMPLETION_USER_DIR", str(data / "bash-completion")) / "completions"
    if shell is ShellName.zsh:
        return data / "zsh" / "site-functions"
    return under("XDG_CONFIG_HOME", "~/.config") / "fish" / "completions"


def _install(shell: ShellName, folder: Path, usual: bool) -> Installed:
    """Write the file as a whole or not at all. Raises ConflictError where somebody else's file is."""
    import os

    from pattern_cli.cli.shells import SHELLS

    path = folder / SHELLS[shell].file
    script = SHELLS[shell].script
    there = path.read_text(encoding="utf-8", errors="replace") if path.exists() else None
    if there is not None and _MARK not in there:
        raise ConflictError(f"{path} is not of this program", "move it away, or name another folder with --dir")
    if there != script:
        folder.mkdir(parents=True, exist_ok=True)
        target = Path(os.path.realpath(path))  # a link stays a link
        new = target.with_name(f".{target.name}.{os.getpid()}")
        new.write_text(script, encoding="utf-8")
        os.replace(new, target)
    return Installed(shell.value, str(path), there != script, _remark(shell, path, usual))


def _remark(shell: ShellName, path: Path, usual: bool) -> str:
    import shlex

    if shell is ShellName.zsh:
        return f"once in ~/.zshrc, before compinit: fpath=({shlex.quote(str(path.parent))} $fpath); then a new shell"
    if shell is ShellName.bash and usual:
        return f"a new shell; without the package bash-completion, in ~/.bashrc: source {shlex.quote(str(path))}"
    if usual:
        return "nothing: fish loads it by itself"
    return f"load it in the shell's configuration: source {shlex.quote(str(path))}"
