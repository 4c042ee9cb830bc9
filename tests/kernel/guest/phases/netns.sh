# The phase of netns.ts: namespaces with different tables, read in one run; the process is in its own namespace
# afterwards, also after an error and while a stream waits.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"

add_server() { # VIRTUAL REAL WEIGHT [COMMAND...]
  local virtual=$1 real=$2 weight=$3; shift 3
  # Without any route, no address is unicast.
  "$@" ip link set lo up
  "$@" ipvsadm -A -t "$virtual" -s wrr
  "$@" ipvsadm -a -t "$virtual" -r "$real" -m -w "$weight"
}

make_tables() {
  ip netns add red
  ip netns add blue
  add_server 192.0.2.1:80 10.1.0.1:80 1
  add_server 192.0.2.2:80 10.2.0.1:80 2 ip netns exec red
  add_server 192.0.2.3:80 10.3.0.1:80 3 ip netns exec blue
  ip netns exec red sysctl -qw net.ipv4.vs.run_estimation=0
  # A namespace without a name.
  unshare -n sleep infinity &
  unnamed_pid=$!
  until [ "$(readlink /proc/$unnamed_pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
  add_server 192.0.2.4:80 10.4.0.1:80 4 nsenter --target $unnamed_pid --net
  readlink "/proc/$unnamed_pid/ns/net" > "$LAB_OUT/unnamed.txt"
  readlink /proc/self/ns/net > "$LAB_OUT/own.txt"
  # What is no namespace is skipped by all.
  : > /run/netns/leftover
}

list_tables() {
  ipvsadm -Ln > "$LAB_OUT/own.list"
  ip netns exec red ipvsadm -Ln > "$LAB_OUT/red.list"
  ip netns exec blue ipvsadm -Ln > "$LAB_OUT/blue.list"
  nsenter --target $unnamed_pid --net ipvsadm -Ln > "$LAB_OUT/unnamed.list"
}

# Starts a stream of namespaces, and waits for its first two readings.
start_stream() { # OPTION...
  ipvstat stream --interval 0.1 -o influx "$@" > "$LAB_OUT/stream.out" 2> "$LAB_OUT/stream.err" &
  stream_pid=$!
  until [ "$(grep -c '^ipvs,netns=blue ' "$LAB_OUT/stream.out")" -ge 2 ]; do
    kill -0 $stream_pid || { cat "$LAB_OUT/stream.err" >&2; return 1; }
    sleep 0.1
  done
}

# Lists the namespaces of all threads many times, while the stream reads: TID NAMESPACE.
watch_threads() {
  local try
  for try in $(seq 300); do
    stat -c '%N' /proc/$stream_pid/task/*/ns/net
  done | sed "s|.*task/\([0-9]*\)/ns/net' -> '\(.*\)'|\1 \2|" | sort | uniq -c > "$LAB_OUT/moving.txt"
  echo $stream_pid > "$LAB_OUT/stream.pid"
}

stream_namespaces() {
  start_stream --netns red --netns missing --netns blue
  watch_threads
  kill -TERM $stream_pid
  local status=0
  wait $stream_pid || status=$?
  echo $status > "$LAB_OUT/stream.status"
}

# A stream that waits: its threads are in their own namespace, and it keeps no other one alive.
wait_namespaces() {
  ipvstat stream --on SIGUSR1 -o influx --netns red --netns missing > "$LAB_OUT/waiting.out" \
    2> "$LAB_OUT/waiting.err" &
  local pid=$! status=0
  # The runtime handles SIGUSR1 only once the stream waits for it.
  until grep -q '^SigCgt:.*[2367abef]..$' /proc/$pid/status; do sleep 0.1; done
  kill -USR1 $pid
  until grep -q missing "$LAB_OUT/waiting.err" && grep -q '^ipvs_real' "$LAB_OUT/waiting.out"; do sleep 0.1; done
  readlink /proc/$pid/task/*/ns/net | sort -u > "$LAB_OUT/waiting.txt"
  find /proc/$pid/fd -lname 'net:*' -o -lname '/run/netns/*' > "$LAB_OUT/open.txt"
  ip netns exec red cat /proc/net/netlink > "$LAB_OUT/sockets.txt"
  kill -TERM $pid
  wait $pid || status=$?
  echo $status > "$LAB_OUT/waiting.status"
}

# Some commands end with another exit code than 0.
run() { observe "$@" || true; }

set -e
make_tables
list_tables
run two ipvstat --netns red --netns blue -o json
run table ipvstat --netns red --netns blue --width 80
run prometheus ipvstat --netns red --netns blue -o prometheus
run some ipvstat --netns red --netns missing --netns /etc/hostname --netns blue -o ndjson
run all ipvstat --netns all -o json
run pid ipvstat --netns $unnamed_pid --netns /run/netns/red -o json
run doctor ipvstat doctor -o json --netns red --netns blue
run refused setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin ipvstat --netns red --netns blue
run record ipvstat record --netns red /run/red.pcap
run replayed ipvstat --replay /run/red.pcap -o json
run enter example "$LAB_GUEST/namespaces.ts"
stream_namespaces
wait_namespaces
rm /run/netns/leftover
kill $unnamed_pid
for name in red blue; do ip netns del $name; done
