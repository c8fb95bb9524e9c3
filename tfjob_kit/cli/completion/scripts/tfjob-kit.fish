# Completion of tfjob-kit for fish. Written by: tfjob-kit completion fish
# It asks tfjob-kit at each Tab, so it stays right when tfjob-kit changes.

function __tfjob_kit_complete
    set -l before (commandline -opc)
    set -l typed (commandline -ct)
    # Without its quotes, the one that is still open included.
    set -l typed (string unescape -- $typed; or string unescape -- "$typed'"; or string unescape -- "$typed\""; or echo -- $typed)[1]
    set -l lines ($before[1] __complete fish $before[2..-1] "$typed" 2>/dev/null </dev/null)
    or return
    set -l head (string split -m 1 \t -- $lines[1])
    if set -q lines[2]
        printf '%s\n' $lines[2..-1]
    end
    set -l name (string sub -s (math (string length -- "$head[2]") + 1) -- "$typed")
    switch "$head[1]"
        case files
            for path in (__fish_complete_path "$name")
                printf '%s%s\n' "$head[2]" $path
            end
        case dirs
            for path in (__fish_complete_directories "$name")
                printf '%s%s\n' "$head[2]" $path
            end
    end
end

complete -c tfjob-kit -f -a '(__tfjob_kit_complete)'
