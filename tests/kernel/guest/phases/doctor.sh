# The phase of doctor.ts.
. "$LAB_GUEST/steps.sh"

compare() { # NAME [COMMAND...]
  examine_json "$@"
  local name=$1; shift
  observe "$name-show" "$@" ipvstat
}

# Runs a command as another user, with capabilities to read root's files.
as_nobody() { # CAPABILITIES COMMAND...
  local sets="+dac_override,+dac_read_search$1"; shift
  setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps "$sets" --ambient-caps "$sets" "$@"
}

under_privileges() {
  compare nobody as_nobody ''
  examine_text nobody as_nobody ''
  compare no-new-privileges as_nobody '' setpriv --no-new-privs
  compare unbounded setpriv --bounding-set=-net_admin --inh-caps=-net_admin
  compare user-namespace unshare -Ur
  compare ambient as_nobody ',+net_admin'
}

under_settings() {
  ! can_freeze || sysctl -qw net.ipv4.vs.run_estimation=0
  examine_text sample as_nobody ''
  sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  examine frozen
  # Runs the commands that the report suggests.
  sed -n 's/^ *fix: sudo \(sysctl .*\)/\1/p' "$LAB_OUT/frozen.out" | sh > /dev/null
  examine_json mended
}

# The compiled program needs /proc/self/exe to start.
without_proc() { # COMMAND...
  unshare -m sh -c 'mount -t tmpfs tmpfs /proc && mkdir /proc/self && ln -s "$LAB_PROGRAM" /proc/self/exe &&
    exec "$@"' sh "$@"
}

under_proc() {
  examine_json without-proc without_proc
  examine_json pid-only unshare -m sh -c 'mount -t proc -o subset=pid proc /proc && exec "$@"' sh
}

uname -r > "$LAB_OUT/release.txt"
compare empty
load_rules "$LAB_GUEST/demo.rules"
examine_json elsewhere unshare -n
unshare -n nsenter --target 1 --net ipvstat -o json > "$LAB_OUT/entered.json"
examine well
under_privileges
under_settings
under_proc
strace -f -qq -o "$LAB_OUT/strace.txt" -e trace=%file,%network,execve,ftruncate,mkdir ipvstat doctor > /dev/null
echo "$DENO_DIR" > "$LAB_OUT/deno-dir.txt"
