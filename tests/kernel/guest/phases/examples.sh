# The phase of examples.ts: runs the example programs that read the kernel.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"

run_example() { # NAME EXAMPLE ARGUMENT...
  local name=$1 example=$2; shift 2
  # Some examples end with another exit code than 0.
  observe "$name" example "$LAB_CHECKOUT/examples/$example" "$@" || true
}

set -e
make_topology
ipvsadm -A -t 192.0.2.10:80 -s rr
ipvsadm -a -t 192.0.2.10:80 -r 10.2.1.2:80 -m
ip netns exec real1 traffic serve tcp,0.0.0.0,80
in_client traffic hold tcp,192.0.2.10,80 3 > /dev/null
until ipvsadm -Ln --stats --exact | grep -q '192.0.2.10:80 *3 '; do sleep 0.1; done
ipvsadm -e -t 192.0.2.10:80 -r 10.2.1.2:80 -m -w 0
run_example draining draining.ts 0
run_example rates rates.ts 0.1
ipvsadm -C
run_example drained draining.ts 0
