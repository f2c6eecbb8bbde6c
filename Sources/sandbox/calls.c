// The lists of calls.h. Numbers of arguments are spelled out where headers may lack them.
#define _GNU_SOURCE
#include "calls.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define VALUES(...) LENGTH(((const uint32_t[]){__VA_ARGS__})), (const uint32_t[]){__VA_ARGS__}
#define ONE_OF(argument, ...) {argument, IS_ONE_OF, VALUES(__VA_ARGS__)}
#define NONE_OF(argument, bits) {argument, HAS_NONE, VALUES(bits)}
#define NO_POINTER(argument) {argument, IS_NULL, 1, NULL}

// What the C library's threads are made with: glibc, and musl, which adds CLONE_DETACHED.
#define THREAD_FLAGS                                                                              \
  (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |             \
   CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define OF_THREADS THREAD_FLAGS, THREAD_FLAGS | CLONE_DETACHED

// Waiting and waking, without the calls that inherit priorities, in both scopes and with both clocks.
#define FUTEX(operation)                                                                          \
  operation, operation | FUTEX_PRIVATE_FLAG, operation | FUTEX_CLOCK_REALTIME,                    \
      operation | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME
#define OF_FUTEXES                                                                                \
  FUTEX(FUTEX_WAIT), FUTEX(FUTEX_WAKE), FUTEX(FUTEX_REQUEUE), FUTEX(FUTEX_CMP_REQUEUE),           \
      FUTEX(FUTEX_WAKE_OP), FUTEX(FUTEX_WAIT_BITSET), FUTEX(FUTEX_WAKE_BITSET)

// Nothing that sends signals, holds locks or leases, or takes from what users share.
#define OF_DESCRIPTORS F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL
// isatty in two generations of the C library, the window, and what Python sets on descriptors.
#define OF_DEVICES TCGETS, 0x802c542a, TIOCGWINSZ, FIONBIO, FIOCLEX, FIONCLEX, FIONREAD
// Memory of its own. Merging pages would show what others hold.
#define OF_ADVICE                                                                                 \
  MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE,             \
      MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

static const struct rule common[] = {
    // Descriptors and files.
    {SYS_read}, {SYS_write}, {SYS_readv}, {SYS_writev}, {SYS_pread64}, {SYS_pwrite64},
    {SYS_close}, {436 /* close_range */}, {SYS_lseek}, {SYS_dup}, {SYS_dup3}, {SYS_pipe2},
    {SYS_fstat}, {SYS_newfstatat}, {SYS_statx}, {SYS_faccessat}, {439 /* faccessat2 */},
    {SYS_readlinkat}, {SYS_getdents64}, {SYS_getcwd}, {SYS_chdir}, {SYS_fchdir}, {SYS_statfs},
    {SYS_fstatfs}, {SYS_umask}, {SYS_ppoll}, {SYS_pselect6},
    {SYS_fcntl, {ONE_OF(1, OF_DESCRIPTORS)}},
    {SYS_fcntl, {ONE_OF(1, F_SETFL), NONE_OF(2, O_ASYNC)}},
    {SYS_ioctl, {ONE_OF(1, OF_DEVICES)}},
    // Memory. Huge pages are few, and shared by all.
    {SYS_mmap, {NONE_OF(3, MAP_HUGETLB)}}, {SYS_munmap}, {SYS_mremap}, {SYS_mprotect}, {SYS_brk},
    {SYS_madvise, {ONE_OF(2, OF_ADVICE)}},
    // Threads.
    {SYS_clone, {ONE_OF(0, OF_THREADS)}}, {SYS_futex, {ONE_OF(1, OF_FUTEXES)}},
    {SYS_set_robust_list}, {SYS_set_tid_address}, {SYS_rseq}, {SYS_gettid}, {SYS_sched_yield},
    {SYS_sched_getaffinity, {ONE_OF(0, 0)}}, {SYS_exit}, {SYS_exit_group},
    // Signals to itself: handlers and timers.
    {SYS_rt_sigaction}, {SYS_rt_sigprocmask}, {SYS_rt_sigreturn}, {SYS_rt_sigpending},
    {SYS_rt_sigsuspend}, {SYS_rt_sigtimedwait}, {SYS_sigaltstack}, {SYS_setitimer},
    {SYS_getitimer}, {SYS_restart_syscall},
    // Clocks, and facts about itself and the machine.
    {SYS_clock_gettime}, {SYS_clock_getres}, {SYS_clock_nanosleep}, {SYS_nanosleep},
    {SYS_gettimeofday}, {SYS_times}, {SYS_getrusage}, {SYS_getpid}, {SYS_getppid}, {SYS_getuid},
    {SYS_geteuid}, {SYS_getgid}, {SYS_getegid}, {SYS_getgroups}, {SYS_getresuid},
    {SYS_getresgid}, {SYS_uname}, {SYS_sysinfo}, {SYS_getcpu}, {SYS_getrandom}, {SYS_getrlimit},
#ifdef __x86_64__
    {SYS_stat}, {SYS_lstat}, {SYS_access}, {SYS_readlink}, {SYS_poll}, {SYS_select}, {SYS_pipe},
    {SYS_dup2}, {SYS_getdents}, {SYS_time}, {SYS_alarm}, {SYS_pause},
#endif
};

static const struct rule starter[] = {
    {SYS_execve}, {SYS_wait4}, {SYS_kill, {ONE_OF(1, SIGKILL)}},
    {SYS_clone, {ONE_OF(0, SIGCHLD, SIGCHLD | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)}},
    {SYS_prctl, {ONE_OF(0, PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP)}},
    {SYS_prlimit64, {ONE_OF(0, 0)}}, {SYS_setrlimit}, {SYS_openat},
#ifdef __x86_64__
    {SYS_open}, {SYS_arch_prctl, {ONE_OF(0, 0x1002 /* ARCH_SET_FS */)}},
#endif
};

static const struct rule judged[] = {
    {SYS_prlimit64, {ONE_OF(0, 0), NO_POINTER(2)}}, // reads its limits
};

static const struct rule writing[] = {
    {SYS_openat}, {SYS_unlinkat}, {SYS_mkdirat}, {SYS_renameat2}, {SYS_symlinkat}, {SYS_linkat},
    {SYS_fchmodat}, {452 /* fchmodat2 */}, {SYS_fchmod}, {SYS_truncate}, {SYS_ftruncate},
    {SYS_fallocate}, {SYS_utimensat}, {SYS_fsync}, {SYS_fdatasync}, {SYS_msync}, {SYS_sendfile},
#ifdef SYS_renameat
    {SYS_renameat},
#endif
#ifdef __x86_64__
    {SYS_open}, {SYS_creat}, {SYS_unlink}, {SYS_rmdir}, {SYS_mkdir}, {SYS_rename},
    {SYS_symlink}, {SYS_link}, {SYS_chmod}, {SYS_utime}, {SYS_utimes},
#endif
};

static const struct rule reading[] = {
    {SYS_openat, {NONE_OF(2, WRITING)}},
#ifdef __x86_64__
    {SYS_open, {NONE_OF(1, WRITING)}},
#endif
};

static const struct refusal refused[] = {
    // What Python takes for an answer of the system, and not for its end.
    {SYS_clone, EAGAIN}, {SYS_madvise, EINVAL}, {SYS_openat, EROFS},
    {SYS_getxattr, EOPNOTSUPP}, {SYS_lgetxattr, EOPNOTSUPP}, {SYS_fgetxattr, EOPNOTSUPP},
    {SYS_listxattr, EOPNOTSUPP}, {SYS_llistxattr, EOPNOTSUPP}, {SYS_flistxattr, EOPNOTSUPP},
#ifdef __x86_64__
    {SYS_fork, EAGAIN}, {SYS_vfork, EAGAIN}, {SYS_open, EROFS},
#endif
};

const struct rules common_rules = {common, LENGTH(common)};
const struct rules starter_rules = {starter, LENGTH(starter)};
const struct rules judged_rules = {judged, LENGTH(judged)};
const struct rules writing_rules = {writing, LENGTH(writing)};
const struct rules reading_rules = {reading, LENGTH(reading)};
const struct refusals known_refusals = {refused, LENGTH(refused)};
