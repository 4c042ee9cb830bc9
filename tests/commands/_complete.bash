# Prints the completions of bash. Arguments: the script, then lines typed up to the tab; prints the
# matches of each on a line, FILE if bash itself completes file names.
source "$1"
shift
compopt() { file=FILE; }
for line; do
  COMP_WORDS=(${line//=/ = })
  [[ $line == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  file=
  _ipvstat
  echo ${COMPREPLY[*]} $file
done
