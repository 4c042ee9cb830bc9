# Runs on the emulated machine for live.ts: reads the lab's table of hard cases, with connections to one virtual
# server, with ipvsadm and with the program while it does not change.
. "$LAB_GUEST/steps.sh"
set -e

CONNECTIONS=7

deno_offline() { # COMMAND ARGUMENT...
  local command=$1; shift
  deno "$command" --no-lock --cached-only --no-check -A --v8-flags=--single-threaded,--no-opt "$@"
}

# The real server of 192.0.2.40:80 is this machine; it echoes what it receives.
hold_connections() {
  local connection reply
  nc -ll -p 8080 -e /bin/cat &
  until netstat -ltn | grep -q ':8080 '; do sleep 0.1; done
  for connection in $(seq "$CONNECTIONS"); do
    exec {connection}<> /dev/tcp/192.0.2.40/80
    echo aarch64 >&"$connection"
    read -r reply <&"$connection"
    [ "$reply" = aarch64 ]
  done
}

# The kernel reports the estimator's copy of the counters; waits until that includes all connections.
freeze_estimator() {
  until ipvsadm -Ln --stats --exact | grep -qE "^TCP +192\.0\.2\.40:80 +$CONNECTIONS "; do sleep 0.1; done
  sysctl -qw net.ipv4.vs.run_estimation=0
}

uname -m > "$LAB_OUT/machine"
ip link add front type dummy
ip link set front up
ip addr add 192.0.2.40/32 dev front
# No connection expires while it is read, however slow the machine is.
ipvsadm --set 100000 90000 80000
load_rules "$LAB_GUEST/hard_cases.rules"
hold_connections
freeze_estimator
copy_proc before
list_with_ipvsadm live
deno_offline run cli.ts -o json > "$LAB_OUT/live.json"
deno_offline run cli.ts record "$LAB_OUT/live.record"
copy_proc after
deno_offline test tests/ffi > "$LAB_OUT/ffi.txt"
