# The guest's part of textfile.ts.
. "$LAB_GUEST/steps.sh"
. "$LAB_CHECKOUT/tests/binary/guest/systemd.sh"

load_rules "$LAB_GUEST/demo.rules"
make_system
# The binary is in /usr/local/bin, as after an installation without the package.
mkdir -p /run/local/bin && cp "$LAB_BINARY" /run/local/bin/ipvstat
mount --bind /run/local "$system/usr/local"
cp "$LAB_CHECKOUT/examples/prometheus-node-exporter" "$system/etc/default"
mkdir -p "$system/var/lib/prometheus/node-exporter"
cp "$LAB_CHECKOUT"/packaging/systemd/* "$system/etc/systemd/system"
# The service as it is shipped, but with all the time that a slow guest needs.
mkdir "$system/etc/systemd/system/ipvstat-textfile.service.d"
printf '[Service]\nTimeoutStartSec=infinity\n' > "$system/etc/systemd/system/ipvstat-textfile.service.d/slow.conf"
run_in_system "$LAB_CHECKOUT/tests/binary/guest/textfile_units.sh"
