# The guest's part of recording_test.ts: live readings and recordings of one table that stands still.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/hard_cases.sh"

own() { # FILE ARGUMENT...
  local file=$1; shift
  ipvstat "$@" > "$LAB_OUT/$file" || echo "ipvstat $*: exit $?" >&2
}

three_readers() {
  ipvsadm -Ln > /dev/null
  own own.json -o json
  ipvsadm -Ln --stats --exact > /dev/null
}

replay_here() {
  local format
  for format in table json influx prometheus openmetrics; do
    own "here.$format" -o $format --replay "$LAB_OUT/record.pcap"
  done
  own ipvsadm-here.json -o json --replay "$LAB_OUT/ipvsadm.pcap"
}

set -e
make_hard_cases
own live.json -o json
with_nlmon "$LAB_OUT/ipvsadm.pcap" ipvsadm -Ln > "$LAB_OUT/ipvsadm.txt"
with_nlmon "$LAB_OUT/three.pcap" three_readers
ipvstat record "$LAB_OUT/record.pcap" 2> "$LAB_OUT/record.err"
own live-after.json -o json
replay_here
strace -f -qq -o "$LAB_OUT/strace.txt" -e trace=%file,%network,execve,ftruncate,mkdir ipvstat -o json > /dev/null
echo "$DENO_DIR" > "$LAB_OUT/deno-dir.txt"
