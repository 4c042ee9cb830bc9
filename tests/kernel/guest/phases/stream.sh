# The phase of stream.ts: streams of a table at rest, and while ip_vs is removed and loaded again.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/reload.sh"

# Starts a stream that takes a reading for each line of `request_reading`.
start_stream() { # NAME OPTION...
  stream_name=$1; shift
  mkfifo /run/lines
  ipvstat stream --on stdin -o influx "$@" < /run/lines \
    > "$LAB_OUT/$stream_name.out" 2> "$LAB_OUT/$stream_name.err" &
  stream_pid=$!
  exec 3> /run/lines
  rm /run/lines
}

# Takes a reading, and waits until a file has this number of lines with a pattern, or more.
request_reading() { # FILE PATTERN COUNT
  echo >&3
  until [ "$(grep -c -e "$2" "$LAB_OUT/$stream_name.$1")" -ge "$3" ]; do
    kill -0 $stream_pid || { echo "$stream_name has ended" >&2; return 1; }
    sleep 0.1
  done
}

end_stream() {
  exec 3>&-
  local status=0
  wait $stream_pid || status=$?
  echo $status > "$LAB_OUT/$stream_name.status"
}

stream_through_reload() {
  load_ip_vs old
  start_stream reload
  request_reading out '^ipvs ' 1
  remove_ip_vs
  request_reading err . 1
  request_reading err . 2
  cat /proc/modules > "$LAB_OUT/modules-without.txt"
  load_ip_vs new
  request_reading out '^ipvs ' 2
  request_reading out '^ipvs ' 3
  end_stream
}

fail_fast() {
  start_stream fail-fast --fail-fast
  request_reading out '^ipvs ' 1
  remove_ip_vs
  echo >&3
  end_stream
  # With ||, because -e would end the phase when the command fails.
  observe missing ipvstat stream --interval 0 --count 2 || return
}

stream_at_rest() {
  modprobe ip_vs
  make_topology
  ipvsadm -A -t 192.0.2.10:80 -s rr
  ipvsadm -a -t 192.0.2.10:80 -r 10.2.1.2:80 -m
  ip netns exec real1 traffic serve tcp,0.0.0.0,80
  in_client traffic hold tcp,192.0.2.10,80 5 > "$LAB_OUT/held.txt"
  freeze_counters
  local format
  for format in ndjson influx; do
    observe "show-$format" ipvstat -o $format
    observe "stream-$format" ipvstat stream -o $format --interval 0 --count 3
  done
  observe stream-changes ipvstat stream --changes 2 --interval 0 --count 3
  unfreeze_counters
}

set -e
stream_through_reload
fail_fast
stream_at_rest
