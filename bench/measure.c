/* Runs commands repeatedly with their output discarded, and prints a line for each command with the medians of
 * its wall time and CPU time in microseconds and of its peak resident set size in KiB.
 *
 *   measure RUNS < COMMANDS   one command per line, with words separated by tabs
 *
 * The runs of all commands are interleaved, so that a temporary load affects all of them. The median ignores a
 * first run with cold caches.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COMMANDS = 64, MAX_WORDS = 64, MAX_RUNS = 1000 };

struct command {
  char *words[MAX_WORDS + 1];
  long wall[MAX_RUNS], cpu[MAX_RUNS], kilobytes[MAX_RUNS];
};
static struct command commands[MAX_COMMANDS];

static long microseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static long from_timeval(struct timeval t) { return t.tv_sec * 1000000 + t.tv_usec; }

static int ascending(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

static long median(long *values, int count) {
  qsort(values, count, sizeof *values, ascending);
  return values[count / 2];
}

static int read_commands(void) {
  char *line = NULL;
  size_t size = 0;
  int count = 0;
  for (; getline(&line, &size, stdin) > 0; line = NULL, size = 0) {
    if (count == MAX_COMMANDS) errx(2, "more than %d commands", MAX_COMMANDS);
    int words = 0;
    for (char *word = strtok(line, "\t\n"); word != NULL; word = strtok(NULL, "\t\n")) {
      if (words == MAX_WORDS) errx(2, "more than %d words in a command", MAX_WORDS);
      commands[count].words[words++] = word;
    }
    if (words > 0) count++;
  }
  return count;
}

static void run(struct command *command, int index) {
  long begin = microseconds();
  pid_t child = fork();
  if (child < 0) err(1, "fork");
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    execvp(command->words[0], command->words);
    err(127, "%s", command->words[0]);
  }
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) < 0) err(1, "wait4");
  command->wall[index] = microseconds() - begin;
  command->cpu[index] = from_timeval(usage.ru_utime) + from_timeval(usage.ru_stime);
  command->kilobytes[index] = usage.ru_maxrss;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    errx(1, "%s ended with status 0x%x", command->words[0], status);
  }
}

int main(int argc, char **argv) {
  int runs = argc == 2 ? atoi(argv[1]) : 0;
  if (runs < 1 || runs > MAX_RUNS) errx(2, "usage: measure RUNS < COMMANDS");
  int count = read_commands();
  for (int i = 0; i < runs; i++) {
    for (int j = 0; j < count; j++) run(&commands[j], i);
  }
  for (int j = 0; j < count; j++) {
    struct command *of = &commands[j];
    printf("%ld %ld %ld\n", median(of->wall, runs), median(of->cpu, runs), median(of->kilobytes, runs));
  }
  return 0;
}
