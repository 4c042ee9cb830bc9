# The phase of node_exporter.ts: the real node_exporter and ipvstat read the table of hard cases while it does
# not change.
. "$LAB_GUEST/topology.sh"
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/hard_cases.sh"

labels=local_address,local_port,proto,local_mark
exporters=()

start_exporter() { # PORT OPTION...
  local port=$1; shift
  prometheus-node-exporter --collector.disable-defaults --collector.ipvs --web.disable-exporter-metrics \
    "--web.listen-address=127.0.0.1:$port" "$@" 2>> "$LAB_OUT/exporters.log" &
  exporters+=($!)
}

scrape() { # NAME PORT
  until busybox wget -q -O "$LAB_OUT/$1.prom" "http://127.0.0.1:$2/metrics"; do
    kill -0 "${exporters[@]}"
    sleep 0.1
  done
}

set -e
unfreeze_counters
make_hard_cases
# An IPv6 virtual server whose address Go prints as IPv4.
ipvsadm -a -t '[::ffff:192.0.2.1]:80' -r '[fd00:2:1::2]:80' -m -w 2
start_exporter 9100
start_exporter 9101 "--collector.ipvs.backend-labels=$labels"
scrape before 9100 2> /dev/null
scrape before-sums 9101 2> /dev/null
ipvstat -o prometheus --compat node_exporter > "$LAB_OUT/own.prom"
ipvstat -o prometheus --compat node_exporter --aggregate virtual > "$LAB_OUT/own-sums.prom"
scrape after 9100
scrape after-sums 9101
ipvsadm -Sn > "$LAB_OUT/services.txt"

# The same metrics from the collector and from a file.
mkdir /run/textfile
cp "$LAB_OUT/own.prom" /run/textfile
start_exporter 9102 --collector.textfile --collector.textfile.directory=/run/textfile
scrape both 9102 2> /dev/null
kill "${exporters[@]}"
