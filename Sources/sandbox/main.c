// sandbox: judges programs that nobody trusts, confined.
//
//   sandbox --memory MB --file-size MB [--read PATH]... [--without PROTECTION]... [--fresh]
//           -- STARTER ARGUMENT...
//   sandbox --probe
//
// STARTER is a Python that forks two processes for each job: one that holds tests and a secret,
// and one that runs the program; serve.c says how they are spoken to. PROTECTION is `namespaces`,
// `files` (Landlock) or `calls` (seccomp): what the system does not offer must be named, so that
// nothing is left out in silence. With `--fresh`, every job gets a Python that has just started.
#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_PATHS = 64 };

struct request {
  struct allowance allowance;
  const char *paths[MOST_PATHS + 1];
  int path_count;
  bool fresh;
  char **program;
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

static void leave_out(struct allowance *allowance, const char *protection) {
  if (!strcmp(protection, "namespaces")) allowance->namespaces = false;
  else if (!strcmp(protection, "files")) allowance->files = false;
  else if (!strcmp(protection, "calls")) allowance->calls = false;
  else refuse("--without needs namespaces, files or calls");
}

static void read_option(struct request *request, const char *name, char *value) {
  if (!strcmp(name, "--memory")) request->allowance.memory_megabytes = positive(value);
  else if (!strcmp(name, "--file-size")) request->allowance.file_megabytes = positive(value);
  else if (!strcmp(name, "--without")) leave_out(&request->allowance, value);
  else if (strcmp(name, "--read")) refuse("unknown option");
  else if (request->path_count == MOST_PATHS) refuse("too many paths to read");
  else request->paths[request->path_count++] = value;
}

static void read_arguments(struct request *request, char **arguments) {
  struct allowance *allowance = &request->allowance;
  allowance->read_paths = request->paths;
  allowance->namespaces = allowance->files = allowance->calls = true;
  while (*arguments && strcmp(*arguments, "--")) {
    bool is_fresh = !strcmp(*arguments, "--fresh");
    request->fresh |= is_fresh;
    if (!is_fresh && !arguments[1]) refuse("an option has no value");
    if (!is_fresh) read_option(request, arguments[0], arguments[1]);
    arguments += is_fresh ? 1 : 2;
  }
  if (!allowance->memory_megabytes || !allowance->file_megabytes)
    refuse("--memory and --file-size are needed");
  if (!*arguments || !arguments[1]) refuse("no program was named");
  request->program = arguments + 1;
}

// The kernel should end a judged program that has used up memory, and nobody else.
static void be_first_to_go(void) {
  int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file >= 0 && write(file, "1000", 4) < 0) errno = 0;
  if (file >= 0) close(file);
}

static int wait_for(pid_t child) {
  int status = 1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

// What is tried cannot be taken back, so it is tried on a child.
static bool calls_can_be_restricted(void) {
  pid_t child = fork();
  if (child == 0) _exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || restrict_calls(MAY_READ_ONLY));
  return child > 0 && wait_for(child) == 0;
}

static bool namespaces_can_be_made(void) {
  const char *none[] = {NULL};
  struct allowance allowance = {.read_paths = none};
  pid_t child = fork_into_namespaces(&allowance);
  if (child == 0) _exit(renew_own_folder() ? 1 : 0);
  return child > 0 && wait_for(child) == 0;
}

static int probe(void) {
  const char *words[] = {"false", "true"};
  printf("{\"namespaces\":%s,\"calls\":%s,\"landlock\":%d}\n", words[namespaces_can_be_made()],
      words[calls_can_be_restricted()], landlock_version());
  return 0;
}

int main(int count, char **arguments) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL); // a caller's blocked signals must not protect anybody
  signal(SIGCHLD, SIG_DFL);
  if (count == 2 && !strcmp(arguments[1], "--probe")) return probe();
  struct request request = {0};
  read_arguments(&request, arguments + 1);
  const struct allowance *allowance = &request.allowance;
  if (setpgid(0, 0) && errno != EPERM) die("setpgid");
  be_first_to_go();
  if (!allowance->namespaces) serve(allowance, request.program, request.fresh, false);
  pid_t child = fork_into_namespaces(allowance);
  if (child < 0) die("namespaces");
  if (child == 0) serve(allowance, request.program, request.fresh, true);
  close(0), close(1);
  return wait_for(child);
}
