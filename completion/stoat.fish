# SPDX-License-Identifier: Apache-2.0
# fish completion for stoat, which says itself what can stand where (stoat complete). Installed as
# share/fish/vendor_completions.d/stoat.fish.

function __stoat_complete
    set -l before (commandline -opc)
    # The word as it will be: without the quote that is open, and backslashes.
    set -l word (commandline -ct | string trim --left --chars '\'"' | string replace --all '\\' '')
    for line in ($before[1] complete $before[2..-1] "$word" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$word"
            case ':dirs'
                __fish_complete_directories "$word"
            case ':*'
            case '*'
                echo $line
        end
    end
end

complete -c stoat --no-files -a '(__stoat_complete)'
