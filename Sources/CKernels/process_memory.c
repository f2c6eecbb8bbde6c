#define _GNU_SOURCE
#include "process_memory.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

static int is_limited(int resource) {
  struct rlimit limit;
  return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

// OpenBLAS starts a thread for each core as it is loaded, and each takes 128 MB of address space.
// Where that is limited, such a thread spins for ever, or the process ends before `main`. The engine
// uses none of them. Only what runs before the initialisers of libraries can keep them away, and the
// variable is read from the environment that the process began with, so it begins anew.
static void begin_with_one_thread(int argc, char **argv, char **environment) {
  static const char name[] = "OPENBLAS_NUM_THREADS=";
  static char setting[] = "OPENBLAS_NUM_THREADS=1";
  (void)argc;
  if (!is_limited(RLIMIT_AS) && !is_limited(RLIMIT_DATA)) return;
  size_t count = 0;
  while (environment[count] != NULL) count++;
  char *changed[count + 2];
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(environment[i], setting) == 0) return;
    if (strncmp(environment[i], name, sizeof name - 1) != 0) changed[kept++] = environment[i];
  }
  changed[kept++] = setting;
  changed[kept] = NULL;
  // By its own path: started by this one, it would be called "exe".
  static char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  execve(path, argv, changed);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) =
    begin_with_one_thread;

// Only calls that a signal handler may make.
static void say(const char *text) {
  ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

static void say_megabytes(unsigned long long bytes) {
  char digits[24];
  char *start = digits + sizeof digits - 1;
  *start = 0;
  unsigned long long megabytes = bytes / 1000000;
  do *--start = (char)('0' + megabytes % 10);
  while ((megabytes /= 10) > 0);
  say(start);
  say(" MB");
}

static _Noreturn void explain(size_t bytes) {
  say("\nwarmup: memory ran out: ");
  if (bytes > 0) {
    say_megabytes(bytes);
    say(" more were not to be had");
  } else {
    say("a piece of it was not to be had");
  }
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    say(" under the limit of ");
    say_megabytes(limit.rlim_cur);
    say(" ('ulimit -v')");
  }
  say("; raise the limit, or take a smaller model, batch_size or max_tokens, or fewer --threads. "
      "What is done is kept; run again to go on\n");
  _exit(1);
}

void ck_out_of_memory(size_t bytes) { explain(bytes); }

static void explain_signal(int number) {
  // Would a large allocation fail now? An eighth of the limit, but never less than 64 MB.
  struct rlimit limit;
  size_t probe = 64 << 20;
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      limit.rlim_cur / 8 > probe)
    probe = limit.rlim_cur / 8;
  void *memory = mmap(NULL, probe, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) explain(0);
  munmap(memory, probe);
  signal(number, SIG_DFL);
  raise(number);
}

void ck_explain_failed_allocations(void) {
  if (!is_limited(RLIMIT_AS) && !is_limited(RLIMIT_DATA)) return;
#ifdef M_ARENA_MAX
  // glibc reserves 64 MB of address space for what each thread allocates; how many threads there are
  // depends on how busy the machine is.
  mallopt(M_ARENA_MAX, 1);
#endif
  static const int signals[] = {SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = explain_signal;
    sigaction(signals[i], &action, NULL);
  }
}
