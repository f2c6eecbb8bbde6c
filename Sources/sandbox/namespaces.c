// Namespaces: processes, network, users and files of one's own.
#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, MOST_SOURCES = 96 };

// A file or folder that the new file system shows, opened while it can still be reached.
struct source {
  const char *path;
  int descriptor;
  mode_t mode;
  char link[PATH_MAX]; // where a symbolic link leads
};

static const char *const system_paths[] = {
    "/usr",      "/lib",         "/lib64",      "/bin", "/etc/ld.so.cache", "/dev/null",
    "/dev/zero", "/dev/urandom", "/dev/random", NULL};

static int write_text(const char *path, const char *text) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  ssize_t written = write(descriptor, text, strlen(text));
  close(descriptor);
  return written < 0 ? -1 : 0;
}

// Only one user exists inside: nobody, who is nobody outside too where root may say so.
static int map_user(pid_t child) {
  char path[64], text[64];
  bool is_root = geteuid() == 0;
  snprintf(path, sizeof path, "/proc/%d/setgroups", child);
  if (!is_root) write_text(path, "deny");
  snprintf(path, sizeof path, "/proc/%d/gid_map", child);
  snprintf(text, sizeof text, "%d %d 1\n", NOBODY, is_root ? NOBODY : (int)getegid());
  if (write_text(path, text)) return -1;
  snprintf(path, sizeof path, "/proc/%d/uid_map", child);
  snprintf(text, sizeof text, "%d %d 1\n", NOBODY, is_root ? NOBODY : (int)geteuid());
  return write_text(path, text);
}

static int open_source(struct source *source, const char *path) {
  struct stat status;
  source->path = path;
  if (lstat(path, &status)) return 0; // what is not there cannot be shown
  if (S_ISLNK(status.st_mode)) {
    ssize_t length = readlink(path, source->link, sizeof source->link - 1);
    if (length < 0) return -1;
    source->link[length] = 0;
    bool is_system = *source->link != '/';
    if (is_system && strchr(path + 1, '/') == NULL) {
      source->mode = S_IFLNK;
      return 1;
    }
    if (stat(path, &status)) return 0;
  }
  source->mode = status.st_mode & S_IFMT;
  source->descriptor = open(path, O_PATH | O_CLOEXEC);
  return source->descriptor < 0 ? -1 : 1;
}

static bool is_below(const char *path, const char *folder) {
  size_t length = strlen(folder);
  return !strncmp(path, folder, length) && (path[length] == '/' || path[length] == 0);
}

static int open_sources(struct source *sources, const char *const *paths, int count) {
  for (; *paths; paths++) {
    bool is_known = false;
    for (int index = 0; index < count; index++)
      is_known |= sources[index].mode == S_IFDIR && is_below(*paths, sources[index].path);
    if (is_known) continue;
    if (count == MOST_SOURCES) return -1;
    int opened = open_source(&sources[count], *paths);
    if (opened < 0) return -1;
    count += opened;
  }
  return count;
}

static int make_folders(char *path) {
  for (char *end = path + 1; (end = strchr(end, '/')); end++) {
    *end = 0;
    int failed = mkdir(path, 0755) && errno != EEXIST;
    *end = '/';
    if (failed) return -1;
  }
  return 0;
}

static unsigned long locked_flags(const char *path) {
  struct statvfs status;
  if (statvfs(path, &status)) return 0;
  unsigned long flags = 0;
  if (status.f_flag & ST_NOSUID) flags |= MS_NOSUID;
  if (status.f_flag & ST_NODEV) flags |= MS_NODEV;
  if (status.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
  if (status.f_flag & ST_NOATIME) flags |= MS_NOATIME;
  if (status.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
  if (status.f_flag & ST_RELATIME) flags |= MS_RELATIME;
  return flags;
}

// Shows a source below the folder where the new file system is being built.
static int show(const struct source *source, const char *root) {
  char target[PATH_MAX], origin[64];
  if (snprintf(target, sizeof target, "%s%s", root, source->path) >= (int)sizeof target) return -1;
  if (make_folders(target)) return -1;
  if (source->mode == S_IFLNK) return symlink(source->link, target);
  if (source->mode == S_IFDIR) {
    if (mkdir(target, 0755) && errno != EEXIST) return -1;
  } else {
    int made = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0444);
    if (made < 0) return -1;
    close(made);
  }
  snprintf(origin, sizeof origin, "/proc/self/fd/%d", source->descriptor);
  if (mount(origin, target, NULL, MS_BIND | MS_REC, NULL)) return -1;
  close(source->descriptor);
  if (source->mode == S_IFCHR) return 0;
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | locked_flags(target);
  return mount(NULL, target, NULL, flags, NULL);
}

int renew_own_folder(void) {
  umount2(OWN_FOLDER, MNT_DETACH);
  return mount("job", OWN_FOLDER, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
      "size=64m,nr_inodes=4096,mode=700");
}

static int enter_new_root(const char *root) {
  if (chdir(root) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH)) return -1;
  if (chdir("/") || (mkdir("/tmp", 0755) && errno != EEXIST)) return -1; // Python may lie there
  if (mkdir(OWN_FOLDER, 0700) || renew_own_folder()) return -1;
  return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL);
}

// The new file system is built over /tmp, which every system has.
static int build_file_system(const struct allowance *allowance) {
  static struct source sources[MOST_SOURCES];
  const char *root = "/tmp";
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return -1;
  int count = open_sources(sources, system_paths, 0);
  if (count >= 0) count = open_sources(sources, allowance->read_paths, count);
  if (count < 0) return -1;
  if (geteuid() == 0) setgroups(0, NULL);
  if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)) return -1;
  if (mount("root", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,nr_inodes=4096,mode=755"))
    return -1;
  for (int index = 0; index < count; index++)
    if (show(&sources[index], root)) return -1;
  return enter_new_root(root);
}

pid_t fork_into_namespaces(const struct allowance *allowance) {
  int mapped[2], built[2];
  if (pipe2(mapped, O_CLOEXEC) || pipe2(built, O_CLOEXEC)) return -1;
  int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
              CLONE_NEWUTS | SIGCHLD;
  pid_t child = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
  char byte = 0;
  if (child == 0) {
    close(mapped[1]);
    if (read(mapped[0], &byte, 1) != 1 || build_file_system(allowance)) _exit(125);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || write(built[1], "b", 1) != 1) _exit(125);
    close(mapped[0]), close(built[0]), close(built[1]);
    return 0;
  }
  close(mapped[0]), close(built[1]);
  bool is_ready = child > 0 && map_user(child) == 0 && write(mapped[1], "m", 1) == 1 &&
                  read(built[0], &byte, 1) == 1;
  close(mapped[1]), close(built[0]);
  if (child > 0 && !is_ready) kill(child, SIGKILL);
  return is_ready ? child : -1;
}
