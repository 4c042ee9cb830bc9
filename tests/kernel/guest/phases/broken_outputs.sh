# The phase of broken_outputs.ts.
. "$LAB_GUEST/steps.sh"

# Long enough to fill a pipe many times.
load_long_table() {
  local n
  for n in $(seq 0 1499); do
    echo "-A -t 10.20.$((n / 250)).$((n % 250 + 1)):80 -s rr"
    echo "-a -t 10.20.$((n / 250)).$((n % 250 + 1)):80 -r 10.30.$((n / 250)).$((n % 250 + 1)):80 -m -w 1"
  done | ipvsadm -R
}

broken_outputs() {
  local format
  for format in table wide json ndjson csv influx prometheus openmetrics ipvsadm; do
    observe "full-$format" sh -c 'exec ipvstat -o "$1" > /dev/full' sh $format
    observe "head-$format" bash -c 'ipvstat -o "$1" | head -1; exit "${PIPESTATUS[0]}"' bash $format
  done
  mkdir /run/small && mount -t tmpfs -o size=64k tmpfs /run/small
  observe full-record ipvstat record /run/small/full.pcap
}

load_long_table
broken_outputs
