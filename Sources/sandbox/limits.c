// Limits on resources, and the end of root's capabilities.
#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static void limit(int resource, rlim_t value) {
  struct rlimit both = {value, value};
  if (setrlimit(resource, &both)) die("setrlimit");
}

static int become_nobody(void) {
  return setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
         setresuid(NOBODY, NOBODY, NOBODY);
}

// Python may lie in a folder that only root may enter; it is then better to stay root, without
// capabilities, than not to start. Tried on a child.
static bool can_be_nobody(const struct allowance *allowance, const char *program) {
  pid_t child = fork();
  if (child == 0) {
    int fails = become_nobody() || access(program, X_OK);
    for (const char **path = allowance->read_paths; *path && !fails; path++)
      fails = access(*path, R_OK) && errno != ENOENT;
    _exit(fails ? 1 : 0);
  }
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

// An empty bounding set lasts through exec, so that user 0 gets nothing back either.
static void drop_capabilities(void) {
  for (int capability = 0; capability < 64; capability++) prctl(PR_CAPBSET_DROP, capability);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2];
  memset(none, 0, sizeof none);
  syscall(SYS_capset, &header, none);
}

void limit_resources(const struct allowance *allowance, const char *program) {
  limit(RLIMIT_AS, (rlim_t)allowance->memory_megabytes << 20);
  limit(RLIMIT_FSIZE, (rlim_t)allowance->file_megabytes << 20);
  limit(RLIMIT_NOFILE, 64);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_MEMLOCK, 0);
  limit(RLIMIT_MSGQUEUE, 0);
  if (geteuid() == 0 && can_be_nobody(allowance, program) && become_nobody()) die("setuid");
  drop_capabilities();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
}
