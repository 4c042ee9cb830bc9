# The phase of query.ts: rules that are restored, virtual servers that are asked for by name, and reading /proc as
# another user.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"

# What the kernel has, as ipvsadm shows it; the order is that of a hash table.
list_rules() { # NAME
  ipvsadm -Sn > "$LAB_OUT/$1-save.txt"
  ipvsadm -Ln --thresholds > "$LAB_OUT/$1-thresholds.txt"
  ipvsadm -Ln --tun-info > "$LAB_OUT/$1-tunnels.txt"
}

# Runs a command as another user, which can read the program in root's directory.
as_nobody() { # COMMAND...
  local sets=+dac_override,+dac_read_search
  setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps $sets --ambient-caps $sets "$@"
}

set -e
make_topology
load_rules "$LAB_GUEST/hard_cases.rules"
list_rules before
observe rules ipvstat -o ipvsadm
observe exact ipvstat -o json --debug --service tcp://192.0.2.20:80 --service udp://192.0.2.99:1 \
  --service 'tcp://[2001:db8:1::1]:80' --service fwmark:5
observe all ipvstat -o json
# An exit status other than 0 would end the phase.
observe proc as_nobody ipvstat --source proc -o json || true
observe auto as_nobody ipvstat --source auto -o csv --service tcp://192.0.2.20:80 || true
observe refused as_nobody ipvstat -o json || true
ipvsadm -C
ipvsadm -R < "$LAB_OUT/rules.out"
list_rules after
observe again ipvstat -o ipvsadm
