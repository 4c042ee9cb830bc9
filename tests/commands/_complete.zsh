# Prints what zsh offers: the script, then lines that are typed up to the tab, of each the matches on
# a line. It types into a zsh of its own, since completion is for terminals only.
zmodload zsh/zpty
script=$1; shift
offered=$(mktemp)
trap 'rm -f $offered' EXIT
export offered
zpty inner zsh -f -i
# What is offered passes compadd, which _describe and _arguments also ask to sort for them.
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
# The next line is typed when the last one has been answered.
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
