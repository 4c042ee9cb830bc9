# The phase of status.ts: saves the kernel's files about its tables, settings and estimator, and the program's
# output. Files that the kernel does not have are not copied.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"

SETTINGS='run_estimation est_cpulist est_nice conn_max conn_lfactor svc_lfactor conn_reuse_mode conntrack
  expire_nodest_conn expire_quiescent_template sloppy_tcp sync_threshold sync_refresh_period sync_ports
  sync_persist_mode'

copy_files() { # PREFIX
  local name
  for name in $SETTINGS; do
    [ ! -e "/proc/sys/net/ipv4/vs/$name" ] || cat "/proc/sys/net/ipv4/vs/$name" > "$1.$name"
  done
  [ ! -e /proc/net/ip_vs_status ] || cat /proc/net/ip_vs_status > "$1.ip_vs_status"
}

# Repeats until the files are the same before and after.
observe_status() { # NAME [doctor]
  local try
  for try in $(seq 50); do
    rm -rf /run/before /run/after && mkdir /run/before /run/after
    copy_files "/run/before/$1"
    ask_reader all "$LAB_OUT/$1"
    [ -z "$2" ] || observe "$1-json" ipvstat doctor -o json
    copy_files "/run/after/$1"
    if diff -r /run/before /run/after > /run/differences; then
      # Kernels before 5.16 have none of the files.
      cp -r /run/before/. "$LAB_OUT"
      return
    fi
  done
  echo "$1: the files kept changing" >&2
  cat /run/differences >&2
  return 1
}

set_if_exists() { # SETTING=VALUE...
  local setting
  for setting; do
    [ ! -e "/proc/sys/net/ipv4/vs/${setting%%=*}" ] || sysctl -qw "net.ipv4.vs.$setting"
  done
}

# Waits until ip_vs_status has a line; returns at once if the kernel does not have the file.
await_status() { # PATTERN
  local try
  [ -e /proc/net/ip_vs_status ] || return 0
  for try in $(seq 600); do
    ! grep -q -e "$1" /proc/net/ip_vs_status || return 0
    sleep 0.1
  done
  echo "ip_vs_status never had $1" >&2
  return 1
}

make_connections() {
  ipvsadm -A -t 192.0.2.10:80 -s rr
  ipvsadm -a -t 192.0.2.10:80 -r 10.2.1.2:80 -m
  ipvsadm -A -u 192.0.2.10:53 -s rr
  ipvsadm -a -u 192.0.2.10:53 -r 10.2.1.2:53 -m
  ip netns exec real1 traffic serve tcp,0.0.0.0,80
  in_client traffic hold tcp,192.0.2.10,80 40 > "$LAB_OUT/held.txt"
}

set -e
start_reader
observe_status fresh
make_topology
make_connections
await_status 'Stats thread ests:.[1-9]'
observe_status busy doctor
set_if_exists svc_lfactor=3 conn_lfactor=2 est_nice=-7 conn_max=40
sysctl -qw net.ipv4.vs.conn_reuse_mode=2 net.ipv4.vs.expire_nodest_conn=1 net.ipv4.vs.sync_threshold='4 51' \
  net.ipv4.vs.sync_refresh_period=11 net.ipv4.vs.sync_ports=4
await_status 'Conn buckets:.*lfactor 2)'
await_status 'Service buckets:.*lfactor 3)'
observe_status tuned doctor
# The limit drops this packet. Once a later connection has a reply, the director has processed it.
in_client traffic cast udp,192.0.2.10,53 1 > /dev/null
set_if_exists conn_max=1000
in_client traffic hold tcp,192.0.2.10,80 1 >> "$LAB_OUT/held.txt"
cat /proc/net/ip_vs_conn > "$LAB_OUT/conn.txt"
set_if_exists est_cpulist= run_estimation=0
observe_status stopped
# Each network namespace has its own settings.
unshare -n sh -c '[ ! -e /proc/sys/net/ipv4/vs/conn_max ] || sysctl -qw net.ipv4.vs.conn_max=5; ipvstat -o json' > "$LAB_OUT/other.json"
