# Prints what fish offers: the script, then lines that are typed up to the tab, of each the matches on
# a line.
source $argv[1]
for line in $argv[2..]
    # A match and its description; an argument behind an equals sign comes with its option.
    echo (complete -C $line | string replace -r '\t.*' '' | string replace -r '^--?[^=]+=' '')
end
