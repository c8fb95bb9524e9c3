# Completion of tfjob-kit for bash. Written by: tfjob-kit completion bash
# It asks tfjob-kit at each Tab, so it stays right when tfjob-kit changes.

_tfjob_kit() {
    local IFS=$'\n' line head
    local -a lines=()
    COMPREPLY=()
    while IFS= read -r line; do
        lines+=("$line")
    done < <("${1/#\~/$HOME}" __complete bash "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
    ((${#lines[@]})) || return 0
    head=${lines[0]%%$'\t'*}
    COMPREPLY=("${lines[@]:1}")
    if [[ $head == files || $head == dirs ]]; then
        local -a found=()
        local flag=-f
        [[ $head == dirs ]] && flag=-d
        while IFS= read -r line; do
            found+=("$line")
        done < <(compgen "$flag" -- "$2")
        if ((${#COMPREPLY[@]} == 0)) && type compopt &>/dev/null; then
            compopt +o nospace -o filenames
        else
            local number
            for number in "${!found[@]}"; do
                [[ -d ${found[number]} ]] && found[number]+=/ || found[number]+=' '
            done
        fi
        ((${#found[@]})) && COMPREPLY+=("${found[@]}")
    fi
    return 0
}

complete -o nospace -F _tfjob_kit tfjob-kit
