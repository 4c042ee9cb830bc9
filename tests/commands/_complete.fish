# Prints the completions of fish. Arguments: the script, then lines typed up to the tab; prints the
# matches of each on a line.
source $argv[1]
for line in $argv[2..]
    # A match has a description; an argument after an equals sign includes the option.
    echo (complete -C $line | string replace -r '\t.*' '' | string replace -r '^--?[^=]+=' '')
end
