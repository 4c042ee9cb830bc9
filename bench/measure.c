/* Runs a command several times with its output thrown away, and prints
 * "median wall time in microseconds, largest resident set in KiB".
 *
 *   measure RUNS COMMAND [ARGUMENT...]
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long microseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int ascending(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  int runs = argc > 2 ? atoi(argv[1]) : 0;
  if (runs < 1) errx(2, "usage: measure RUNS COMMAND [ARGUMENT...]");
  long times[runs], resident = 0;
  for (int i = 0; i < runs; i++) {
    long begin = microseconds();
    pid_t child = fork();
    if (child < 0) err(1, "fork");
    if (child == 0) {
      dup2(open("/dev/null", O_WRONLY), 1);
      execvp(argv[2], argv + 2);
      err(127, "%s", argv[2]);
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0) err(1, "wait4");
    times[i] = microseconds() - begin;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) errx(1, "%s failed", argv[2]);
    if (usage.ru_maxrss > resident) resident = usage.ru_maxrss;
  }
  qsort(times, runs, sizeof *times, ascending);
  printf("%ld %ld\n", times[runs / 2], resident);
  return 0;
}
