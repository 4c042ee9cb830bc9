# Sets up the table of hard cases, with real servers and traffic. Source topology.sh and steps.sh first.

serve_hard_cases() {
  local n port="80"
  for n in 1 2; do
    ip netns exec "real$n" traffic serve "tcp,10.2.$n.2,80" "tcp,fd00:2:$n::2,80" "udp,10.2.$n.2,53" \
      "udp,fd00:2:$n::2,53" "sctp,10.2.$n.2,9" "sctp,fd00:2:$n::2,9" "udp,10.2.$n.2,5060"
  done
  ip netns exec real3 traffic serve tcp,0.0.0.0,80 tcp,::,80 udp,192.0.2.6,53
  traffic serve tcp,192.0.2.40,8080
  # These addresses lead to a service only by the fwmark.
  mark_packets 101 1
  mark_packets 105 5
  mark_packets 199 4294967295
}

sip_request() { # CALL_ID
  printf 'OPTIONS sip:lab@192.0.2.9 SIP/2.0\r\nCall-ID: %s@10.1.0.2\r\nContent-Length: 0\r\n\r\n' "$1"
}

# Every path that a connection can take; the counts differ, so all rows are different.
pass_hard_traffic() {
  in_client traffic hold tcp,192.0.2.1,80 7
  in_client traffic hit tcp,192.0.2.1,80 40
  in_client traffic hold tcp,2001:db8:1::1,80 5
  in_client traffic hit tcp,2001:db8:1::1,80 30
  in_client traffic hit udp,192.0.2.1,53 50
  in_client traffic hit udp,2001:db8:1::1,53 20
  # A closed SCTP connection would expire before the comparison. Heartbeats keep an open one alive, but are
  # counted unless the estimator can be stopped. All heartbeats of a client with one address pass through IPVS.
  if can_freeze; then
    in_client traffic hold sctp,192.0.2.1,9,10.1.0.2 4
    in_client traffic hold sctp,2001:db8:1::1,9,fd00:1::2 3
  fi
  in_client traffic cast udp,192.0.2.2,53 25
  in_client traffic hit tcp,192.0.2.3,80 6
  in_client traffic hold tcp,2001:db8:1::3,80 2
  in_client traffic hit tcp,192.0.2.4,80 8
  in_client traffic hit tcp,2001:db8:1::4,80 9
  in_client traffic hit tcp,192.0.2.40,80 10
  in_client traffic hit tcp,2001:db8:1::5,80 12
  in_client traffic cast udp,192.0.2.5,53 14
  in_client traffic cast udp,192.0.2.6,53 18
  in_client traffic hit tcp,192.0.2.101,80 11
  in_client traffic hit tcp,192.0.2.105,80 13
  in_client traffic hit tcp,2001:db8:1::105,80 15
  in_client traffic hit tcp,192.0.2.199,80 16
  in_client traffic hit tcp,192.0.2.7,80 3
  in_client traffic hit tcp,192.0.2.7,80,10.1.0.5 4
  in_client traffic hit tcp,2001:db8:1::7,80,fd00:1::5 5
  in_client traffic hit tcp,192.0.2.8,80,10.1.0.6 6
  in_client traffic hit udp,192.0.2.9,5060 2 "$(sip_request first)"
  in_client traffic hit udp,192.0.2.9,5060 2 "$(sip_request second)"
  in_client traffic hit udp,192.0.2.31,1003 7
  in_client traffic hit udp,192.0.2.31,1006,10.1.0.7 8
}

prepare_hard_cases() {
  make_topology
  modprobe sctp
  serve_hard_cases
  load_rules "$LAB_GUEST/hard_cases.rules"
  # Long enough that no connection expires before the comparison.
  ipvsadm --set 1000000 200000 400000
}

make_hard_cases() {
  prepare_hard_cases
  pass_hard_traffic > "$LAB_OUT/traffic.txt"
  freeze_counters
}
