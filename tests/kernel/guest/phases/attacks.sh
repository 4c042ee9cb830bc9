# The guest's part of attacks.ts.
. "$LAB_GUEST/steps.sh"
. "$LAB_GUEST/over_old.sh"
. "$LAB_GUEST/reload.sh"

# A reading in which system calls fail: NAME.out and so on, and NAME.trace, which says what was injected.
show_with_fault() { # NAME STRACE-OPTION...
  local name=$1; shift
  observe "$name" strace -o "$LAB_OUT/$name.trace" "$@" ipvstat -o json
}

file_with_fault() { # NAME STRACE-OPTION...
  local name=$1; shift
  over_old "$name" strace -o "$LAB_OUT/$name.trace" "$@" ipvstat -o json --output-file
}

# How many calls of this name there were, up to the first with this argument.
nth() { # TRACE CALL PATTERN
  grep "^$2(" "$LAB_OUT/$1.trace" | grep -n -m 1 -e "$3" | cut -d: -f1
}

# The same for the first read behind the opening of a file.
nth_read() { # TRACE FILE
  awk -v file="$2" 'index($0, file "\"") { opened = 1 } /^read\(/ { n++; if (opened) { print n; exit } }' \
    "$LAB_OUT/$1.trace"
}

# Lets the call with a number fail, and tries again with the number that it has now until that was the call with
# this argument: the runtime makes a varying number of calls of its own.
fault_at() { # FUNCTION NAME CALL ERROR NUMBER ARGUMENT [STRACE-OPTION...]
  local function=$1 name=$2 call=$3 error=$4 nth=$5 pattern=$6 number try; shift 6
  number=$nth
  for try in $(seq 50); do
    $function "$name" "$@" -e "inject=$call:error=$error:when=$number"
    grep "^$call(" "$LAB_OUT/$name.trace" | grep -e "$pattern" | grep -q INJECTED && return
    number=$(nth "$name" "$call" "$pattern")
    [ -n "$number" ] || number=$nth
  done
  echo "$name: no $call with $pattern could be made to fail" >&2
  return 1
}

faults_of_reading() {
  local call
  show_with_fault reading -e trace=openat,read,write
  # Each call is interrupted once before it gets through.
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
  show_with_fault proc-read -e "inject=read:error=EIO:when=$(nth_read reading ip_vs_stats)"
  fault_at show_with_fault output write EIO "$(nth reading write '(1,')" '(1,'
}

faults_of_file() {
  local write call
  file_with_fault writing -e trace=openat,write,fsync,chmod,chown,rename
  write=$(nth writing write '"{')
  fault_at file_with_fault file-interrupted write EINTR "$write" '"{'
  fault_at file_with_fault file-write write ENOSPC "$write" '"{'
  fault_at file_with_fault file-openat openat EROFS "$(nth writing openat '\.ipvstat-')" '\.ipvstat-'
  for call in fsync chmod rename; do file_with_fault "file-$call" -e inject=$call:error=EIO; done
  # The old file's owner cannot be kept without privilege, which is no failure.
  file_with_fault file-chown -e inject=chown:error=EPERM
}

load_ip_vs old
faults_of_reading
faults_of_file
attacks > "$LAB_OUT/attacks.json"
