"""How bash, zsh and fish ask for completions: the function each one loads, what it sends, the reply it understands.

The function starts the program with `_PATTERN_COMPLETE` set to the shell's name and gives it the words before the
cursor as they were typed. Whatever goes wrong, the reply is empty: who presses TAB has asked for nothing else.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pattern_cli.cli import words
from pattern_cli.cli.completing import Answer, Candidate, complete

BASH = r"""# Completion of `pattern` in bash. Written by `pattern completions show bash`.

_pattern() {
    local line program
    program=$(type -P -- "${1/#\~/$HOME}") || program=pattern
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(_PATTERN_COMPLETE=bash "$program" "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
    # The first line says what the others are.
    case ${COMPREPLY[0]-} in
        files) compopt -o default ;;
        part) compopt -o nospace ;;
    esac
    COMPREPLY=("${COMPREPLY[@]:1}")
}

complete -F _pattern pattern
"""

ZSH = r"""#compdef pattern
# Completion of `pattern` in zsh. Written by `pattern completions show zsh`.

_pattern() {
    local program=${${(Q)words[1]}/#\~/$HOME} value note
    local -a reply values shown parts partly
    (( $+commands[$program] )) || [[ $program == */* && -x $program ]] || program=pattern
    # The reply: what it is, then pairs of a word and a note, each with a NUL behind it.
    value=$(_PATTERN_COMPLETE=zsh command $program "${(@)words[2,CURRENT-1]}" "$QIPREFIX$PREFIX" 2>/dev/null </dev/null)
    reply=("${(@0)value}")
    if [[ $reply[1] == files ]]; then
        [[ $PREFIX == -*=* ]] && compset -P '*='
        _files
        return
    fi
    shift reply
    for value note in "${(@)reply}"; do
        [[ -n $value ]] || continue
        [[ -n $note ]] && note="$value  -- $note" || note=$value
        if [[ $value == *[/,=] ]]; then
            parts+=("$value") partly+=("$note")
        else
            values+=("$value") shown+=("$note")
        fi
    done
    local -a match=(-M 'm:{[:lower:]}={[:upper:]}')
    (( $#parts )) && compadd -S '' -l -d partly $match -a -- parts
    (( $#values )) && compadd -l -d shown $match -a -- values
    (( $#parts + $#values ))
}

# Loaded by its file name it is the function itself; read by `source` it only says whose completion it is.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _pattern "$@"
else
    compdef _pattern pattern
fi
"""

FISH = r"""# Completion of `pattern` in fish. Written by `pattern completions show fish`.

function __pattern_complete
    set -l before (commandline -xpc 2>/dev/null; or commandline -opc)
    set -l current (commandline -ct)
    set -l program $before[1]
    type -q -- $program; or set program pattern
    set -l reply (_PATTERN_COMPLETE=fish command $program $before[2..-1] -- "$current" 2>/dev/null </dev/null)
    if test "$reply[1]" = files
        # What stands before the file's name in the same word: --db=
        set -l head (string match -r -- '^-[^=]*=' $current)
        set -l path (string replace -r -- '^-[^=]*=' '' "$current")
        __fish_complete_path "$path" | string replace -r -- '^' "$head"
    else
        printf '%s\n' $reply[2..-1]
    end
end

complete -c pattern -f -a '(__pattern_complete)'
"""


class Shell(NamedTuple):
    """One shell: its function, the name of the file that it loads, that file in completions/, and what answers it."""

    script: str
    file: str
    kept: str
    respond: Callable[[list[str]], bytes]


def respond(shell: str, arguments: Sequence[str]) -> int:
    """Answer the shell that asks and return the exit status, which is always 0."""
    reply = b""
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        contextlib.suppress(Exception),
    ):
        reply = SHELLS[shell].respond(list(arguments))
    sys.stdout.buffer.write(reply)
    return 0


def _bash(arguments: list[str]) -> bytes:
    """The line up to the cursor, and the end of it that bash is going to replace: lines for COMPREPLY.

    Bash puts them into the command line without quoting anything.
    """
    line, replaced = arguments
    typed = words.split(line)
    last = typed[-1]
    answer = _complete(typed[1:])
    if answer.files or not last.raw.endswith(replaced):
        return b"files\n" if answer.files else b""
    kept = words.unquote(last.raw[: len(last.raw) - len(replaced)])
    fitting = _beginning(answer.candidates, last.text)
    lines = [
        words.quote(value[len(kept.text) :], kept.open)
        for value, _ in fitting
        if value.startswith(kept.text) and kept.open != "$'"
    ]
    kind = "part" if len(lines) == 1 and lines[0].endswith(("/", ",", "=")) else "words"
    return "".join(f"{line}\n" for line in (kind, *lines)).encode("utf-8", "surrogateescape")


def _beginning(candidates: list[Candidate], begins: str) -> list[Candidate]:
    """The candidates that begin so; without any, those that do in other capitals."""
    exact = [one for one in candidates if one.value.startswith(begins)]
    return exact or [one for one in candidates if one.value.casefold().startswith(begins.casefold())]


def _complete(typed: list[words.Word]) -> Answer:
    """What fits the last of the words of a simple command; a redirection takes a file."""
    arguments: list[str] = []
    target = False
    for word in typed[:-1]:
        if word.operator:
            target = True
        elif target:
            target = False
        else:
            arguments.append(word.text)
    return Answer([], files=True) if target else complete(arguments, typed[-1].text)


def _zsh(arguments: list[str]) -> bytes:
    """The words behind the command as they were typed: what it is, then words and notes, each with a NUL behind it."""
    *before, last = arguments
    answer = complete([words.unquote(word, fill=True).text for word in before], words.unquote(last).text)
    fields = ["files" if answer.files else "words"]
    for value, note in answer.candidates:
        fields += [value, note]
    return "".join(f"{field}\0" for field in fields).encode("utf-8", "surrogateescape")


def _fish(arguments: list[str]) -> bytes:
    """The words behind the command, a `--` and the one being typed: what it is, then lines of a word and a note."""
    *before, _, last = arguments
    answer = complete(before, words.unquote(last).text)
    lines = ["files" if answer.files else "words", *("\t".join(one) for one in answer.candidates)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


SHELLS = {
    "bash": Shell(BASH, "pattern", "pattern.bash", _bash),
    "zsh": Shell(ZSH, "_pattern", "_pattern", _zsh),
    "fish": Shell(FISH, "pattern.fish", "pattern.fish", _fish),
}
