# Prints the completions of zsh. Arguments: the script, then lines typed up to the tab; prints the
# matches of each on a line. It types into another zsh, because completion needs a terminal.
zmodload zsh/zpty
script=$1; shift
offered=$(mktemp)
trap 'rm -f $offered' EXIT
export offered
zpty inner zsh -f -i
# Matches are added by compadd, which _describe and _arguments also call to sort them.
zpty -w inner "PROMPT= RPROMPT= TERM=dumb; unsetopt beep; autoload -Uz compinit; compinit -u -D
compadd() {
  [[ \$* == *(-O|-A|-D)* ]] && { builtin compadd \"\$@\"; return }
  local -a matches
  builtin compadd -O matches \"\$@\"
  print -rn -- \"\$matches \" >> \$offered
  builtin compadd \"\$@\"
}
finish() { print >> \$offered; BUFFER=; zle redisplay }
zle -N finish
bindkey '^G' finish
bindkey '^I' complete-word
source ${(q)script}
print >> \$offered"
# Types the next line after the previous one was completed.
answers=0
await() {
  ((++answers))
  until (($(wc -l < $offered) >= answers)); do
    zpty -t inner || exit 1
    sleep 0.02
    while zpty -r -t inner; do :; done > /dev/null
  done
}
await
for line; do
  zpty -w -n inner "$line"$'\t\x07'
  await
done
tail -n +2 $offered
zpty -d inner
