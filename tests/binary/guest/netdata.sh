# The guest's part of netdata.ts: the real netdata with the plugin of docs/netdata.md.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/reload.sh"
home=/run/netdata
copy=/run/ipvstat-netdata

# The indented commands and the plugin of docs/netdata.md, with other paths.
follow_recipe() {
  local page=$LAB_CHECKOUT/docs/netdata.md
  sed -n 's/^    \(install\|setcap\) /\1 /p' "$page" |
    sed "s|/usr/bin/ipvstat |$LAB_BINARY |; s|/usr/local/libexec/ipvstat-netdata|$copy|" > /run/recipe
  bash -eux /run/recipe
  sed -n '/^```sh$/,/^```$/p' "$page" | grep -v '^```' |
    sed "s|/usr/local/libexec/ipvstat-netdata|$copy|" > $home/plugins/ipvs.plugin
  # The same without the capability.
  install -o root -g netdata -m 0750 "$LAB_BINARY" $copy-incapable
  sed "s|$copy|$copy-incapable|" $home/plugins/ipvs.plugin > $home/plugins/incapable.plugin
  chmod 755 $home/plugins/*.plugin
}

start_netdata() {
  local folder
  for folder in plugins cache lib log config; do mkdir -p $home/$folder; done
  follow_recipe
  cat > $home/netdata.conf << CONF
[global]
run as user = netdata
process scheduling policy = keep
[db]
mode = ram
[directories]
$(for folder in plugins cache lib log config; do echo "$folder = $home/$folder"; done)
[plugins]
$(for name in proc diskspace cgroups tc idlejitter statsd timex; do echo "$name = no"; done)
[ml]
enabled = no
[health]
enabled = no
[cloud]
enabled = no
[web]
bind to = 127.0.0.1:19999
[plugin:ipvs]
command options = --servers
CONF
  touch $home/log/error.log
  chown -R netdata:netdata $home
  NETDATA_PIPENAME=$home/pipe netdata -D -c $home/netdata.conf > /dev/null 2>&1 &
  netdata_pid=$!
}

ask() { busybox wget -qO- "http://127.0.0.1:19999/api/v1/$1"; }

# Waits until the log has this number of lines with a pattern.
wait_for_log() { # PATTERN COUNT
  until [ "$(grep -c -e "$1" $home/log/error.log)" -ge "$2" ]; do sleep 0.5; done
}

# Number of points of the totals, without gaps.
count_points() { ask 'data?chart=ipvs.sockets&after=-600&format=csv' 2> /run/wget.log | grep -c ',[0-9]' || true; }

# Adds up the points of a chart of totals, which are numbers per second: its first dimension and its second one.
sum_points() { # CHART
  ask "data?chart=ipvs.$1&after=-600&format=csv" |
    awk -F, 'NR > 1 { first += $2; second += $3 } END { printf "%.3f %.3f\n", first, second }'
}

# Number of connections that netdata stored.
sum_connections() { sum_points sockets | sed 's/\..*//'; }

wait_for_points() { # COUNT
  local before
  before=$(count_points)
  until [ $(($(count_points) - before)) -ge "$1" ]; do sleep 0.5; done
}

# Makes some connections, and waits until netdata has stored them. On a busy machine a reading can be so late that
# netdata has a gap, and drops a part: then it makes as many again.
count_connections() { # NAME PORT COUNT
  local before stored bursts=0 packets traffic
  until [ "${stored:-0}" -ge "$3" ] || [ $bursts -ge 20 ]; do
    before=$(sum_connections) packets=$(sum_points packets) traffic=$(sum_points net)
    in_client traffic hit "udp,192.0.2.10,$2" "$3"
    bursts=$((bursts + 1))
    wait_for_points 5
    stored=$(($(sum_connections) - before))
  done
  cat /proc/net/ip_vs_stats_percpu > "$LAB_OUT/$1-percpu.txt"
  echo "$bursts $stored" > "$LAB_OUT/$1-stored.txt"
  # Before and after the last burst, which netdata stored as a whole.
  echo "$packets $(sum_points packets)" > "$LAB_OUT/$1-packets.txt"
  echo "$traffic $(sum_points net)" > "$LAB_OUT/$1-traffic.txt"
}

# Loads ip_vs with a virtual server. netdata does not store what it reads first, or after a gap.
serve() { # PORT
  modprobe ip_vs
  ipvsadm --set 1 1 1
  ipvsadm -A -u "192.0.2.10:$1" -s rr
  ipvsadm -a -u "192.0.2.10:$1" -r "10.2.1.2:$1" -m
  wait_for_points 5
}

set -e
make_topology
ip netns exec real1 traffic serve udp,0.0.0.0,53 udp,0.0.0.0,54
remove_ip_vs
start_netdata
wait_for_log 'modprobe ip_vs' 2
serve 53
count_connections first 53 70
wait_for_log 'plugin called DISABLE' 1
until remove_ip_vs; do sleep 1; done
wait_for_log 'modprobe ip_vs' 3
serve 54
count_connections second 54 30
ask charts > "$LAB_OUT/charts.json"
cat $home/log/error.log > "$LAB_OUT/error.log"
kill $netdata_pid
wait $netdata_pid || true
