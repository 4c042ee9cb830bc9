# The phase of conns.ts: real connections, some of which become stale in each way that there is.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"

make_servers() {
  local n
  for n in 1 2; do
    ip netns exec "real$n" traffic serve "tcp,10.2.$n.2,80" "tcp,fd00:2:$n::2,80" "udp,10.2.$n.2,53"
  done
  mark_packets 70 7
  ipvsadm -R <<'RULES'
-A -t 192.0.2.10:80 -s rr
-a -t 192.0.2.10:80 -r 10.2.1.2:80 -m -w 1
-a -t 192.0.2.10:80 -r 10.2.2.2:80 -m -w 1
-A -u 192.0.2.11:0 -s rr -p 500
-a -u 192.0.2.11:0 -r 10.2.1.2:0 -m -w 1
-A -t [2001:db8:1::10]:80 -s rr
-a -t [2001:db8:1::10]:80 -r [fd00:2:1::2]:80 -m -w 1
-A -t 192.0.2.20:80 -s rr -p 600
-a -t 192.0.2.20:80 -r 10.2.1.2:80 -m -w 1
-A -f 7 -s rr -p 700
-a -f 7 -r 10.2.2.2:80 -m -w 1
RULES
}

make_connections() {
  {
    in_client traffic hold tcp,192.0.2.10,80 6
    in_client traffic hit udp,192.0.2.11,53 3
    in_client traffic hold tcp,2001:db8:1::10,80 2
    in_client traffic hold tcp,192.0.2.20,80,10.1.0.3 1
    in_client traffic hold tcp,192.0.2.20,80,10.1.0.4 2
    in_client traffic hold tcp,192.0.2.70,80,10.1.0.5 4
  } > "$LAB_OUT/traffic.txt"
}

# Sums the table without the program: protocol, virtual and real server, state, count, longest expiry.
sum_with_awk() { # FILE
  awk 'NR > 1 { key = $1 " " $4 " " $5 " " $6 " " $7 " " $8; n[key]++; if ($9 > last[key]) last[key] = $9 }
    END { for (key in n) print key, n[key], last[key] }' /proc/net/ip_vs_conn > "$1"
}

# The table does not change in between, except for the time until entries expire.
take() { # NAME
  sum_with_awk "$LAB_OUT/$1-before.txt"
  ipvsadm -Lnc > "$LAB_OUT/$1-ipvsadm.txt"
  observe "$1" ipvstat conns -o json
  sum_with_awk "$LAB_OUT/$1-after.txt"
}

# Waits until a file of /proc/net has a number of lines with a pattern.
await_lines() { # FILE PATTERN COUNT
  local try
  for try in $(seq 600); do
    [ "$(grep -c -e "$2" "/proc/net/$1")" != "$3" ] || return 0
    sleep 0.1
  done
  echo "$1 never had $3 lines with $2" >&2
  return 1
}

make_stale() {
  ipvsadm -e -t 192.0.2.20:80 -r 10.2.1.2:80 -m -w 0
  # The real server also belongs to the fwmark, with another weight.
  ipvsadm -e -t 192.0.2.10:80 -r 10.2.2.2:80 -m -w 0
  take weight
  ipvsadm -d -t 192.0.2.10:80 -r 10.2.1.2:80
  ipvsadm -D -t '[2001:db8:1::10]:80'
  take gone
  cat /proc/net/ip_vs_conn_sync > "$LAB_OUT/gone-copy.txt"
  observe record ipvstat record "$LAB_OUT/gone.pcap"
  observe gone-copy ipvstat conns --file "$LAB_OUT/gone-copy.txt" --replay "$LAB_OUT/gone.pcap" -o json
}

# A new connection finds that the real server of its template has weight 0.
make_invalid() {
  sysctl -qw net.ipv4.vs.expire_quiescent_template=1
  ipvsadm -a -t 192.0.2.20:80 -r 10.2.2.2:80 -m -w 1
  in_client traffic hold tcp,192.0.2.20,80,10.1.0.3 1 >> "$LAB_OUT/traffic.txt"
  take invalid
}

# The kernel drops connections of real servers that were removed.
expire() {
  sysctl -qw net.ipv4.vs.expire_nodest_conn=1
  ipvsadm -d -t 192.0.2.20:80 -r 10.2.1.2:80
  await_lines ip_vs_conn '0A020102 0050 ESTABLISHED' 0
  take expired
}

# Another namespace gets a connection from the director by synchronization.
synchronize() {
  ip netns exec real3 ipvsadm --start-daemon backup --mcast-interface back --syncid 3
  ipvsadm --start-daemon master --mcast-interface back3 --syncid 3
  sysctl -qw net.ipv4.vs.sync_threshold='1 2'
  in_client traffic hold tcp,192.0.2.70,80,10.1.0.6 1 >> "$LAB_OUT/traffic.txt"
  local try
  for try in $(seq 600); do
    if ip netns exec real3 grep -q SYNC /proc/net/ip_vs_conn_sync; then
      ip netns exec real3 cat /proc/net/ip_vs_conn_sync > "$LAB_OUT/backup.txt"
      observe backup ip netns exec real3 ipvstat conns --file - < "$LAB_OUT/backup.txt"
      return
    fi
    in_client traffic hold tcp,192.0.2.70,80,10.1.0.6 1 >> "$LAB_OUT/traffic.txt"
  done
  echo "No connection was synchronized" >&2
  return 1
}

without_privilege() {
  local without='setpriv --bounding-set=-net_admin --inh-caps=-net_admin'
  observe refused $without ipvstat conns || true
  observe refused-file $without ipvstat conns --file - --by expiry -o csv < /proc/net/ip_vs_conn
}

set -e
make_topology
make_servers
make_connections
take all
make_stale
make_invalid
expire
without_privilege
synchronize
