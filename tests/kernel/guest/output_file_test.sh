# The guest's part of output_file_test.ts. It boots without any module.
. "$LAB_GUEST/steps.sh"

folder=/run/folder

# Lets a command write over a file, and tells what the file is afterwards, and what else is there.
over_old() { # NAME COMMAND...
  local name=$1; shift
  echo old > $folder/file
  chmod 640 $folder/file
  chown 65534:65534 $folder/file
  observe "$name" "$@" $folder/file
  cat $folder/file > "$LAB_OUT/$name.file"
  { ls -A $folder; stat -c '%a %u %g' $folder/file; } > "$LAB_OUT/$name.state"
}

over_old_with() { # PREFIX WRAPPER...
  local prefix=$1; shift
  over_old "$prefix-show" "$@" ipvstat -o json --output-file
  over_old "$prefix-record" "$@" ipvstat record
}

# Ends a long recording between its first two rounds: what is written of it grows once a round is over.
interrupted() { # SIGNAL FILE
  local pid
  ipvstat record "$2" --rounds 1000 --interval 3600 &
  pid=$!
  until [ -n "$(find $folder -name '.ipvstat-*' -size +0)" ]; do
    kill -0 $pid || break
    sleep 0.05
  done
  kill -"$1" $pid
  wait $pid
}

mkdir $folder
over_old_with absent
modprobe -a ip_vs
ipvsadm -A -t 192.0.2.1:80 -s rr
ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:80 -m
over_old_with uncapable setpriv --bounding-set=-net_admin --inh-caps=-net_admin
over_old_with whole
ipvstat -o json > "$LAB_OUT/live.json"
for signal in INT TERM; do
  over_old "interrupted-$signal" interrupted $signal
  ipvstat -o json --replay $folder/file > "$LAB_OUT/interrupted-$signal.json"
done
mount -t tmpfs -o size=8k tmpfs $folder
# Long enough for no small disk.
for port in $(seq 1 40); do ipvsadm -A -t 192.0.2.2:$port -s rr; done
over_old_with full
