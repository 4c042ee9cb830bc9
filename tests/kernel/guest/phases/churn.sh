# The phase of churn.ts: lists a table while another process keeps changing it.
. "$LAB_GUEST/steps.sh"
rounds=25
# What ipvsadm lists is printed for information only; 7.2 lists fast enough for all rounds.
case $(uname -r) in 7.*) ipvsadm_rounds=$rounds ;; *) ipvsadm_rounds=5 ;; esac

# 1,000 permanent services, each with a real server.
permanent_services() {
  local n
  for n in $(seq 0 999); do
    echo "-A -t 10.20.$((n / 250)).$((n % 250 + 1)):80 -s rr"
    echo "-a -t 10.20.$((n / 250)).$((n % 250 + 1)):80 -r 10.30.$((n / 250)).$((n % 250 + 1)):80 -m -w 1"
  done
}

# 300 permanent real servers of one service.
permanent_servers() {
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
    [ "$n" -gt "$ipvsadm_rounds" ] || ipvsadm -Ln > "$LAB_OUT/$name-$n.txt"
  done
  # It must still be running at the end.
  kill -TERM $pid && wait $pid
}

set -e
start_reader
permanent_services | ipvsadm -R
list_under services churn-services
list_under services-interrupted churn-services interrupting
ipvsadm -C
permanent_servers | ipvsadm -R
list_under servers churn-servers
list_under servers-interrupted churn-servers interrupting
