# Sets up a network: a director in the guest's own network namespace, a client, and three real servers, each in
# its own namespace:
#
#   client 10.1.0.2-9 --- director --- real1 10.2.1.2   replies through the director (masquerading)
#          fd00:1::2-9          |------ real2 10.2.2.2   likewise
#             |                 `------ real3 10.2.3.2   has the virtual addresses and replies to the client
#             `----------------------------- 10.3.0.2    directly (direct routing and tunnels)
#
# Virtual addresses are 192.0.2.0/24 and 2001:db8:1::/48; a "local" route makes all of them local.

join_namespaces() { # NAMESPACE DEVICE ADDRESS4 ADDRESS6 OTHER_NAMESPACE OTHER_DEVICE OTHER4 OTHER6
  ip -n "$1" link add "$2" type veth peer name "$6" netns "$5"
  ip -n "$1" addr add "$3" dev "$2"
  ip -n "$1" addr add "$4" dev "$2" nodad
  ip -n "$5" addr add "$7" dev "$6"
  ip -n "$5" addr add "$8" dev "$6" nodad
  ip -n "$1" link set "$2" up
  ip -n "$5" link set "$6" up
}

own_virtual_addresses() { # NAMESPACE
  ip -n "$1" route add local 192.0.2.0/24 dev lo
  ip -n "$1" -6 route add local 2001:db8:1::/48 dev lo
}

make_namespaces() {
  local name
  ip netns attach director 1
  for name in client real1 real2 real3; do
    ip netns add "$name"
    ip -n "$name" link set lo up
  done
  for name in client director real1 real2 real3; do
    ip netns exec "$name" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
      net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  done
}

make_links() {
  local n
  join_namespaces client front 10.1.0.2/24 fd00:1::2/64 director front 10.1.0.1/24 fd00:1::1/64
  for n in 1 2 3; do
    join_namespaces "real$n" back "10.2.$n.2/24" "fd00:2:$n::2/64" director "back$n" "10.2.$n.1/24" "fd00:2:$n::1/64"
    ip -n "real$n" route add default via "10.2.$n.1"
    ip -n "real$n" -6 route add default via "fd00:2:$n::1"
  done
  for n in 3 4 5 6 7 8 9; do
    ip -n client addr add "10.1.0.$n/24" dev front
    ip -n client addr add "fd00:1::$n/64" dev front nodad
  done
  ip -n client route add default via 10.1.0.1
  ip -n client -6 route add default via fd00:1::1
}

# The return path for direct routing and tunnels, which bypasses the director.
make_shortcut() {
  join_namespaces client side 10.3.0.2/24 fd00:3::2/64 real3 side 10.3.0.1/24 fd00:3::1/64
  ip -n real3 route add 10.1.0.0/24 via 10.3.0.2
  ip -n real3 -6 route add fd00:1::/64 via fd00:3::2
  own_virtual_addresses real3
  modprobe -a ipip sit ip6_tunnel ip_gre fou
  local device
  for device in tunl0 sit0 ip6tnl0 gre0; do ip -n real3 link set "$device" up; done
  ip -n real3 fou add port 6080 gue
  # Packets from the tunnels have sources that the reverse path filter would drop.
  for device in tunl0 sit0 gre0; do ip netns exec real3 sysctl -qw "net.ipv4.conf.$device.rp_filter=0"; done
}

make_topology() {
  make_namespaces
  make_links
  make_shortcut
  own_virtual_addresses director
}

# Removes the links first, as they would exist for a while after their namespaces.
remove_topology() {
  local device
  pkill -x traffic
  for device in front back1 back2 back3; do ip link del "$device"; done
  ip -all netns delete
  ip route del local 192.0.2.0/24 dev lo
  ip -6 route del local 2001:db8:1::/48 dev lo
}

in_client() { ip netns exec client "$@"; }
