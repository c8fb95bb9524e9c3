#compdef tfjob-kit
# Completion of tfjob-kit for zsh. Written by: tfjob-kit completion zsh
# It asks tfjob-kit at each Tab, so it stays right when tfjob-kit changes.

_tfjob-kit() {
    local line head prefix word
    local -a lines closed open
    lines=("${(@f)$(${(Q)words[1]/#\~/$HOME} __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null </dev/null)}")
    (( $#lines )) || return 1
    head=${lines[1]%%$'\t'*}
    prefix=${lines[1]#*$'\t'}
    for line in "${(@)lines[2,-1]}"; do
        [[ -n $line ]] || continue
        word=${line%%$'\t'*}
        [[ $line == *$'\t'* ]] && line="${word//:/\\:}:${line#*$'\t'}" || line="${word//:/\\:}"
        if [[ $word == *[.=:@/,] || ( $word == *\[* && $word != *\]* ) ]]; then
            open+=("$line")
        else
            closed+=("$line")
        fi
    done
    local ret=1
    if (( $#closed + $#open )); then
        _describe -t values 'tfjob-kit' closed -- open -S '' && ret=0
    fi
    if [[ $head == files || $head == dirs ]]; then
        [[ -n $prefix ]] && compset -P "${(b)prefix}"
        if [[ $head == dirs ]]; then
            _files -/ && ret=0
        else
            _files && ret=0
        fi
    fi
    return ret
}

if [[ $funcstack[1] == _tfjob-kit ]]; then
    _tfjob-kit "$@"
else
    compdef _tfjob-kit tfjob-kit
fi
