# The phase of states.ts: what the kernel does with new connections, beside what the states say.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"

RULES='
-A -u 192.0.2.201:53 -s rr
-a -u 192.0.2.201:53 -r 10.2.1.2:53 -m -x 4 -y 2
-a -u 192.0.2.201:53 -r 10.2.2.2:53 -m
-A -t 192.0.2.202:80 -s rr
-a -t 192.0.2.202:80 -r 10.2.1.2:80 -m -x 2
-a -t 192.0.2.202:80 -r 10.2.2.2:80 -m
-A -t 192.0.2.203:80 -s rr -p 300
-a -t 192.0.2.203:80 -r 10.2.1.2:80 -m
-A -u 192.0.2.204:53 -s rr
-a -u 192.0.2.204:53 -r 10.2.1.2:53 -m
-A -u 192.0.2.205:53 -s rr -o
-a -u 192.0.2.205:53 -r 10.2.1.2:53 -m
-A -t 192.0.2.206:80 -s wrr
-a -t 192.0.2.206:80 -r 10.2.1.2:80 -m -w 1
-a -t 192.0.2.206:80 -r 10.2.2.2:80 -m -w 3'

make_servers() {
  local n
  for n in 1 2; do
    TRAFFIC_ID=$n ip netns exec "real$n" traffic serve "tcp,10.2.$n.2,80" "udp,10.2.$n.2,53"
  done
  # Nothing expires by itself.
  ipvsadm --set 900 900 900
  ipvsadm -R <<< "$RULES"
}

# The live number of connections, active and inactive, of the first real server of a virtual server.
load_of() { # PROTO ADDRESS:PORT
  ipvsadm -Ln "$1" "$2" | awk '$2 ~ /^10\.2\.1\.2:/ { print $5 + $6 }'
}

# Reads the states, makes two connections, and notes how many of them the first real server gets: rr alternates,
# so that is one, if the kernel lets it have any.
probe() { # NAME -t|-u ADDRESS:PORT COMMAND...
  local name=$1 kind=$2 service=$3 before; shift 3
  before=$(load_of "$kind" "$service")
  ask_reader json "$LAB_OUT/threshold-$name.json"
  "$@" >> "$LAB_OUT/probes.log"
  echo "$name $before $(($(load_of "$kind" "$service") - before))" >> "$LAB_OUT/probes.txt"
}

probe_udp() { # NAME
  probe "$1" -u 192.0.2.201:53 make_two
}

# Each client port is another connection.
port=5000
make_two() {
  local n
  for n in 1 2; do in_client traffic hit "udp,192.0.2.201,53,10.1.0.2,$((++port))" 1; done
}

# Lets a connection of the first real server expire: another packet makes its timeout a second.
expire_one() {
  local port before
  before=$(load_of -u 192.0.2.201:53)
  port=$(awk '$4 == "C00002C9" && $6 == "0A020102" { print $3; exit }' /proc/net/ip_vs_conn)
  ipvsadm --set 0 0 1
  in_client traffic hit "udp,192.0.2.201,53,10.1.0.2,$((16#$port))" 1 > /dev/null
  ipvsadm --set 0 0 900
  until [ "$(load_of -u 192.0.2.201:53)" = $((before - 1)) ]; do sleep 0.1; done
}

set_thresholds() { # UPPER LOWER
  ipvsadm -e -u 192.0.2.201:53 -r 10.2.1.2:53 -m -x "$1" -y "$2"
}

test_thresholds() {
  for n in 1 2 3 4 5; do probe_udp "rising-$n"; done
  for n in 1 2 3; do
    expire_one
    probe_udp "falling-$n"
  done
  set_thresholds 4 0
  probe_udp default-1
  probe_udp default-2
  probe_udp default-3
  expire_one
  probe_udp default-4
  expire_one
  probe_udp default-5
  set_thresholds 3 1
  probe_udp lowered
  set_thresholds 9 8
  probe_udp raised
  for n in 1 2 3; do
    probe "active-$n" -t 192.0.2.202:80 in_client traffic hold tcp,192.0.2.202,80 2
  done
}

# Connections and packets that the kernel reports for all servers of a kind: "->" or the virtual servers.
reported() { # PATTERN
  ipvsadm -Ln --stats --exact | awk -v kind="$1" '$1 ~ kind && NR > 3 { conns += $3; in_ += $4; out += $5 }
    END { print conns + 0, in_ + 0, out + 0 }'
}

# The same on the live counters of the CPUs.
live() {
  local cpu conns in out rest sums=(0 0 0)
  {
    read -r; read -r
    while read -r cpu conns in out rest; do
      [ "$cpu" != '~' ] || break
      sums=($((sums[0] + 16#$conns)) $((sums[1] + 16#$in)) $((sums[2] + 16#$out)))
    done
  } < /proc/net/ip_vs_stats_percpu
  echo "${sums[*]}"
}

since_start() {
  local now=($(live))
  echo "$((now[0] - start[0])) $((now[1] - start[1])) $((now[2] - start[2]))"
}

# Waits until the kernel has copied the counters of all servers, and takes a snapshot.
take() {
  local all=
  until all=$(since_start); [ "$(reported '->')" = "$all" ] && [ "$(reported '^(TCP|UDP)$')" = "$all" ]; do
    sleep 0.1
  done
  ask_reader round "$LAB_OUT/states.record"
}

# Notes what the client says about its connections before a snapshot.
send() { # ROUND TRAFFIC...
  local round=$1; shift
  in_client traffic "$@" >> "$LAB_OUT/traffic-$round.txt"
}

test_traffic() {
  send 1 hit tcp,192.0.2.203,80,10.1.0.2 1
  send 1 hit udp,192.0.2.204,53,10.1.0.2,6000 1
  send 1 hit tcp,192.0.2.206,80 40
  ipvsadm -e -t 192.0.2.203:80 -r 10.2.1.2:80 -m -w 0
  ipvsadm -a -t 192.0.2.203:80 -r 10.2.2.2:80 -m
  ipvsadm -e -u 192.0.2.204:53 -r 10.2.1.2:53 -m -w 0
  take
  send 2 hit tcp,192.0.2.203,80,10.1.0.2 5
  send 2 hit tcp,192.0.2.203,80,10.1.0.3 4
  for n in 1 2 3; do send 2 hit udp,192.0.2.204,53,10.1.0.2,6000 1; done
  # The kernel does not translate replies to one-packet traffic, so the client does not wait for them.
  send 2 cast udp,192.0.2.205,53 6
  send 2 hit tcp,192.0.2.206,80 8
  take
  take
  sysctl -qw net.ipv4.vs.expire_quiescent_template=1
  send 4 hit tcp,192.0.2.203,80,10.1.0.2 3
  ipvsadm -e -u 192.0.2.205:53 -r 10.2.1.2:53 -m -w 0
  send 4 cast udp,192.0.2.205,53 2
  take
  sysctl -qw net.ipv4.vs.run_estimation=0
  send 5 hit udp,192.0.2.204,53,10.1.0.2,6000 1
  ask_reader round "$LAB_OUT/states.record"
  sysctl -qw net.ipv4.vs.run_estimation=1 net.ipv4.vs.expire_quiescent_template=0
}

set -e
unfreeze_counters
start_reader
make_topology
start=($(live))
make_servers
test_thresholds
test_traffic
