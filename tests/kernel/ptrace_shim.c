/* Lets Linux 6.1's User Mode Linux run on a processor with AMX.
 *
 * UML saves and restores the extended processor state of its guests through
 * ptrace(PTRACE_{GET,SET}REGSET, NT_X86_XSTATE) with a buffer of 2,696 bytes. Where the
 * processor has AMX, the host's state is larger, and the host rejects a short write. This
 * library overrides ptrace(): it always transfers the whole state, and copies UML's part
 * from it or into it.
 *
 * cc -shared -fPIC -O2 -o ptrace_shim.so ptrace_shim.c -ldl ; LD_PRELOAD=... linux.uml
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif

typedef long (*ptrace_fn)(int, pid_t, void *, void *);

static char whole[64 * 1024];

static long fetch_whole(ptrace_fn real, pid_t pid, struct iovec *iov) {
  iov->iov_base = whole;
  iov->iov_len = sizeof whole;
  return real(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, iov);
}

long ptrace(enum __ptrace_request request, ...) {
  static ptrace_fn real;
  va_list args;
  va_start(args, request);
  pid_t pid = va_arg(args, pid_t);
  void *addr = va_arg(args, void *);
  void *data = va_arg(args, void *);
  va_end(args);
  if (!real) real = (ptrace_fn)dlsym(RTLD_NEXT, "ptrace");

  int get = request == PTRACE_GETREGSET, set = request == PTRACE_SETREGSET;
  if (!(get || set) || (long)addr != NT_X86_XSTATE) return real(request, pid, addr, data);

  struct iovec *user = data, all;
  long status = fetch_whole(real, pid, &all);
  if (status < 0) return status;
  size_t part = user->iov_len < all.iov_len ? user->iov_len : all.iov_len;
  if (get) {
    memcpy(user->iov_base, whole, part);
    user->iov_len = part;
    return status;
  }
  memcpy(whole, user->iov_base, part);
  return real(PTRACE_SETREGSET, pid, addr, &all);
}
