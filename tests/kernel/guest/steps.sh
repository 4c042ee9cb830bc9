# Functions that the kernel tests share. All output goes to "$LAB_OUT".

# Saves the output and the exit status of a command: NAME.out, NAME.err, NAME.status.
observe() { # NAME COMMAND...
  local name=$1; shift
  "$@" > "$LAB_OUT/$name.out" 2> "$LAB_OUT/$name.err"
  echo $? > "$LAB_OUT/$name.status"
}

# Saves the doctor's report as text.
examine_text() { # NAME [COMMAND...]
  local name=$1; shift
  observe "$name" "$@" ipvstat doctor
}

# Saves the doctor's report as JSON, as NAME-json.
examine_json() { # NAME [COMMAND...]
  local name=$1; shift
  observe "$name-json" "$@" ipvstat doctor -o json
}

# Saves both.
examine() { # NAME [COMMAND...]
  examine_text "$@"
  examine_json "$@"
}

# Starts the process that takes all snapshots of a phase; see reader.ts.
start_reader() {
  coproc READER { exec reader; }
}

# Sends it a request, and fails if it fails; saves the exit code in FILE.status.
ask_reader() { # REQUEST FILE
  local reply='it has ended'
  echo "$1 $2" >&"${READER[1]}"
  read -r reply <&"${READER[0]}"
  echo "$reply" > "$2.status"
  case $reply in 0 | 5) ;; *) echo "reader: $1 $2: $reply" >&2; return 1 ;; esac
}

# Logs requests for modules, by the kernel or a program, instead of loading them.
set_modprobe_trap() {
  mkdir /run/trap
  printf '#!/bin/sh\necho "$@" >> "$LAB_OUT/modprobe.log"\n' > /run/trap/modprobe
  chmod +x /run/trap/modprobe
  touch "$LAB_OUT/modprobe.log"
  # The kernel starts it with its own environment.
  sed "s|\$LAB_OUT|$LAB_OUT|" /run/trap/modprobe > /run/trap/kernel
  chmod +x /run/trap/kernel
  echo /run/trap/kernel > /proc/sys/kernel/modprobe
}

release_modprobe() {
  echo "$(dirname "$(command -v ipvstat)")/modprobe" > /proc/sys/kernel/modprobe
}

load_rules() { # FILE
  grep -v -e '^#' -e '^$' "$1" | ipvsadm -R
}

# Sets the fwmark of TCP packets to 192.0.2.LAST and 2001:db8:1::LAST.
mark_packets() { # LAST MARK
  modprobe -a sch_ingress cls_flower act_skbedit
  tc qdisc show dev front | grep -q ingress || tc qdisc add dev front ingress
  tc filter add dev front parent ffff: protocol ip flower ip_proto tcp dst_ip "192.0.2.$1" action skbedit mark "$2"
  tc filter add dev front parent ffff: protocol ipv6 flower ip_proto tcp dst_ip "2001:db8:1::$1" \
    action skbedit mark "$2"
}

# Whether the estimator can be stopped: since Linux 5.16.
can_freeze() { [ -e /proc/sys/net/ipv4/vs/run_estimation ]; }

# Whether the estimator's copy of the counters ("~"), which the kernel reports and updates every 2 s, equals
# the sum of the CPUs.
has_caught_up() {
  awk 'NR > 2 && NF == 6 { if ($1 == "~") { for (i = 2; i < 7; i++) if ($i != live[i]) exit 1; exit 0 }
       for (i = 2; i < 7; i++) live[i] = $i }' /proc/net/ip_vs_stats_percpu
}

# Whether all rates are 0, in total and for each server.
has_no_rates() {
  awk 'NR == 6 { for (i = 1; i <= NF; i++) if ($i != "0") exit 1 }' /proc/net/ip_vs_stats &&
    ipvsadm -Ln --rate --exact | awk 'NR > 3 { for (i = NF - 4; i <= NF; i++) if ($i != "0") exit 1 }'
}

# Waits until the counters have caught up, and stops the estimator so that they no longer change. If it cannot be
# stopped, waits until all rates are 0.
freeze_counters() {
  until has_caught_up; do sleep 0.1; done
  if can_freeze; then
    sysctl -qw net.ipv4.vs.run_estimation=0
  else
    until has_no_rates; do sleep 1; done
  fi
}

unfreeze_counters() {
  ! can_freeze || sysctl -qw net.ipv4.vs.run_estimation=1
}

list_with_ipvsadm() { # PREFIX
  ipvsadm -Ln > "$LAB_OUT/$1.txt"
  ipvsadm -Ln --stats --exact > "$LAB_OUT/$1-stats.txt"
  ipvsadm -Ln --rate --exact > "$LAB_OUT/$1-rate.txt"
  ipvsadm -Ln --thresholds > "$LAB_OUT/$1-thresholds.txt"
  ipvsadm -Ln --persistent-conn > "$LAB_OUT/$1-persistent-conn.txt"
  ipvsadm -Ln --tun-info > "$LAB_OUT/$1-tun-info.txt"
  ipvsadm -L --timeout > "$LAB_OUT/$1-timeout.txt"
  ipvsadm -L --daemon > "$LAB_OUT/$1-daemon.txt"
  ipvsadm -Sn > "$LAB_OUT/$1-save.txt"
}

copy_proc() { # PREFIX
  local file
  for file in ip_vs ip_vs_conn ip_vs_stats ip_vs_stats_percpu; do cat "/proc/net/$file" > "$LAB_OUT/$1-$file.txt"; done
}

# Captures the netlink traffic while a command runs.
with_nlmon() { # FILE COMMAND...
  local file=$1 status pid; shift
  ip link show nlmon0 > /dev/null 2>&1 || { ip link add nlmon0 type nlmon && ip link set nlmon0 up; }
  # tcpdump changes the owner of its file, which fails on the host's file system. The buffer is large enough for
  # all packets, as a lost one would show up as a difference.
  : > /run/tcpdump.log # so that "listening on" is from this tcpdump
  tcpdump -Z root -i nlmon0 -B 65536 -s 262144 -U -w /run/nlmon.pcap 2> /run/tcpdump.log &
  pid=$!
  wait_for_tcpdump $pid grep -q 'listening on' /run/tcpdump.log || return 1
  "$@"
  status=$?
  # A request about a device that does not exist marks the end: once it is in the file, so is everything before.
  ip link show dev lab-ends-here > /dev/null 2>&1 || true
  wait_for_tcpdump $pid grep -qa lab-ends-here /run/nlmon.pcap || return 1
  kill -INT $pid && wait $pid
  cat /run/nlmon.pcap > "$file"
  grep -q '^0 packets dropped' /run/tcpdump.log || { cat /run/tcpdump.log >&2; return 1; }
  return $status
}

wait_for_tcpdump() { # PID CONDITION...
  local pid=$1; shift
  until "$@"; do
    kill -0 "$pid" || { cat /run/tcpdump.log >&2; return 1; }
    sleep 0.05
  done
}
