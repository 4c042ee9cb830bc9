# The phase of output_file.ts.
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/overwrite.sh"

# Stops a long recording between its first two snapshots: the file grows after each of them.
interrupted() { # SIGNAL FILE
  local pid
  ipvstat record "$2" --rounds 1000 --interval 3600 &
  pid=$!
  until [ -n "$(find $overwrite_folder -name '.ipvstat-*' -size +0)" ]; do
    kill -0 $pid || break
    sleep 0.1
  done
  kill -"$1" $pid
  wait $pid
}

ipvsadm -A -t 192.0.2.1:80 -s rr
ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:80 -m
overwrite_with uncapable setpriv --bounding-set=-net_admin --inh-caps=-net_admin
overwrite_with whole
ipvstat -o json > "$LAB_OUT/live.json"
for signal in INT TERM; do
  overwrite "interrupted-$signal" interrupted $signal
  ipvstat -o json --replay $overwrite_folder/file > "$LAB_OUT/interrupted-$signal.json"
done
mount -t tmpfs -o size=8k tmpfs $overwrite_folder
# Too large for the small disk.
for port in $(seq 1 40); do ipvsadm -A -t 192.0.2.2:$port -s rr; done
overwrite_with full
# Another phase overwrites a file there: in a tmpfs, which is sticky, it may not.
umount $overwrite_folder
