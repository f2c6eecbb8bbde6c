// Judges jobs one after the other, in processes that are forked from a Python that has started
// already ("the starter"), and ends everything that is left of a job.
//
// A request on standard input is a length and a wall time in milliseconds (both 32 bits, little
// end first), then the job, which only Python looks into. A reply on standard output is a length
// and a text. The starter reads 'J', length and job on descriptor 3, and writes frames on
// descriptor 4, each a letter, a length and a text: 'R' once it is ready, 'V' for the verdict, and
// 'D' when nothing is left of the job.
#define _GNU_SOURCE
#include "confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum {
  MOST_JOB_BYTES = 64 << 20,
  MOST_REPLY_BYTES = 1 << 16,
  START_MILLISECONDS = 120000,
  HEADER = 5,
  MOST_ARGUMENTS = 32,
  MORE_THREADS = 512,
  NOBODY = 65534
};

struct lane {
  const struct allowance *allowance;
  char **program;
  bool fresh;            // a new Python for each job
  bool is_first_process; // of its namespace
  pid_t starter;         // 0: none
  int jobs, frames;      // pipes to and from the starter
  long threads;          // how many this user has elsewhere
  size_t filled;         // of the buffer
  char buffer[HEADER + MOST_REPLY_BYTES];
};

static long now_milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool read_all(int descriptor, void *bytes, size_t count) {
  for (char *next = bytes; count;) {
    ssize_t got = read(descriptor, next, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    next += got;
    count -= (size_t)got;
  }
  return true;
}

static bool write_all(int descriptor, const void *bytes, size_t count) {
  for (const char *next = bytes; count;) {
    ssize_t put = write(descriptor, next, count);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    next += put;
    count -= (size_t)put;
  }
  return true;
}

// Whoever forked itself away from its parent has become a child of this process.
static void kill_children(void) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  int list = open(path, O_RDONLY | O_CLOEXEC);
  if (list < 0) return;
  ssize_t length = read(list, text, sizeof text - 1);
  close(list);
  text[length < 0 ? 0 : length] = 0;
  for (char *next = text; *next;) {
    long child = strtol(next, &next, 10);
    if (child <= 0) break;
    kill((pid_t)child, SIGKILL);
    while (*next == ' ') next++;
  }
}

// Ends every process of the lane, and waits until none is left.
static void stop(struct lane *lane) {
  if (lane->starter) close(lane->jobs), close(lane->frames);
  if (lane->starter && !lane->is_first_process) kill(-lane->starter, SIGKILL);
  lane->starter = 0;
  lane->filled = 0;
  for (;;) {
    if (lane->is_first_process) kill(-1, SIGKILL);
    else kill_children();
    if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD) return;
  }
}

static void move_descriptors(int reading, int writing) {
  int from = fcntl(reading, F_DUPFD, 10), to = fcntl(writing, F_DUPFD, 10);
  int nothing = open("/dev/null", O_RDWR);
  if (from < 0 || to < 0 || nothing < 0) die("descriptors");
  if (dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(from, 3) < 0 || dup2(to, 4) < 0)
    die("dup");
  if (syscall(SYS_close_range, 5, ~0U, 0))
    for (int descriptor = 5; descriptor < 1024; descriptor++) close(descriptor);
}

static void write_hexadecimal(char *text, const void *bytes, size_t count) {
  for (size_t index = 0; index < count; index++)
    sprintf(text + 2 * index, "%02x", ((const unsigned char *)bytes)[index]);
}

// Replaces this process by the starter. Its arguments end with the filter that judged programs
// get, the number of threads that they may have with what the user has elsewhere, and their folder.
static void become_starter(const struct lane *lane) {
  const struct allowance *allowance = lane->allowance;
  static struct sock_filter filter[MOST_INSTRUCTIONS];
  static char hexadecimal[2 * sizeof filter + 1], threads[32];
  char *arguments[MOST_ARGUMENTS + 4] = {0};
  int count = 0;
  while (lane->program[count] && count < MOST_ARGUMENTS) {
    arguments[count] = lane->program[count];
    count++;
  }
  int length = !allowance->calls ? 0
                                 : write_filter(filter, allowance->namespaces ? MAY_WRITE : MAY_READ_ONLY);
  write_hexadecimal(hexadecimal, filter, (size_t)length * sizeof *filter);
  snprintf(threads, sizeof threads, "%ld", lane->threads + MORE_THREADS);
  arguments[count++] = hexadecimal;
  arguments[count++] = threads;
  arguments[count++] = allowance->namespaces ? OWN_FOLDER : "";
  limit_resources(allowance, *lane->program);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL)) die("pdeathsig");
  if (allowance->files) restrict_files(allowance);
  if (allowance->calls && restrict_calls(MAY_FORK)) die("seccomp");
  execv(*arguments, arguments);
  die(*arguments);
}

static void start(struct lane *lane) {
  int jobs[2], frames[2];
  if (pipe2(jobs, O_CLOEXEC) || pipe2(frames, O_CLOEXEC)) die("pipe");
  lane->starter = fork();
  if (lane->starter < 0) die("fork");
  if (lane->starter == 0) {
    if (setpgid(0, 0)) die("setpgid");
    if (chdir("/")) die("/");
    signal(SIGPIPE, SIG_DFL);
    move_descriptors(jobs[0], frames[1]);
    become_starter(lane);
  }
  close(jobs[0]), close(frames[1]);
  lane->jobs = jobs[1], lane->frames = frames[0];
  fcntl(lane->jobs, F_SETFL, O_NONBLOCK);
}

// Reads what has come. Returns false when the starter has ended or broken the rules.
static bool receive(struct lane *lane) {
  size_t room = sizeof lane->buffer - lane->filled;
  ssize_t got = room ? read(lane->frames, lane->buffer + lane->filled, room) : 0;
  if (got < 0) return errno == EINTR;
  lane->filled += (size_t)got;
  return got > 0;
}

// The letter of the first frame, once it is whole; its text goes to `text`. 0 where there is none.
static char take_frame(struct lane *lane, char *text) {
  uint32_t length;
  if (lane->filled < HEADER) return 0;
  memcpy(&length, lane->buffer + 1, sizeof length);
  if (length >= MOST_REPLY_BYTES || lane->filled < HEADER + length) return 0;
  char letter = *lane->buffer;
  memcpy(text, lane->buffer + HEADER, length);
  text[length] = 0;
  lane->filled -= HEADER + length;
  memmove(lane->buffer, lane->buffer + HEADER + length, lane->filled);
  return letter;
}

struct outgoing {
  const char *bytes;
  size_t left;
};

static void send_some(struct lane *lane, struct outgoing *outgoing) {
  ssize_t put = write(lane->jobs, outgoing->bytes, outgoing->left);
  if (put > 0) outgoing->bytes += put, outgoing->left -= (size_t)put;
}

// Sends and receives until a frame `letter` has come. Texts of verdicts go to `verdict`.
// Returns 0, or why it did not come: 't' the time is up, 'e' the starter ended.
static char wait_for(
    struct lane *lane, char letter, struct outgoing outgoing, long deadline, char *verdict) {
  static char text[MOST_REPLY_BYTES + 1];
  for (;;) {
    for (char found; (found = take_frame(lane, text));) {
      if (found == 'V') strcpy(verdict, text);
      if (found == letter) return *text == '!' ? 'e' : 0;
    }
    struct pollfd watched[] = {
        {lane->frames, POLLIN, 0}, {0, 0, 0}, {lane->jobs, outgoing.left ? POLLOUT : 0, 0}};
    long left = deadline - now_milliseconds();
    if (left <= 0) return 't';
    if (poll(watched, 3, (int)left) < 0 && errno != EINTR) die("poll");
    if (watched[1].revents & (POLLHUP | POLLERR)) stop(lane), _exit(0); // nobody waits any more
    if (watched[2].revents & POLLOUT) send_some(lane, &outgoing);
    if (watched[0].revents && !receive(lane)) return 'e';
  }
}

static const char *ready(struct lane *lane) {
  char verdict[MOST_REPLY_BYTES + 1];
  if (lane->starter) return NULL;
  start(lane);
  struct outgoing nothing = {NULL, 0};
  *verdict = 0;
  if (!wait_for(lane, 'R', nothing, now_milliseconds() + START_MILLISECONDS, verdict)) return NULL;
  stop(lane);
  return "refused Python did not start";
}

static void judge(struct lane *lane, const char *job, size_t length, long wall, char *verdict) {
  const char *fault = ready(lane);
  strcpy(verdict, fault ? fault : "failed the tests ended early");
  if (fault) return;
  if (lane->allowance->namespaces && renew_own_folder()) die(OWN_FOLDER);
  struct outgoing outgoing = {job, length};
  char reason = wait_for(lane, 'D', outgoing, now_milliseconds() + wall, verdict);
  if (reason == 't') strcpy(verdict, "timeout");
  // Without a filter of system calls, others may be left that the program started.
  if (reason || lane->fresh || !lane->allowance->calls) stop(lane);
}

// How many threads the user of judged programs has, so that a limit leaves room for them.
static long count_threads(uid_t user) {
  DIR *processes = opendir("/proc");
  long count = 0;
  for (struct dirent *entry; processes && (entry = readdir(processes));) {
    char path[300];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%s/task", entry->d_name);
    if (stat(path, &status) == 0 && status.st_uid == user) count += (long)status.st_nlink - 2;
  }
  if (processes) closedir(processes);
  return count;
}

void serve(const struct allowance *allowance, char **program, bool fresh, bool is_first_process) {
  static struct lane lane;
  static char verdict[MOST_REPLY_BYTES + 1];
  lane.allowance = allowance, lane.program = program;
  lane.fresh = fresh, lane.is_first_process = is_first_process;
  lane.threads = is_first_process ? 0 : count_threads(geteuid() ? geteuid() : NOBODY);
  signal(SIGPIPE, SIG_IGN);
  // Jobs hold what tests expect: no program of the same user may read them in this memory.
  if (!is_first_process && prctl(PR_SET_DUMPABLE, 0)) die("dumpable");
  if (!is_first_process) prctl(PR_SET_CHILD_SUBREAPER, 1);
  uint32_t header[2];
  while (read_all(0, header, sizeof header) && header[0] <= MOST_JOB_BYTES) {
    char *job = malloc(HEADER + header[0]);
    if (!job || !read_all(0, job + HEADER, header[0])) break;
    *job = 'J';
    memcpy(job + 1, header, 4);
    judge(&lane, job, HEADER + header[0], header[1], verdict);
    free(job);
    uint32_t length = (uint32_t)strlen(verdict);
    if (!write_all(1, &length, sizeof length) || !write_all(1, verdict, length)) break;
  }
  stop(&lane);
  _exit(0);
}
