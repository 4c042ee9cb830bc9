# The phase of no_capability.ts.
. "$LAB_GUEST/steps.sh"

without_capability() {
  observe uncapable-setpriv setpriv --bounding-set=-net_admin --inh-caps=-net_admin ipvstat -o json
  observe uncapable-userns unshare -Ur ipvstat -o json
  observe uncapable-netns unshare -Urn ipvstat -o json
  observe uncapable-table unshare -Ur ipvstat
  observe uncapable-record unshare -Ur ipvstat record /run/uncapable.pcap
}

ipvsadm -A -t 192.0.2.1:80 -s rr
observe capable ipvstat -o json
without_capability
