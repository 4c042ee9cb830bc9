# The guest's part of churn.ts: listings of a table while another process changes it without a pause.
. "$LAB_GUEST/steps.sh"
rounds=25

# 1,000 services with a real server each, of which none ever goes.
standing_services() {
  local n
  for n in $(seq 0 999); do
    echo "-A -t 10.20.$((n / 250)).$((n % 250 + 1)):80 -s rr"
    echo "-a -t 10.20.$((n / 250)).$((n % 250 + 1)):80 -r 10.30.$((n / 250)).$((n % 250 + 1)):80 -m -w 1"
  done
}

# 300 real servers of one service.
standing_servers() {
  local n
  echo '-A -t 192.0.2.1:80 -s rr'
  for n in $(seq 0 299); do
    echo "-a -t 192.0.2.1:80 -r 10.30.$((n / 250)).$((n % 250 + 1)):80 -m -w 1"
  done
}

list_under() { # NAME CHURN...
  local name=$1 n pid; shift
  ipvs_genl "$@" > "$LAB_OUT/$name-changes.txt" &
  pid=$!
  for n in $(seq $rounds); do
    ask_reader json "$LAB_OUT/$name-$n.json"
    ipvsadm -Ln > "$LAB_OUT/$name-$n.txt"
  done
  # It has to have gone on to the end.
  kill -TERM $pid && wait $pid
}

set -e
start_reader
standing_services | ipvsadm -R
list_under services churn-services
list_under services-interrupted churn-services interrupting
ipvsadm -C
standing_servers | ipvsadm -R
list_under servers churn-servers
list_under servers-interrupted churn-servers interrupting
