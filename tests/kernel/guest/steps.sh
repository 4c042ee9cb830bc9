# To be sourced: the steps that the kernel tests have in common. Everything they leave is in "$LAB_OUT".

# Leaves the three things that a caller sees: NAME.out, NAME.err, NAME.status.
observe() { # NAME COMMAND...
  local name=$1; shift
  "$@" > "$LAB_OUT/$name.out" 2> "$LAB_OUT/$name.err"
  echo $? > "$LAB_OUT/$name.status"
}

# What the doctor says in both forms: NAME and NAME-json.
examine() { # NAME [COMMAND...]
  local name=$1; shift
  observe "$name" "$@" ipvstat doctor
  observe "$name-json" "$@" ipvstat doctor -o json
}

# Starts the process that reads for all of a phase; see reader.ts.
start_reader() {
  coproc READER { exec reader; }
}

# Lets it read, and fails where it does; says its exit code where a command would have one other than 0.
ask_reader() { # REQUEST FILE
  local answer='it has ended'
  echo "$1 $2" >&"${READER[1]}"
  read -r answer <&"${READER[0]}"
  echo "$answer" > "$2.status"
  case $answer in 0 | 5) ;; *) echo "reader: $1 $2: $answer" >&2; return 1 ;; esac
}

# Whoever wants a module, the kernel or a program, gets into the log instead.
set_modprobe_trap() {
  mkdir /run/trap
  printf '#!/bin/sh\necho "$@" >> "$LAB_OUT/modprobe.log"\n' > /run/trap/modprobe
  chmod +x /run/trap/modprobe
  touch "$LAB_OUT/modprobe.log"
  # The kernel starts it with an environment of its own.
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

# Gives packets a mark by the virtual address: TCP to 192.0.2.LAST and 2001:db8:1::LAST.
mark_packets() { # LAST MARK
  modprobe -a sch_ingress cls_flower act_skbedit
  tc qdisc show dev front | grep -q ingress || tc qdisc add dev front ingress
  tc filter add dev front parent ffff: protocol ip flower ip_proto tcp dst_ip "192.0.2.$1" action skbedit mark "$2"
  tc filter add dev front parent ffff: protocol ipv6 flower ip_proto tcp dst_ip "2001:db8:1::$1" \
    action skbedit mark "$2"
}

# Whether the kernel's estimator can be stopped, as since Linux 5.16.
can_freeze() { [ -e /proc/sys/net/ipv4/vs/run_estimation ]; }

# The kernel reports its estimator's copy of the counters, which moves every 2 s. Whether that copy ("~") is
# what the processors have counted.
has_caught_up() {
  awk 'NR > 2 && NF == 6 { if ($1 == "~") { for (i = 2; i < 7; i++) if ($i != live[i]) exit 1; exit 0 }
       for (i = 2; i < 7; i++) live[i] = $i }' /proc/net/ip_vs_stats_percpu
}

# Whether no rate is above zero, for the whole and for each server.
has_no_rates() {
  awk 'NR == 6 { for (i = 1; i <= NF; i++) if ($i != "0") exit 1 }' /proc/net/ip_vs_stats &&
    ipvsadm -Ln --rate --exact | awk 'NR > 3 { for (i = NF - 4; i <= NF; i++) if ($i != "0") exit 1 }'
}

# Waits until the counters have caught up, and lets them stand still, rates included. Where the estimator cannot
# be stopped, that takes until the rates have come down to zero.
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

# Records what passes on netlink while the command runs.
with_nlmon() { # FILE COMMAND...
  local file=$1 status pid; shift
  ip link show nlmon0 > /dev/null 2>&1 || { ip link add nlmon0 type nlmon && ip link set nlmon0 up; }
  # tcpdump wants to own its file, which it cannot on the host's file system. The buffer holds the whole
  # dialogue: a packet lost would be a difference found.
  : > /run/tcpdump.log # the last one's "listening on" is not this one's
  tcpdump -Z root -i nlmon0 -B 65536 -s 262144 -U -w /run/nlmon.pcap 2> /run/tcpdump.log &
  pid=$!
  wait_for_tcpdump $pid grep -q 'listening on' /run/tcpdump.log || return 1
  "$@"
  status=$?
  # A question about a device that does not exist comes last: when it is in the file, so is all before it.
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
