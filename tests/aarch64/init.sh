#!/bin/busybox sh
# The first process of the emulated machine: runs live.sh, and sends the files in "$LAB_OUT" over the second
# serial line, as a tar archive.
export PATH=/bin:/usr/bin:/sbin:/usr/sbin HOME=/root TMPDIR=/tmp NO_COLOR=1 DENO_NO_UPDATE_CHECK=1
export LAB_OUT=/out LAB_CHECKOUT=/checkout LAB_GUEST=/checkout/tests/kernel/guest
/bin/busybox mkdir -p /proc /sys /dev /tmp /root /out
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
# libcrc32c needs this, but does not list it as a dependency.
modprobe crc32c_generic
modprobe -a ip_vs dummy
ip link set lo up
cd "$LAB_CHECKOUT"
bash tests/aarch64/live.sh > "$LAB_OUT/stdout" 2> "$LAB_OUT/stderr"
echo $? > "$LAB_OUT/status"
cat "$LAB_OUT/stderr"
stty -F /dev/ttyS0 raw
tar -cf /dev/ttyS0 -C "$LAB_OUT" .
poweroff -f
