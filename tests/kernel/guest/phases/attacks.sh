# The phase of attacks.ts.
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/overwrite.sh"
. "$LAB_GUEST/reload.sh"

# Runs show with failing system calls: NAME.out and so on, and NAME.trace with the injected failures.
show_with_fault() { # NAME STRACE-OPTION...
  local name=$1; shift
  observe "$name" strace -o "$LAB_OUT/$name.trace" "$@" ipvstat -o json
}

file_with_fault() { # NAME STRACE-OPTION...
  local name=$1; shift
  overwrite "$name" strace -o "$LAB_OUT/$name.trace" "$@" ipvstat -o json --output-file
}

# Runs a command while the folder of overwrite.sh is mounted read-only.
with_read_only_folder() { # COMMAND...
  local status=0
  mount --bind "$overwrite_folder" "$overwrite_folder"
  mount -o remount,bind,ro "$overwrite_folder"
  "$@" || status=$?
  umount "$overwrite_folder"
  return $status
}

# The number of the first call with this argument, among all calls of this name.
nth() { # TRACE CALL PATTERN
  grep "^$2(" "$LAB_OUT/$1.trace" | grep -n -m 1 -e "$3" | cut -d: -f1
}

# The number of the first read after a file is opened.
nth_read() { # TRACE FILE
  awk -v file="$2" '/^openat\(/ && index($0, file "\"") { opened = 1 } /^read\(/ { n++; if (opened) { print n; exit } }' \
    "$LAB_OUT/$1.trace"
}

# Makes the first read of a file fail. Repeats with another number until it was this read, as the number of the
# runtime's own reads varies.
read_with_fault() { # NAME FILE
  local number next try
  number=$(nth_read reading "$2")
  for try in $(seq 50); do
    show_with_fault "$1" -e inject=read:error=EIO:when=$number
    next=$(nth_read "$1" "$2")
    [ "$next" != "$number" ] || return 0
    # If the program failed before it opened the file, a later read is meant.
    number=${next:-$((number + 1))}
  done
  echo "$1: cannot make a read of $2 fail" >&2
  return 1
}

# Makes the call with a number fail. Repeats with the current number until the call had this argument, as the
# number of the runtime's own calls varies.
fault_at() { # FUNCTION NAME CALL ERROR NUMBER ARGUMENT [STRACE-OPTION...]
  local function=$1 name=$2 call=$3 error=$4 nth=$5 pattern=$6 number try; shift 6
  number=$nth
  for try in $(seq 50); do
    $function "$name" "$@" -e "inject=$call:error=$error:when=$number"
    grep "^$call(" "$LAB_OUT/$name.trace" | grep -e "$pattern" | grep -q INJECTED && return
    number=$(nth "$name" "$call" "$pattern")
    [ -n "$number" ] || number=$nth
  done
  echo "$name: cannot make $call fail with $pattern" >&2
  return 1
}

faults_of_reading() {
  local call
  show_with_fault reading -e trace=openat,read,write
  # Each call is interrupted once and then succeeds.
  set --
  for call in socket setsockopt bind getsockname sendto recvmmsg; do
    set -- "$@" -e inject=$call:error=EINTR:when=1+2
  done
  fault_at show_with_fault interrupted write EINTR "$(nth reading write '(1,')" '(1,' "$@"
  for call in socket setsockopt bind getsockname sendto recvmmsg; do
    show_with_fault "first-$call" -e inject=$call:error=ENOMEM:when=1
  done
  show_with_fault later-socket -e inject=socket:error=EMFILE:when=2
  show_with_fault later-sendto -e inject=sendto:error=EMFILE:when=5
  show_with_fault later-recvmmsg -e inject=recvmmsg:error=EMFILE:when=5
  show_with_fault lost -e inject=recvmmsg:error=ENOBUFS:when=5
  fault_at show_with_fault proc-open openat EMFILE "$(nth reading openat 'ip_vs_stats"')" 'ip_vs_stats"'
  read_with_fault proc-read ip_vs_stats
  fault_at show_with_fault output write EIO "$(nth reading write '(1,')" '(1,'
}

faults_of_file() {
  local write call
  file_with_fault writing -e trace=openat,write,fsync,chmod,chown,rename
  write=$(nth writing write '"{')
  fault_at file_with_fault file-interrupted write EINTR "$write" '"{'
  fault_at file_with_fault file-write write ENOSPC "$write" '"{'
  overwrite file-openat with_read_only_folder ipvstat -o json --output-file
  for call in fsync chmod rename; do file_with_fault "file-$call" -e inject=$call:error=EIO; done
  # Without privilege the owner of the old file cannot be preserved, which is not an error.
  file_with_fault file-chown -e inject=chown:error=EPERM
}

load_ip_vs old
faults_of_reading
faults_of_file
attacks > "$LAB_OUT/attacks.json"
