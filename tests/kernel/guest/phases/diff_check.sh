# The phase of diff_check.ts: saves the hard cases, changes one thing of each kind with ipvsadm, and compares.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"

# An exit status other than 0 is a result here.
result() { # NAME COMMAND...
  observe "$@" || true
}

# Each line is a change that the test expects; see diff_check.ts.
change_table() {
  ipvsadm -E -t 192.0.2.1:80 -s wlc
  ipvsadm -E -t 192.0.2.7:80 -s rr -p 301 -M 255.255.0.0
  ipvsadm -E -u 192.0.2.2:53 -s rr
  ipvsadm -E -u 192.0.2.31:1001 -s sh -b sh-fallback
  ipvsadm -E -u 192.0.2.9:5060 -s rr -p 600
  ipvsadm -e -t 192.0.2.1:80 -r 10.2.1.2:80 -m -w 0
  ipvsadm -e -t 192.0.2.3:80 -r 10.2.3.2:80 -m -w 1
  ipvsadm -e -u 192.0.2.6:53 -r 10.2.3.3:53 -i -w 1 --tun-type gue --tun-port 259 --tun-nocsum
  ipvsadm -e -t 192.0.2.20:80 -r 10.2.1.101:80 -m -w 65535 -x 2000 -y 900
  ipvsadm -d -t 192.0.2.20:80 -r 10.2.1.102:80
  ipvsadm -a -t '[2001:db8:1::1]:80' -r '[fd00:2:1::9]:80' -m -w 4
  ipvsadm -D -f 5 -6
  ipvsadm -A -t 192.0.2.99:80 -s rr
  ipvsadm -a -t 192.0.2.99:80 -r 10.2.1.2:80 -m -w 1
}

compare_tables() {
  load_rules "$LAB_GUEST/hard_cases.rules"
  ipvsadm -Sn > "$LAB_OUT/before.rules"
  ipvstat record "$LAB_OUT/before.pcap"
  result same ipvstat diff live "$LAB_OUT/before.rules"
  result same-recording ipvstat diff "$LAB_OUT/before.pcap" live -o json
  change_table
  ipvsadm -Sn > "$LAB_OUT/after.rules"
  result diff-rules ipvstat diff "$LAB_OUT/before.rules" live -o json
  result diff-recording ipvstat diff "$LAB_OUT/before.pcap" live -o json
  result check-rules ipvstat check --expect "$LAB_OUT/before.rules"
  result check-one ipvstat check --expect "$LAB_OUT/before.rules" --service tcp://192.0.2.1:80
  result check-same ipvstat check --expect "$LAB_OUT/after.rules" --service tcp://192.0.2.1:80
}

# A real server has three times the weight of the other one, and so three times the connections.
make_balanced() {
  local n
  make_topology
  for n in 1 2; do ip netns exec "real$n" traffic serve "tcp,10.2.$n.2,80"; done
  ipvsadm -C
  ipvsadm -A -t 192.0.2.10:80 -s wrr
  ipvsadm -a -t 192.0.2.10:80 -r 10.2.1.2:80 -m -w 3
  ipvsadm -a -t 192.0.2.10:80 -r 10.2.2.2:80 -m -w 1
  in_client traffic hold tcp,192.0.2.10,80 200 > "$LAB_OUT/traffic.txt"
  until has_caught_up; do sleep 0.1; done
}

check_traffic() {
  make_balanced
  result other-namespace ipvstat check --netns client --none
  result even ipvstat check --uneven 1% --sync none
  ipvsadm -e -t 192.0.2.10:80 -r 10.2.1.2:80 -m -w 1 -x 100 -y 50
  result uneven ipvstat check --uneven 20% --ignore thresholds
  result overloaded ipvstat check --warning-usable 2
  ipvsadm -e -t 192.0.2.10:80 -r 10.2.2.2:80 -m -w 0
  result unusable ipvstat check
}

check_namespace() {
  ipvsadm --start-daemon backup --mcast-interface front
  result sync ipvstat check --sync master --ignore thresholds
  ipvsadm -C
  result daemon-left ipvstat check --none
  ipvsadm --stop-daemon backup
  result nothing-left ipvstat check --none
  result nothing-to-check ipvstat check
}

check_estimator() {
  ipvsadm -A -f 1 -s rr
  ipvsadm -a -f 1 -r 10.2.1.2:80 -m
  sysctl -qw net.ipv4.vs.run_estimation=0
  result frozen ipvstat check
  sysctl -qw net.ipv4.vs.run_estimation=1
}

set -e
compare_tables
check_traffic
check_namespace
check_estimator
