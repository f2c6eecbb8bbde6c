// A seccomp filter. Written by hand, so that no library is needed.
#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(code) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define UNLESS(number, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, skip)
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof *(array))

struct refusal {
  int call;
  int code;
};

// Refused to everybody, the process that starts others included.
static const struct refusal always[] = {
    // The network, sockets of this machine, and messages that outlive a process.
    {SYS_socket, EPERM},
    {SYS_socketpair, EPERM},
    {SYS_bind, EPERM},
    {SYS_connect, EPERM},
    {SYS_shmget, EPERM},
    {SYS_shmat, EPERM},
    {SYS_semget, EPERM},
    {SYS_msgget, EPERM},
    {SYS_mq_open, EPERM},
    {SYS_mq_unlink, EPERM},
    // Other processes.
    {SYS_ptrace, EPERM},
    {SYS_process_vm_readv, EPERM},
    {SYS_process_vm_writev, EPERM},
    {SYS_kcmp, EPERM},
    {SYS_rt_sigqueueinfo, EPERM},
    {SYS_rt_tgsigqueueinfo, EPERM},
    {SYS_setpriority, EPERM},
    {SYS_ioprio_set, EPERM},
    {SYS_sched_setparam, EPERM},
    {SYS_sched_setscheduler, EPERM},
    {SYS_sched_setattr, EPERM},
    {SYS_sched_setaffinity, EPERM},
    {SYS_migrate_pages, EPERM},
    {SYS_move_pages, EPERM},
    // Whoever left the process group would outlive the time-out.
    {SYS_setsid, EPERM},
    {SYS_setpgid, EPERM},
    // The kernel's settings, and calls with a history of faults.
    {SYS_unshare, EPERM},
    {SYS_setns, EPERM},
    {SYS_mount, EPERM},
    {SYS_umount2, EPERM},
    {SYS_pivot_root, EPERM},
    {SYS_chroot, EPERM},
    {SYS_bpf, EPERM},
    {SYS_perf_event_open, EPERM},
    {SYS_keyctl, EPERM},
    {SYS_add_key, EPERM},
    {SYS_request_key, EPERM},
    {SYS_userfaultfd, EPERM},
    {SYS_memfd_create, EPERM},
    {SYS_name_to_handle_at, EPERM},
    {SYS_open_by_handle_at, EPERM},
    {SYS_fanotify_init, EPERM},
    {SYS_quotactl, EPERM},
    {SYS_personality, EPERM},
    {SYS_syslog, EPERM},
    {SYS_acct, EPERM},
    {SYS_swapon, EPERM},
    {SYS_swapoff, EPERM},
    {SYS_sethostname, EPERM},
    {SYS_setdomainname, EPERM},
    {SYS_settimeofday, EPERM},
    {SYS_clock_settime, EPERM},
    {SYS_adjtimex, EPERM},
    {SYS_clock_adjtime, EPERM},
    {SYS_kexec_load, EPERM},
    {SYS_init_module, EPERM},
    {SYS_finit_module, EPERM},
    {SYS_delete_module, EPERM},
    {SYS_reboot, EPERM},
    {SYS_vhangup, EPERM},
    // Everything that came after pidfd_send_signal has the same number on all architectures.
    {424, EPERM},  // pidfd_send_signal
    {425, ENOSYS}, // io_uring_setup
    {426, ENOSYS}, // io_uring_enter
    {427, ENOSYS}, // io_uring_register
    {428, ENOSYS}, // open_tree
    {429, EPERM},  // move_mount
    {430, EPERM},  // fsopen
    {432, EPERM},  // fsmount
    {434, EPERM},  // pidfd_open
    {435, ENOSYS}, // clone3: its flags lie in memory; the C library then falls back to clone
    {438, EPERM},  // pidfd_getfd
    {440, EPERM},  // process_madvise
    {442, EPERM},  // mount_setattr
    {447, EPERM},  // memfd_secret
    {448, EPERM},  // process_mrelease
#ifdef __x86_64__
    {SYS_fork, EAGAIN},
    {SYS_vfork, EAGAIN},
    {SYS_iopl, EPERM},
    {SYS_ioperm, EPERM},
    {SYS_modify_ldt, EPERM},
#endif
};

// Refused to judged programs: these are alone, have the limits that they were given, and end with
// the process that was started.
static const struct refusal judged[] = {
    {SYS_kill, EPERM},      {SYS_tkill, EPERM},       {SYS_tgkill, EPERM}, {SYS_execve, EPERM},
    {SYS_execveat, EPERM},  {SYS_prctl, EPERM},  {SYS_seccomp, EPERM},
    {SYS_setuid, EPERM},    {SYS_setgid, EPERM},      {SYS_setreuid, EPERM}, {SYS_setregid, EPERM},
    {SYS_setresuid, EPERM}, {SYS_setresgid, EPERM},   {SYS_setgroups, EPERM},
    {SYS_capset, EPERM},    {SYS_mknodat, EPERM},     {SYS_setrlimit, EPERM},
#ifdef __x86_64__
    {SYS_mknod, EPERM},
#endif
};

// Refused where there is no own folder, so that nothing can be changed even without Landlock.
static const struct refusal changing[] = {
    {SYS_unlinkat, EROFS},   {SYS_renameat2, EROFS}, {SYS_mkdirat, EROFS},  {SYS_linkat, EROFS},
    {SYS_symlinkat, EROFS},  {SYS_fchmodat, EROFS},  {SYS_fchmod, EROFS},   {SYS_fchownat, EROFS},
    {SYS_fchown, EROFS},     {SYS_truncate, EROFS},  {SYS_utimensat, EROFS}, {SYS_setxattr, EROFS},
    {SYS_lsetxattr, EROFS},  {SYS_fsetxattr, EROFS}, {SYS_removexattr, EROFS},
    {SYS_lremovexattr, EROFS}, {SYS_fremovexattr, EROFS},
    {437, ENOSYS}, // openat2: its flags lie in memory
    {452, EROFS},  // fchmodat2
#ifdef SYS_renameat
    {SYS_renameat, EROFS},
#endif
#ifdef __x86_64__
    {SYS_unlink, EROFS},     {SYS_rmdir, EROFS},     {SYS_rename, EROFS},   {SYS_mkdir, EROFS},
    {SYS_link, EROFS},       {SYS_symlink, EROFS},   {SYS_chmod, EROFS},    {SYS_chown, EROFS},
    {SYS_lchown, EROFS},     {SYS_creat, EROFS},     {SYS_utime, EROFS},    {SYS_utimes, EROFS},
    {SYS_futimesat, EROFS},
#endif
};

struct writer {
  struct sock_filter *filter;
  int count;
};

static void add(struct writer *writer, struct sock_filter instruction) {
  writer->filter[writer->count++] = instruction;
}

static void refuse(struct writer *writer, const struct refusal *refusals, size_t count) {
  for (size_t index = 0; index < count; index++) {
    add(writer, (struct sock_filter)UNLESS((uint32_t)refusals[index].call, 1));
    add(writer, (struct sock_filter)ANSWER(refusals[index].code));
  }
}

// Refuses a call when one of some bits is set in an argument, or when none is.
static void refuse_bits(
    struct writer *writer, int call, size_t argument, uint32_t bits, bool when_set, int code) {
  uint32_t offset = (uint32_t)(offsetof(struct seccomp_data, args) + 8 * argument);
  add(writer, (struct sock_filter)UNLESS((uint32_t)call, 4));
  add(writer, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
  add(writer, (struct sock_filter)BPF_JUMP(
                  BPF_JMP | BPF_JSET | BPF_K, bits, when_set ? 0 : 1, when_set ? 1 : 0));
  add(writer, (struct sock_filter)ANSWER(code));
  add(writer, (struct sock_filter)ALLOW);
}

// Refuses a call when an argument, such as a pointer, is not zero.
static void refuse_nonzero(struct writer *writer, int call, size_t argument, int code) {
  uint32_t offset = (uint32_t)(offsetof(struct seccomp_data, args) + 8 * argument);
  add(writer, (struct sock_filter)UNLESS((uint32_t)call, 6));
  add(writer, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
  add(writer, (struct sock_filter)UNLESS(0, 2));
  add(writer, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset + 4));
  add(writer, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
  add(writer, (struct sock_filter)ANSWER(code));
  add(writer, (struct sock_filter)ALLOW);
}

static void check_architecture(struct writer *writer, uint32_t architecture) {
  add(writer, (struct sock_filter)LOAD(arch));
  add(writer, (struct sock_filter)UNLESS(architecture, 1));
  add(writer, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0));
  add(writer, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  add(writer, (struct sock_filter)LOAD(nr));
#ifdef __x86_64__
  // The x32 calls have other numbers for the same things.
  add(writer, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
  add(writer, (struct sock_filter)ANSWER(ENOSYS));
#endif
}

#ifdef ARCHITECTURE
int write_filter(struct sock_filter *filter, enum strictness strictness) {
  struct writer writer = {filter, 0};
  check_architecture(&writer, ARCHITECTURE);
  refuse(&writer, always, ARRAY_LENGTH(always));
  uint32_t namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                        CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PARENT | CLONE_PTRACE;
  if (strictness == MAY_FORK) refuse_bits(&writer, SYS_clone, 0, namespaces, true, EPERM);
  if (strictness != MAY_FORK) {
    refuse(&writer, judged, ARRAY_LENGTH(judged));
    refuse_bits(&writer, SYS_clone, 0, CLONE_THREAD, false, EAGAIN);
    refuse_nonzero(&writer, SYS_prlimit64, 2, EPERM);
  }
  if (strictness == MAY_READ_ONLY) {
    uint32_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
    refuse(&writer, changing, ARRAY_LENGTH(changing));
    refuse_bits(&writer, SYS_openat, 2, writing, true, EROFS);
#ifdef SYS_open
    refuse_bits(&writer, SYS_open, 1, writing, true, EROFS);
#endif
  }
  add(&writer, (struct sock_filter)ALLOW);
  return writer.count;
}
#else
int write_filter(struct sock_filter *filter, enum strictness strictness) { return 0; }
#endif

int restrict_calls(enum strictness strictness) {
  struct sock_filter filter[MOST_INSTRUCTIONS];
  int count = write_filter(filter, strictness);
  if (count == 0) return -1;
  struct sock_fprog program = {(unsigned short)count, filter};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
