# The phase of missing_module.ts, which runs before any module is loaded.
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/overwrite.sh"

# Prepares a directory with modules, as those of the kernel package are not in /lib/modules.
prepare_modules() {
  local release; release=$(uname -r)
  local modules=/run/lib/modules/$release
  mkdir -p "$modules/kernel/net"
  ln -s "$LAB_PACKAGED_MODULES/kernel/net/netfilter" "$modules/kernel/net/netfilter"
  cp "$LAB_PACKAGED_MODULES"/modules.{builtin,builtin.modinfo,order} "$modules"
  depmod -b /run "$release"
}

# Replaces /usr/lib by links to everything in it, and the modules.
with_modules() { # COMMAND...
  unshare -m sh -c 'mkdir -p /run/usr-lib && mount --bind /usr/lib /run/usr-lib &&
    for entry in /run/usr-lib/*; do ln -sn "$entry" /run/lib; done 2> /dev/null
    mount --bind /run/lib /usr/lib && exec "$@"' sh "$@"
}

read_without_module() {
  observe show-table ipvstat
  observe show-json ipvstat -o json
  observe record ipvstat record /run/missing.pcap
  examine_json doctor with_modules
  overwrite_with over
}

prepare_modules
set_modprobe_trap
cat /proc/modules > "$LAB_OUT/modules-before.txt"
PATH=/run/trap:$PATH read_without_module
cat /proc/modules > "$LAB_OUT/modules-after.txt"
release_modprobe
