// Limits on resources, and the end of root's capabilities.
#define _GNU_SOURCE
#include "confine.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void limit(int resource, rlim_t value) {
  struct rlimit both = {value, value};
  if (setrlimit(resource, &both)) die("setrlimit");
}

// Root could raise its limits again. An empty bounding set lasts through exec.
static void drop_capabilities(void) {
  if (geteuid() != 0) return;
  for (int capability = 0; capability < 64; capability++) prctl(PR_CAPBSET_DROP, capability);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2];
  memset(none, 0, sizeof none);
  syscall(SYS_capset, &header, none);
}

void limit_resources(const struct allowance *allowance) {
  limit(RLIMIT_AS, (rlim_t)allowance->memory_megabytes << 20);
  // The first signal says that the time is up, the second cannot be caught.
  struct rlimit time = {(rlim_t)allowance->cpu_seconds, (rlim_t)allowance->cpu_seconds + 1};
  if (setrlimit(RLIMIT_CPU, &time)) die("setrlimit");
  limit(RLIMIT_FSIZE, (rlim_t)allowance->file_megabytes << 20);
  limit(RLIMIT_NOFILE, 64);
  limit(RLIMIT_CORE, 0);
  drop_capabilities();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
}
