// sandbox: starts two programs that talk to each other and confines both.
//
//   sandbox --folder DIR --memory MB --cpu SECONDS --file-size MB [--read PATH]...
//           -- TESTER ARGUMENT... -- WORKER ARGUMENT...
//   sandbox --probe
//
// The worker runs code that nobody trusts; the tester judges it. They are separate processes, so
// that the worker cannot reach what the tester knows. Each has the other's words on descriptor 3
// and answers on descriptor 4. The tester keeps standard input, output and error; the worker has
// none of them. Only the worker may write files, and only below DIR. Both are in one process group,
// led by the tester, and the worker ends when the tester does.
#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { MOST_PATHS = 64 };

struct request {
  struct allowance allowance;
  const char *paths[MOST_PATHS + 1];
  char **tester;
  char **worker;
};

void die(const char *what) {
  dprintf(2, "sandbox: %s: %s\n", what, strerror(errno));
  _exit(125);
}

static void refuse(const char *what) {
  dprintf(2, "sandbox: %s\n", what);
  _exit(64);
}

static long positive(const char *text) {
  char *end;
  long value = strtol(text, &end, 10);
  if (*end || value <= 0 || value > 1 << 24) refuse("a limit must be a positive number");
  return value;
}

static void read_option(struct request *request, int *paths, const char *name, char *value) {
  if (!strcmp(name, "--folder")) request->allowance.folder = value;
  else if (!strcmp(name, "--memory")) request->allowance.memory_megabytes = positive(value);
  else if (!strcmp(name, "--cpu")) request->allowance.cpu_seconds = positive(value);
  else if (!strcmp(name, "--file-size")) request->allowance.file_megabytes = positive(value);
  else if (strcmp(name, "--read")) refuse("unknown option");
  else if (*paths == MOST_PATHS) refuse("too many paths to read");
  else request->paths[(*paths)++] = value;
}

static void read_arguments(struct request *request, char **arguments) {
  int paths = 0;
  request->allowance.read_paths = request->paths;
  for (; *arguments && strcmp(*arguments, "--"); arguments += 2) {
    if (!arguments[1]) refuse("an option has no value");
    read_option(request, &paths, arguments[0], arguments[1]);
  }
  struct allowance *given = &request->allowance;
  if (!given->folder || !given->memory_megabytes || !given->cpu_seconds || !given->file_megabytes)
    refuse("--folder, --memory, --cpu and --file-size are needed");
  if (!*arguments) refuse("no program was named");
  request->tester = ++arguments;
  while (*arguments && strcmp(*arguments, "--")) arguments++;
  if (!*arguments || !arguments[1] || arguments == request->tester) refuse("two programs are needed");
  *arguments = NULL;
  request->worker = arguments + 1;
}

static void move_descriptors(int reading, int writing) {
  int from = fcntl(reading, F_DUPFD, 10), to = fcntl(writing, F_DUPFD, 10);
  if (from < 0 || to < 0 || dup2(from, 3) < 0 || dup2(to, 4) < 0) die("dup");
  if (syscall(SYS_close_range, 5, ~0U, 0))
    for (int descriptor = 5; descriptor < 1024; descriptor++) close(descriptor);
}

static void silence(void) {
  int nothing = open("/dev/null", O_RDWR);
  if (nothing < 0) die("/dev/null");
  for (int descriptor = 0; descriptor < 3; descriptor++)
    if (dup2(nothing, descriptor) < 0) die("dup");
}

static void become(const struct allowance *allowance, char **program, pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL)) die("pdeathsig");
  if (getppid() != parent) _exit(125); // it died before the line above
  limit_resources(allowance);
  restrict_files(allowance);
  if (restrict_calls()) die("seccomp");
  execv(*program, program);
  die(*program);
}

static void start(struct request *request) {
  int requests[2], replies[2];
  pid_t parent = getppid(), self = getpid();
  if (setpgid(0, 0) && errno != EPERM) die("setpgid");
  if (chdir(request->allowance.folder)) die(request->allowance.folder);
  if (pipe(requests) || pipe(replies)) die("pipe");
  signal(SIGPIPE, SIG_DFL);
  pid_t worker = fork();
  if (worker < 0) die("fork");
  if (worker == 0) {
    silence();
    move_descriptors(requests[0], replies[1]);
    become(&request->allowance, request->worker, self);
  }
  move_descriptors(replies[0], requests[1]);
  request->allowance.folder = NULL; // judging needs no files
  become(&request->allowance, request->tester, parent);
}

// A filter cannot be taken off again, so it is tried on a child.
static int calls_can_be_restricted(void) {
  pid_t child = fork();
  if (child == 0) _exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || restrict_calls());
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int probe(void) {
  int landlock = landlock_version();
  printf("{\"calls\":%s,\"files\":%s,\"landlock\":%d,\"limits\":true}\n",
         calls_can_be_restricted() ? "true" : "false", landlock ? "true" : "false", landlock);
  return 0;
}

int main(int count, char **arguments) {
  if (count == 2 && !strcmp(arguments[1], "--probe")) return probe();
  struct request request = {0};
  read_arguments(&request, arguments + 1);
  start(&request);
}
