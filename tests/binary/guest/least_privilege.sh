# The guest's part of least_privilege.ts: the binary in a read-only folder.
. "$LAB_GUEST/steps.sh"
jail=/run/jail

# The binary, its libraries, /proc, the devices that it uses, and a recording to replay.
make_jail() {
  local file
  mkdir "$jail" && mount -t tmpfs -o mode=755 tmpfs "$jail"
  cp "$LAB_BINARY" "$jail/ipvstat"
  cp "$LAB_CHECKOUT/testdata/demo/capture.pcap" "$jail"
  for file in $(ldd "$jail/ipvstat" | grep -o '/[^ ]*'); do
    mkdir -p "$jail${file%/*}" && cp -L "$file" "$jail$file"
  done
  mkdir "$jail/proc" "$jail/dev"
  mount -t proc proc "$jail/proc"
  mknod -m 666 "$jail/dev/null" c 1 3
  mknod -m 666 "$jail/dev/urandom" c 1 9
  (cd "$jail" && find . -xdev ! -type d) > "$LAB_OUT/jail.txt"
  mount -o remount,ro "$jail"
}

# Starts the binary in there, after "env -i": as root, or with the arguments of one of the others.
enter=("$(command -v capsh)" "--chroot=$jail" --shell=/ipvstat)
nobody=(--groups=65534 --gid=65534 --keep=1 --uid=65534)
capable=("${nobody[@]}" --caps=cap_net_admin=eip --addamb=cap_net_admin)
incapable=("${nobody[@]}" --caps=)

# Without strace the command still runs: only one test reads the traces.
trace() { # NAME COMMAND...
  if ! command -v strace > /dev/null; then observe "$@"; return; fi
  observe "$1" strace -f -qq -o "$LAB_OUT/$1.strace" -e trace=%file,%desc "${@:2}"
}

# Every command that only prints.
print_all() { # PREFIX CAPSH_WORD...
  local prefix=$1 format; shift
  local start=(env -i "${enter[@]}" "$@" --)
  for format in table wide json ndjson csv influx prometheus openmetrics ipvsadm; do
    trace "$prefix-show-$format" "${start[@]}" show -o "$format"
  done
  trace "$prefix-demo" "${start[@]}" --demo
  trace "$prefix-replay" "${start[@]}" --replay /capture.pcap -o json
  trace "$prefix-doctor" "${start[@]}" doctor
  trace "$prefix-schema" "${start[@]}" schema
  trace "$prefix-help" "${start[@]}" --help
  trace "$prefix-version" "${start[@]}" --version
  trace "$prefix-man" "${start[@]}" man
  trace "$prefix-completions" "${start[@]}" completions bash
}

# The same outside of the folder.
outside() {
  local format nobody_here=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +net_admin
    --ambient-caps +net_admin)
  cp "$LAB_BINARY" /run/outside
  for format in table wide json ndjson csv influx prometheus openmetrics ipvsadm; do
    observe "outside-root-show-$format" /run/outside show -o "$format"
    observe "outside-nobody-show-$format" "${nobody_here[@]}" /run/outside show -o "$format"
  done
}

without_capability() {
  observe lacking-nobody env -i "${enter[@]}" "${incapable[@]}" -- show
  observe lacking-root env -i "${enter[@]}" --drop=cap_net_admin -- show
  observe lacking-namespace unshare -Ur env -i "${enter[@]}" -- show
}

# With the capability, and with a fake library in LD_LIBRARY_PATH.
with_file_capability() {
  local snare=(env -i LD_LIBRARY_PATH=/snare "${enter[@]}" "${incapable[@]}" --)
  mount -o remount,rw "$jail"
  mkdir "$jail/snare" && touch "$jail/snare/libm.so.6"
  observe snared "${snare[@]}" --version
  setcap cap_net_admin+ep "$jail/ipvstat"
  mount -o remount,ro "$jail"
  observe file-capability "${snare[@]}" show
  observe lacking-privileges setpriv --no-new-privs env -i "${enter[@]}" "${incapable[@]}" -- show
  observe unbounded env -i "${enter[@]}" --drop=cap_net_admin "${incapable[@]}" -- show
}

make_jail
load_rules "$LAB_GUEST/demo.rules"
outside
print_all root
print_all nobody "${capable[@]}"
without_capability
with_file_capability
