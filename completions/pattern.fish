# Completion of `pattern` in fish. Written by `pattern completions show fish`.

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
