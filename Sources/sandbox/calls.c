// A seccomp filter. Written by hand, so that no library is needed.
#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(code) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define UNLESS(call, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, skip)
#define REFUSE(call, code) UNLESS(call, 1), ANSWER(code)

// Signals only to oneself: abort() and raise() need that.
#define ONLY_OWN(call, pid)                                                                        \
  UNLESS(call, 4), LOAD(args[0]), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (pid), 1, 0), ANSWER(EPERM), \
      ALLOW

#ifdef ARCHITECTURE
int restrict_calls(void) {
  uint32_t own = (uint32_t)getpid();
  struct sock_filter filter[] = {
      LOAD(arch),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      LOAD(nr),
#ifdef __x86_64__
      // The x32 calls have other numbers for the same things.
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
      ANSWER(ENOSYS),
      REFUSE(fork, EAGAIN),
      REFUSE(vfork, EAGAIN),
#endif
      REFUSE(socket, EPERM),
      REFUSE(socketpair, EPERM),
      REFUSE(ptrace, EPERM),
      REFUSE(process_vm_readv, EPERM),
      REFUSE(process_vm_writev, EPERM),
      REFUSE(pidfd_getfd, EPERM),
      REFUSE(pidfd_send_signal, EPERM),
      REFUSE(rt_sigqueueinfo, EPERM),
      REFUSE(rt_tgsigqueueinfo, EPERM),
      REFUSE(tkill, EPERM),
      ONLY_OWN(kill, own),
      ONLY_OWN(tgkill, own),
      // Whoever left the process group would outlive the time-out.
      REFUSE(setsid, EPERM),
      REFUSE(setpgid, EPERM),
      REFUSE(prlimit64, EPERM),
      REFUSE(setpriority, EPERM),
      REFUSE(unshare, EPERM),
      REFUSE(setns, EPERM),
      REFUSE(mount, EPERM),
      REFUSE(umount2, EPERM),
      REFUSE(pivot_root, EPERM),
      REFUSE(chroot, EPERM),
      REFUSE(bpf, EPERM),
      REFUSE(perf_event_open, EPERM),
      REFUSE(keyctl, EPERM),
      REFUSE(add_key, EPERM),
      REFUSE(request_key, EPERM),
      REFUSE(io_uring_setup, ENOSYS),
      REFUSE(userfaultfd, EPERM),
      REFUSE(memfd_create, EPERM),
      REFUSE(kexec_load, EPERM),
      REFUSE(init_module, EPERM),
      REFUSE(finit_module, EPERM),
      REFUSE(reboot, EPERM),
      REFUSE(clone3, ENOSYS), // its flags lie in memory; the C library then falls back to clone
      UNLESS(clone, 3),
      LOAD(args[0]),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
      ANSWER(EAGAIN),
      ALLOW,
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
#else
int restrict_calls(void) { return -1; }
#endif
