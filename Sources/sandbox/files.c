// Landlock. Distributions ship headers older than their kernels, so everything is spelled out here;
// the numbers are the kernel's published interface (Documentation/userspace-api/landlock.rst).
#define _GNU_SOURCE
#include "confine.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

#define EXECUTE (1ULL << 0)
#define WRITE_FILE (1ULL << 1)
#define READ_FILE (1ULL << 2)
#define READ_DIR (1ULL << 3)
#define MAKE_CHAR (1ULL << 6)
#define MAKE_SOCKET (1ULL << 9)
#define MAKE_BLOCK (1ULL << 11)
#define FIRST_VERSION ((1ULL << 13) - 1)
#define REFER (1ULL << 13)          // since version 2
#define TRUNCATE (1ULL << 14)       // since version 3
#define DEVICE_CONTROL (1ULL << 15) // since version 5

struct ruleset {
  uint64_t files;
  uint64_t network; // since version 4: bit 0 bind, bit 1 connect
  uint64_t scoped;  // since version 6: bit 0 abstract sockets, bit 1 signals
};

struct path_rule {
  uint64_t access;
  int32_t descriptor;
} __attribute__((packed));

int landlock_version(void) {
  long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
  return version > 0 ? (int)version : 0;
}

static uint64_t known_accesses(int version) {
  uint64_t known = FIRST_VERSION;
  if (version >= 2) known |= REFER;
  if (version >= 3) known |= TRUNCATE;
  if (version >= 5) known |= DEVICE_CONTROL;
  return known;
}

static void permit(int rules, const char *path, uint64_t access) {
  int descriptor = open(path, O_PATH | O_CLOEXEC);
  if (descriptor < 0) return; // what is not there cannot be read either
  struct stat status;
  if (fstat(descriptor, &status)) die("stat");
  if (!S_ISDIR(status.st_mode)) access &= EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE;
  struct path_rule rule = {access, descriptor};
  if (syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0)) die("landlock_add_rule");
  close(descriptor);
}

static void permit_all(int rules, uint64_t known, const struct allowance *allowance) {
  static const char *system[] = {"/usr",         "/lib",      "/lib64", "/bin", "/etc/ld.so.cache",
                                 "/dev/urandom", "/dev/random", "/dev/zero", NULL};
  uint64_t reading = EXECUTE | READ_FILE | READ_DIR;
  for (const char **path = system; *path; path++) permit(rules, *path, reading);
  for (const char **path = allowance->read_paths; *path; path++) permit(rules, *path, reading);
  permit(rules, "/dev/null", READ_FILE | WRITE_FILE);
  // The rule stands on the folder above, since the own folder is mounted anew for each job.
  if (allowance->namespaces)
    permit(rules, "/tmp", known & ~(MAKE_CHAR | MAKE_BLOCK | MAKE_SOCKET | EXECUTE));
}

void restrict_files(const struct allowance *allowance) {
  int version = landlock_version();
  if (version == 0) return;
  uint64_t known = known_accesses(version);
  struct ruleset ruleset = {known, version >= 4 ? 3 : 0, version >= 6 ? 3 : 0};
  size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  int rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
  if (rules < 0) die("landlock_create_ruleset");
  permit_all(rules, known, allowance);
  if (syscall(SYS_landlock_restrict_self, rules, 0)) die("landlock_restrict_self");
  close(rules);
}
