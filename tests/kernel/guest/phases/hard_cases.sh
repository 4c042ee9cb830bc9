# The phase of hard_cases.ts, recording.ts and anonymize.ts: three tables, each read by ipvstat and ipvsadm while it does not
# change.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/hard_cases.sh"

# If ipvstat fails, ipvsadm still runs; the missing file fails a test.
own() { # NAME
  ask_reader all "$LAB_OUT/$1" || true
}

read_own() { # NAME
  with_nlmon "$LAB_OUT/$1-own.pcap" own "$1"
}

read_all() { # NAME
  read_own "$1" && with_nlmon "$LAB_OUT/$1.pcap" list_with_ipvsadm "$1"
}

# The output of the program, for comparison with its code in the other process.
read_by_program() {
  observe program-json ipvstat -o json
  observe program-table ipvstat
}

# Whether all five rates of a service are above 0.
has_all_rates() { # ADDRESS:PORT
  ipvsadm -Ln --rate --exact |
    awk -v name="$1" '$2 == name { all = 1; for (i = 3; i < 8; i++) if ($i == 0) all = 0 } END { exit !all }'
}

# Runs a command while there is traffic, once it shows in all rates of a service.
under_traffic() { # COMMAND...
  local pid status=0
  touch /run/traffic
  while [ -e /run/traffic ]; do in_client traffic hit udp,192.0.2.1,53 50 || true; done > /dev/null &
  pid=$!
  until has_all_rates 192.0.2.1:53; do sleep 0.1; done
  "$@" || status=$?
  rm /run/traffic
  wait $pid || status=$?
  return $status
}

three_readers() {
  ipvsadm -Ln > /dev/null
  own three
  ipvsadm -Ln --stats --exact > /dev/null
}

record_all() {
  with_nlmon "$LAB_OUT/ipvsadm.pcap" ipvsadm -Ln > /dev/null
  with_nlmon "$LAB_OUT/three.pcap" three_readers
  observe record ipvstat record "$LAB_OUT/record.pcap"
  observe anonymous ipvstat record "$LAB_OUT/anonymous.pcap" --anonymize
  strace -f -qq -o "$LAB_OUT/strace.txt" -e trace=%file,%network,execve,ftruncate,mkdir ipvstat -o json > /dev/null
  echo "$DENO_DIR" > "$LAB_OUT/deno-dir.txt"
}

# Values that ipvsadm cannot show: local servers, bypass, an unnamed protocol, extreme thresholds.
make_odd_cases() {
  unfreeze_counters
  traffic serve tcp,192.0.2.201,80
  ipvs_genl odd > "$LAB_OUT/odd-threshold.txt"
  in_client traffic hit tcp,192.0.2.201,80 12 >> "$LAB_OUT/traffic.txt"
  freeze_counters
}

# The kernel does not start a sync daemon while there is a real server of another address family.
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
start_reader
prepare_hard_cases
pass_hard_traffic > "$LAB_OUT/traffic.txt"
under_traffic read_own moving
freeze_counters
copy_proc before
read_all hard
read_by_program
record_all
own hard-again
copy_proc after
make_odd_cases
read_own odd
ipvsadm -Ln > "$LAB_OUT/odd.txt"
ipvsadm -C
load_rules "$LAB_GUEST/hard_cases.rules"
make_sync_cases
read_all sync
