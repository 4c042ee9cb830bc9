# What textfile.sh runs under systemd: the units of packaging/systemd/ and Debian's node_exporter.
set -e
collected=/var/lib/prometheus/node-exporter
folder=/run/ipvstat
unit=ipvstat-textfile

wait_until() { # COMMAND...
  local n
  for n in $(seq 6000); do
    if "$@"; then return; fi
    sleep 0.1
  done
  echo "Waited in vain: $*"
}

scrape() { # FILE
  busybox wget -q -O "$1" http://127.0.0.1:9100/metrics
}

is_gone() {
  [ ! -e "$1" ] && [ ! -L "$1" ]
}

# Once the service has ended, the timer knows when to start it again.
is_scheduled() {
  systemctl show -P NextElapseUSecMonotonic "$unit.timer" > "$LAB_OUT/next.txt"
  grep -q '^[0-9]' "$LAB_OUT/next.txt"
}

as_shipped() {
  systemctl start prometheus-node-exporter.service "$unit.timer"
  wait_until [ -s "$folder/ipvs.prom" ]
  wait_until scrape "$LAB_OUT/scrape.prom" 2> /dev/null
  cp "$collected/ipvs.prom" "$LAB_OUT/ipvs.prom"
  stat -c '%n: %F, %a, %U' "$folder" "$folder"/* "$collected"/* > "$LAB_OUT/files.txt"
  wait_until is_scheduled
  journalctl -q -o cat -u "$unit.service" > "$LAB_OUT/journal.txt"
}

# Writes the file again and again, until /run/enough exists.
rewrite() {
  until [ -e /run/enough ]; do
    /usr/local/bin/ipvstat -o prometheus --output-file "$folder/ipvs.prom"
    echo >> /run/rewritten
  done
}

# Scrapes while the file is written, until there were enough of both, whichever is slower.
rewrite_meanwhile() {
  local scrapes=0
  touch /run/rewritten
  # Root may read what the service may not, so this is another number of samples.
  /usr/local/bin/ipvstat -o prometheus --output-file "$LAB_OUT/as-root.prom"
  rewrite &
  until [ $scrapes -ge 10 ] && [ "$(wc -l < /run/rewritten)" -ge 8 ]; do
    kill -0 $!
    scrape /run/meanwhile.prom
    grep '^node_textfile_scrape_error ' /run/meanwhile.prom
    grep -c '^ipvs_' /run/meanwhile.prom || true
    scrapes=$((scrapes + 1))
  done > "$LAB_OUT/meanwhile.txt"
  touch /run/enough
  wait $!
}

change_service() { # LINE...
  mkdir -p "/run/systemd/system/$unit.service.d"
  printf '%s\n' '[Service]' "$@" > "/run/systemd/system/$unit.service.d/change.conf"
  systemctl daemon-reload
}

# The same sandbox, around a look at it.
look_inside() {
  change_service ExecStart= "StandardOutput=truncate:$LAB_OUT/inside.txt" StandardError=inherit \
    'ExecStart=sh -c "cat /proc/self/status; ls /proc/meminfo /proc/1; touch /var/lib/here; touch /run/here"'
  systemctl start "$unit.service" 2> /dev/null || true
}

without_capability() {
  change_service AmbientCapabilities= CapabilityBoundingSet=
  systemctl start "$unit.service" 2> /dev/null || true
  systemctl show -P ExecMainStatus "$unit.service" > "$LAB_OUT/lacking-status.txt"
  journalctl -q -o cat -u "$unit.service" > "$LAB_OUT/lacking-journal.txt"
}

stop() {
  systemctl stop "$unit.timer"
  wait_until is_gone "$folder"
  ls -A "$collected" > "$LAB_OUT/left.txt"
  systemctl list-units --state active --plain --no-legend 'ipvstat*' >> "$LAB_OUT/left.txt"
}

as_shipped
rewrite_meanwhile
# From here on the timer does not start the service while it is being changed.
stop
look_inside
without_capability
