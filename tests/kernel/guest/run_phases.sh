# Runs the phases of the tests, each with its own directory, in a guest that starts without any module.

. "$LAB_GUEST/topology.sh"

run_phases() { # SCRIPT...
  local script name begin
  for script in "$@"; do
    name=$(basename "$script" .sh)
    mkdir -p "$LAB_OUT/$name" "/run/work/$name"
    [ "$early" ] || load_modules || exit
    begin=$(date +%s)
    (cd "/run/work/$name" && LAB_OUT=$LAB_OUT/$name exec bash "$script") 2> "$LAB_OUT/$name/phase.stderr"
    echo $? > "$LAB_OUT/$name/phase.status"
    echo "$name: $(($(date +%s) - begin)) s" >> "$LAB_OUT/times.txt"
    [ "$early" ] || clean_up > "$LAB_OUT/$name/clean_up.log" 2>&1
  done
}

# Lets the next phase start without a network, and with fresh modules whose counters are 0.
clean_up() {
  remove_topology
  ipvsadm -C
  ipvsadm --stop-daemon master
  ipvsadm --stop-daemon backup
  modprobe -r $(sed -n 's/^\(ip_vs_[a-z_]*\) .*/\1/p' /proc/modules)
  modprobe -r ip_vs
  sysctl -qw net.ipv6.conf.all.disable_ipv6=0
}

load_modules() {
  modprobe -a ip_vs nlmon dummy veth
}

early=1 run_phases $LAB_EARLY_PHASES
early= run_phases $LAB_PHASES
