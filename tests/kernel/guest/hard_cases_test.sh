# The guest's part of hard_cases_test.ts: three tables in one boot, each read by everybody while it stands still.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/hard_cases.sh"

# A failure of ours must not keep the oracles from being read: it is told, and an empty file fails its test.
own() { # FILE ARGUMENT...
  local file=$1; shift
  ipvstat "$@" > "$LAB_OUT/$file" || echo "ipvstat $*: exit $?" >&2
}

read_own() { # NAME
  with_nlmon "$LAB_OUT/$1-own.pcap" own "$1.json" -o json
}

read_all() { # NAME
  read_own "$1" && with_nlmon "$LAB_OUT/$1.pcap" list_with_ipvsadm "$1"
}

read_formats() { # NAME
  local format
  for format in influx prometheus openmetrics table; do
    own "$1.$format" show -o $format
  done
  own "$1-extended.influx" show -o influx --extended
  own "$1-default.table"
}

# What ipvsadm has no words for: local servers, bypass, a protocol of no name, the ends of thresholds.
make_odd_cases() {
  sysctl -qw net.ipv4.vs.run_estimation=1
  traffic serve tcp,192.0.2.201,80
  ipvs_genl odd
  in_client traffic hit tcp,192.0.2.201,80 12 >> "$LAB_OUT/traffic.txt"
  freeze_counters
}

# The kernel lets no synchronization daemon run while there is a real server of the other family.
make_sync_cases() {
  ipvsadm -D -t '[2001:db8:1::5]:80'
  ipvsadm -D -u 192.0.2.5:53
  ipvsadm -D -f 5 -6
  ipvsadm --start-daemon master --mcast-interface front --syncid 7 --sync-maxlen 1400 \
    --mcast-group 224.0.0.99 --mcast-port 8900 --mcast-ttl 3
  ipvsadm --start-daemon backup --mcast-interface back1 --syncid 255 --mcast-group ff02::99 \
    --mcast-port 65535 --mcast-ttl 255
}

set -e
make_hard_cases
copy_proc before
read_all hard
read_formats hard
own hard-again.json -o json
copy_proc after
make_odd_cases
read_own odd
ipvsadm -Ln > "$LAB_OUT/odd.txt"
ipvsadm -C
load_rules "$LAB_GUEST/hard_cases.rules"
make_sync_cases
read_all sync
