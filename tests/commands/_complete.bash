# Prints what bash offers: the script, then lines that are typed up to the tab, of each the matches
# on a line. Where bash is to complete names of files by itself, that is FILE.
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
