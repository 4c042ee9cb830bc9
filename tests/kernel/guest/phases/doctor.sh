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

SETTINGS='conn_reuse_mode conntrack expire_nodest_conn expire_quiescent_template sloppy_tcp sync_threshold
  sync_refresh_period sync_ports sync_persist_mode'

# A sync daemon on an interface whose MTU is too small for its messages, and unsuitable settings.
under_tuning() {
  ip link add sync0 mtu 1450 type veth peer name sync1
  ip addr add 198.51.100.1/24 dev sync0
  ip link set sync0 up
  ip link set sync1 up
  ipvsadm --start-daemon master --mcast-interface sync0
  sysctl -qw net.ipv4.vs.conn_reuse_mode=0 net.ipv4.vs.expire_nodest_conn=0 \
    net.ipv4.vs.expire_quiescent_template=0 net.ipv4.vs.sloppy_tcp=1
  local name
  for name in $SETTINGS; do cat "/proc/sys/net/ipv4/vs/$name" > "$LAB_OUT/untuned.$name"; done
  observe recorded ipvstat record "$LAB_OUT/settings.pcap"
  examine untuned
  # Follows the suggestions.
  sed -n 's/^ *\(try\|or\): sudo \(sysctl -w [a-z0-9_.]*=[0-9]*\|ipvsadm --set .*\)$/\2/p' "$LAB_OUT/untuned.out" |
    tee "$LAB_OUT/commands.txt" | sh > /dev/null
  ipvsadm --stop-daemon master
  ipvsadm --start-daemon master --mcast-interface sync0 --sync-maxlen 1422
  examine_json tuned
  ipvsadm --stop-daemon master
  ip link del sync0
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
under_tuning
under_proc
strace -f -qq -o "$LAB_OUT/strace.txt" -e trace=%file,%network,execve,ftruncate,mkdir ipvstat doctor > /dev/null
echo "$DENO_DIR" > "$LAB_OUT/deno-dir.txt"
