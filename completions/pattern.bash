# Completion of `pattern` in bash. Written by `pattern completions show bash`.

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
