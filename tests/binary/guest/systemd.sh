# To be sourced: systemd in the guest, as the first process of a process namespace. Its root folder is
# its own, with this machine's /usr; the network namespace, the capabilities and the kernel are the guest's.
system=/run/system

make_system() {
  local name
  mkdir "$system" && mount -t tmpfs -o mode=755 tmpfs "$system"
  mkdir -p "$system"/{proc,sys,dev,run,tmp,usr,var/lib,root,etc/default,etc/systemd/system}
  for name in bin lib lib64 sbin; do ln -s "usr/$name" "$system/$name"; done
  cp -r /etc/{passwd,group,nsswitch.conf,ld.so.cache,ld.so.conf,ld.so.conf.d} "$system/etc"
  echo 0123456789abcdef0123456789abcdef > "$system/etc/machine-id"
  # A guest may be slow.
  printf '[Manager]\nDefaultTimeoutStartSec=infinity\n' > "$system/etc/systemd/system.conf"
  mount --bind -o ro /usr "$system/usr"
  share_folder "$LAB_CHECKOUT"
  share_folder "$LAB_DIR"
  mount -t sysfs sys "$system/sys"
  mount -t cgroup2 cgroup "$system/sys/fs/cgroup"
  mount -t devtmpfs dev "$system/dev"
}

share_folder() {
  mkdir -p "$system$1" && mount --bind "$1" "$system$1"
}

# A target of one service, which runs the script; with the script it all ends.
write_script_service() { # SCRIPT
  cat > "$system/etc/systemd/system/script.service" << SERVICE
[Unit]
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/bash -c '. "$LAB_DIR/env.sh" && LAB_OUT=$LAB_OUT && . "$1"'
StandardOutput=truncate:$LAB_OUT/script.txt
StandardError=inherit
SERVICE
  printf '[Unit]\nRequires=script.service\n' > "$system/etc/systemd/system/script.target"
}

run_in_system() { # SCRIPT
  write_script_service "$1"
  unshare --pid --mount --fork --kill-child env -i container=lab PATH="$PATH" chroot "$system" sh -c '
    mount -t proc proc /proc
    exec /lib/systemd/systemd --unit=script.target --show-status=no --log-target=journal'
}
