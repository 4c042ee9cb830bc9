# The guest's part of doctor_test.ts. It boots without any module.
. "$LAB_GUEST/steps.sh"

# Both forms, and the line of show where it fails.
examine() { # NAME [COMMAND...]
  local name=$1; shift
  observe "$name" "$@" ipvstat doctor
  observe "$name-json" "$@" ipvstat doctor -o json
}

compare() { # NAME [COMMAND...]
  examine "$@"
  local name=$1; shift
  observe "$name-show" "$@" ipvstat
}

# The kernel package's modules are not where a kernel looks for its own. This prepares a place for some.
lay_modules() {
  local release; release=$(uname -r)
  local modules=/run/lib/modules/$release packaged=/usr/lib/uml/modules/$release
  mkdir -p "$modules/kernel/net"
  ln -s "$packaged/kernel/net/netfilter" "$modules/kernel/net/netfilter"
  cp "$packaged"/modules.{builtin,builtin.modinfo,order} "$modules"
  depmod -b /run "$release"
  modprobe overlay
}

with_modules() { # COMMAND...
  unshare -m sh -c 'mount -t overlay -o lowerdir=/run/lib:/usr/lib overlay /usr/lib && exec "$@"' sh "$@"
}

without_module() {
  compare absent with_modules env PATH="/run/trap:$PATH"
  cat /proc/modules > "$LAB_OUT/modules.txt"
}

# A program that root owns is run by another user: so the user may pass by the modes of files.
as_nobody() { # CAPABILITIES COMMAND...
  local sets="+dac_override,+dac_read_search$1"; shift
  setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps "$sets" --ambient-caps "$sets" "$@"
}

under_privileges() {
  compare nobody as_nobody ''
  compare no-new-privileges as_nobody '' setpriv --no-new-privs
  compare unbounded setpriv --bounding-set=-net_admin --inh-caps=-net_admin
  compare user-namespace unshare -Ur
  compare ambient as_nobody ',+net_admin'
}

under_settings() {
  sysctl -qw net.ipv4.vs.run_estimation=0
  examine sample as_nobody ''
  sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  examine frozen
  # What mends it is what the report says.
  sed -n 's/^ *mend: sudo \(sysctl .*\)/\1/p' "$LAB_OUT/frozen.out" | sh > /dev/null
  examine mended
}

# A compiled program finds itself by /proc/self/exe, and does not start without it.
without_proc() { # COMMAND...
  unshare -m sh -c 'mount -t tmpfs tmpfs /proc && mkdir /proc/self && ln -s "$LAB_PROGRAM" /proc/self/exe &&
    exec "$@"' sh "$@"
}

under_proc() {
  examine without-proc without_proc
  examine pid-only unshare -m sh -c 'mount -t proc -o subset=pid proc /proc && exec "$@"' sh
}

lay_modules
set_modprobe_trap
without_module
release_modprobe
modprobe -a ip_vs
examine empty
load_rules "$LAB_GUEST/demo.rules"
examine elsewhere unshare -n
unshare -n nsenter --target 1 --net ipvstat -o json > "$LAB_OUT/entered.json"
examine well
under_privileges
under_settings
under_proc
strace -f -qq -o "$LAB_OUT/strace.txt" -e trace=%file,%network,execve,ftruncate,mkdir ipvstat doctor > /dev/null
echo "$DENO_DIR" > "$LAB_OUT/deno-dir.txt"
