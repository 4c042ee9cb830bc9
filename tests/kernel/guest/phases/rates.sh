# The phase of rates.ts: snapshots with a known number of connections between them.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"

make_servers() {
  local n
  modprobe sctp
  for n in 1 2; do
    ip netns exec "real$n" traffic serve "tcp,10.2.$n.2,80" "tcp,fd00:2:$n::2,80" "sctp,10.2.$n.2,9" "udp,10.2.$n.2,53"
  done
  mark_packets 70 7
  ipvsadm -R <<'RULES'
-A -t 192.0.2.10:80 -s rr
-a -t 192.0.2.10:80 -r 10.2.1.2:80 -m -w 1
-a -t 192.0.2.10:80 -r 10.2.2.2:80 -m -w 1
-A -t [2001:db8:1::10]:80 -s rr
-a -t [2001:db8:1::10]:80 -r [fd00:2:1::2]:80 -m -w 1
-A --sctp-service 192.0.2.10:9 -s rr
-a --sctp-service 192.0.2.10:9 -r 10.2.1.2:9 -m -w 1
-A -u 192.0.2.11:53 -s rr -o
-a -u 192.0.2.11:53 -r 10.2.1.2:53 -m -w 1
-A -f 7 -s rr
-a -f 7 -r 10.2.2.2:80 -m -w 1
RULES
}

# Makes connections to each virtual server, and notes their numbers.
pass_traffic() { # ROUND TCP4 TCP6 SCTP UDP FWMARK
  {
    in_client traffic hit tcp,192.0.2.10,80 "$2"
    in_client traffic hit tcp,2001:db8:1::10,80 "$3"
    in_client traffic hold sctp,192.0.2.10,9,10.1.0.2 "$4"
    in_client traffic cast udp,192.0.2.11,53 "$5"
    in_client traffic hit tcp,192.0.2.70,80 "$6"
  } > "$LAB_OUT/traffic-$1.txt"
  total=$((total + $2 + $3 + $4 + $5 + $6))
}

count_connections() {
  ipvsadm -Ln --stats --exact | awk '$1 ~ /^(TCP|UDP|SCTP|FWM)$/ { sum += $3 } END { print sum }'
}

# Waits until the kernel has copied the counters of all virtual servers.
await_counters() {
  until [ "$(count_connections)" = $((total - deleted)) ]; do sleep 0.1; done
}

take() {
  ask_reader round "$LAB_OUT/rates.record"
}

set -e
total=0
# Connections of deleted virtual servers.
deleted=0
start_reader
make_topology
make_servers
take
pass_traffic 2 40 30 4 25 12
await_counters
take
ipvsadm -Z
total=0
pass_traffic 3 10 8 1 5 4
await_counters
take
pass_traffic 4 22 13 2 9 6
await_counters
take
ipvsadm -d -t 192.0.2.10:80 -r 10.2.2.2:80
ipvsadm -a -t 192.0.2.10:80 -r 10.2.2.2:80 -m -w 1
ipvsadm -D -u 192.0.2.11:53
deleted=14
ipvsadm -A -u 192.0.2.11:53 -s rr -o
ipvsadm -a -u 192.0.2.11:53 -r 10.2.2.2:53 -m -w 1
pass_traffic 5 6 5 1 3 2
await_counters
take
sysctl -qw net.ipv4.vs.run_estimation=0
pass_traffic 6 16 9 1 7 5
take
sysctl -qw net.ipv4.vs.run_estimation=1
observe live ipvstat --rates 1s -o json
