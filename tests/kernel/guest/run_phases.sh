# Runs the phases that the tests have asked for, each with a folder of its own, in a guest that starts without
# any module.

run_phases() { # SCRIPT...
  local script name begin
  for script in "$@"; do
    name=$(basename "$script" .sh)
    mkdir -p "$LAB_OUT/$name" "/run/work/$name"
    begin=$(date +%s)
    (cd "/run/work/$name" && LAB_OUT=$LAB_OUT/$name exec bash "$script") 2> "$LAB_OUT/$name/phase.stderr"
    echo $? > "$LAB_OUT/$name/phase.status"
    echo "$name: $(($(date +%s) - begin)) s" >> "$LAB_OUT/times.txt"
    clean_up > /dev/null 2>&1
  done
}

# What the next phase starts with: an empty table that is estimated.
clean_up() {
  ipvsadm -C
  ipvsadm --stop-daemon master
  ipvsadm --stop-daemon backup
  sysctl -qw net.ipv4.vs.run_estimation=1 net.ipv6.conf.all.disable_ipv6=0
}

run_phases $LAB_EARLY_PHASES
modprobe -a ip_vs nlmon dummy veth || exit
run_phases $LAB_PHASES
