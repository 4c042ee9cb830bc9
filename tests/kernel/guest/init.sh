#!/bin/bash
# Process 1 of the lab's guest. The kernel command line sets LAB_DIR; env.sh in it has everything else.
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/tmp /run/netns
. "$LAB_DIR/env.sh"
# The host's /lib/modules lacks this kernel's modules, so the kernel must use our modprobe.
echo "$LAB_DIR/bin/modprobe" > /proc/sys/kernel/modprobe
ip link set lo up
[ -z "$LAB_MODULES" ] || modprobe -a $LAB_MODULES 2> "$LAB_DIR/stderr"
cd "$LAB_DIR/work"
if [ -n "$LAB_INTERACTIVE" ]; then
  setsid busybox cttyhack bash "$LAB_DIR/script.sh"
else
  bash "$LAB_DIR/script.sh" < /dev/null > "$LAB_DIR/stdout" 2>> "$LAB_DIR/stderr"
fi
echo $? > "$LAB_DIR/status"
sync
busybox poweroff -f
