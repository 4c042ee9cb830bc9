# The phase of query.ts: rules that are restored, and virtual servers that are asked for by name.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"

# What the kernel has, as ipvsadm shows it; the order is that of a hash table.
list_rules() { # NAME
  ipvsadm -Sn > "$LAB_OUT/$1-save.txt"
  ipvsadm -Ln --thresholds > "$LAB_OUT/$1-thresholds.txt"
  ipvsadm -Ln --tun-info > "$LAB_OUT/$1-tunnels.txt"
}

set -e
make_topology
load_rules "$LAB_GUEST/hard_cases.rules"
list_rules before
observe rules ipvstat -o ipvsadm
observe exact ipvstat -o json --debug --service tcp://192.0.2.20:80 --service udp://192.0.2.99:1 \
  --service 'tcp://[2001:db8:1::1]:80' --service fwmark:5
observe all ipvstat -o json
ipvsadm -C
ipvsadm -R < "$LAB_OUT/rules.out"
list_rules after
observe again ipvstat -o ipvsadm
