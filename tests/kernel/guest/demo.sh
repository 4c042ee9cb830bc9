# Sets up the table of the demo, with real servers and traffic. Source topology.sh and steps.sh first.

serve_demo() {
  local n last
  for n in 1 2; do
    for last in 11 12 25 53; do
      ip -n "real$n" addr add "10.2.$n.$last/24" dev back
      ip -n "real$n" addr add "fd00:2:$n::$last/64" dev back nodad
    done
    ip netns exec "real$n" traffic serve "tcp,10.2.$n.11,443" "tcp,10.2.$n.12,443" "tcp,10.2.$n.11,80" \
      "tcp,fd00:2:$n::11,443" "udp,10.2.$n.53,53" "tcp,10.2.$n.53,53" "udp,fd00:2:$n::53,53" \
      "tcp,10.2.$n.25,25" "tcp,10.2.$n.25,993"
  done
  ip netns exec real3 traffic serve tcp,0.0.0.0,80 tcp,0.0.0.0,443 tcp,0.0.0.0,8080
  mark_packets 70 7
  # Persistence by /64 needs clients in more than one /64.
  ip -n client addr add fd00:4::2/128 dev lo
  ip -n director -6 route add fd00:4::/64 via fd00:1::2
}

# Several clients, and at the end a burst for the rates.
pass_demo_traffic() {
  local n
  for n in 2 3 4 5; do
    in_client traffic hold "tcp,192.0.2.10,443,10.1.0.$n" "$n"
    in_client traffic hit "tcp,192.0.2.10,443,10.1.0.$n" $((30 + 7 * n))
  done
  # The drained server keeps its clients.
  ipvsadm -e -t 192.0.2.10:443 -r 10.2.2.12:443 -m -w 0
  for n in 6 7; do
    in_client traffic hold "tcp,192.0.2.10,443,10.1.0.$n" "$n"
    in_client traffic hit "tcp,192.0.2.25,993,10.1.0.$n" 9
    in_client traffic hold "tcp,192.0.2.25,993,10.1.0.$n" 6
    in_client traffic hit "tcp,2001:db8:1::10,443,fd00:1::$n" 25
  done
  in_client traffic hold tcp,2001:db8:1::10,443 4
  in_client traffic hit tcp,2001:db8:1::10,443,fd00:4::2 48
  in_client traffic hit tcp,192.0.2.10,80 60
  in_client traffic hit udp,2001:db8:1::53,53 70
  in_client traffic hit tcp,192.0.2.53,53 6
  in_client traffic hit tcp,192.0.2.25,25 40
  in_client traffic hold tcp,192.0.2.25,25 3
  in_client traffic hit tcp,192.0.2.70,80 12
  in_client traffic hit tcp,192.0.2.70,443 22
  in_client traffic hold tcp,192.0.2.70,443 2
  in_client traffic hit tcp,192.0.2.30,8080 18
  in_client traffic hit udp,192.0.2.53,53 400
}

make_demo() {
  make_topology
  serve_demo
  load_rules "$LAB_GUEST/demo.rules"
  ipvsadm --start-daemon master --mcast-interface front --syncid 1
  pass_demo_traffic > "$LAB_OUT/traffic.txt"
  freeze_counters
}
