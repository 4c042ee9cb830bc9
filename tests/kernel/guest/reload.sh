# Removes ip_vs, and loads it with one of two tables.

remove_ip_vs() {
  grep -q '^ip_vs ' /proc/modules || return 0
  ipvsadm -C
  # The schedulers use it.
  rmmod $(sed -n 's/^\(ip_vs_[a-z]*\) .*/\1/p' /proc/modules) ip_vs
}

load_ip_vs() { # old|new
  local last=1
  [ "$1" = old ] || last=2
  remove_ip_vs
  modprobe ip_vs
  ipvsadm -R << RULES
-A -t 192.0.2.$last:80 -s rr
-a -t 192.0.2.$last:80 -r 10.0.$last.1:80 -m -w 1
-a -t 192.0.2.$last:80 -r 10.0.$last.2:80 -m -w 2
-A -u 192.0.2.$last:53 -s wrr
-a -u 192.0.2.$last:53 -r 10.0.$last.3:53 -m -w 3
-A -f $last -s rr
RULES
}
