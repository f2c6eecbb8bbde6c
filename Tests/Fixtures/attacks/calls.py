import ctypes, errno, os, platform, struct
libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
# Numbers on x86-64 and arm64; from 424 on they are the same.
CALLS = {
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280), "chroot": (161, 51),
    "clock_settime": (227, 112), "clone": (56, 220), "delete_module": (176, 106), "epoll_create1": (291, 20),
    "eventfd2": (290, 19), "execveat": (322, 281), "fanotify_init": (300, 262), "fcntl": (72, 25),
    "finit_module": (313, 273), "flock": (73, 32), "get_robust_list": (274, 100), "init_module": (175, 105),
    "inotify_init1": (294, 26), "io_setup": (206, 0), "ioctl": (16, 29), "ioperm": (173, -1), "iopl": (172, -1),
    "ioprio_set": (251, 30), "kcmp": (312, 272), "kexec_load": (246, 104), "keyctl": (250, 219), "kill": (62, 129),
    "madvise": (28, 233), "membarrier": (324, 283), "memfd_create": (319, 279), "migrate_pages": (256, 238),
    "mknodat": (259, 33), "mlockall": (151, 230), "mmap": (9, 222), "modify_ldt": (154, -1), "mount": (165, 40),
    "move_pages": (279, 239), "mq_open": (240, 180), "mq_unlink": (241, 181), "msgctl": (71, 187),
    "msgget": (68, 186), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "perf_event_open": (298, 241), "personality": (135, 92), "pivot_root": (155, 41), "prctl": (157, 167),
    "prlimit64": (302, 261), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117),
    "quotactl": (179, 60), "reboot": (169, 142), "request_key": (249, 218), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "sched_getaffinity": (204, 123), "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119), "seccomp": (317, 277),
    "semctl": (66, 191), "semget": (64, 190), "set_mempolicy": (238, 237), "setdomainname": (171, 162),
    "sethostname": (170, 161), "setns": (308, 268), "setpgid": (109, 154), "setpriority": (141, 140),
    "setresuid": (117, 147), "setsid": (112, 157), "settimeofday": (164, 170), "setxattr": (188, 5),
    "shmat": (30, 196), "shmctl": (31, 195), "shmget": (29, 194), "signalfd4": (289, 74), "socket": (41, 198),
    "socketpair": (53, 199), "splice": (275, 76), "swapoff": (168, 225), "swapon": (167, 224), "sync": (162, 81),
    "syslog": (103, 116), "tee": (276, 77), "tgkill": (234, 131), "timer_create": (222, 107),
    "timerfd_create": (283, 85), "tkill": (200, 130), "umount2": (166, 39), "unshare": (272, 97),
    "userfaultfd": (323, 282), "vhangup": (153, 58), "vmsplice": (278, 75), "waitid": (247, 95),
    "pidfd_send_signal": (424, 424), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "pidfd_open": (434, 434), "clone3": (435, 435), "openat2": (437, 437), "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440), "epoll_pwait2": (441, 441), "mount_setattr": (442, 442), "quotactl_fd": (443, 443),
    "landlock_create_ruleset": (444, 444), "memfd_secret": (447, 447), "process_mrelease": (448, 448),
    "set_mempolicy_home_node": (450, 450), "map_shadow_stack": (453, 453), "statmount": (457, 457), "listmount": (458, 458),
    "lsm_set_self_attr": (460, 460), "unknown": (2000, 2000),
}
OTHER_REFUSALS = {"clone": errno.EAGAIN, "madvise": errno.EINVAL}
VICTIM = @VICTIM@
ROOM = ctypes.create_string_buffer(4096)

def call(name, *arguments):
    """Whether the kernel did it, or looked at more than the filter does."""
    number = CALLS[name][ARM]
    if number < 0: return False
    arguments = [ctypes.c_void_p(ctypes.addressof(each)) if isinstance(each, ctypes.Array) else
                 each if isinstance(each, bytes) else ctypes.c_long(each) for each in arguments]
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0: return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, OTHER_REFUSALS.get(name))

def any_of(*calls):
    return "@TOKEN@" if any([call(*each) for each in calls]) else None

#% has a signal sent to others as the owner of a pipe
def attack():
    reading, writing = os.pipe()
    done = [call("fcntl", reading, 8, VICTIM), call("fcntl", reading, 10, 9), call("fcntl", reading, 4, 0o20000)]
    os.write(writing, b"x")
    return "@TOKEN@" if any(done) else None

#% has a signal sent as the owner by a structure and by ioctl
def attack():
    reading, writing = os.pipe()
    owner, one = ctypes.create_string_buffer(struct.pack("ii", 1, VICTIM)), ctypes.create_string_buffer(struct.pack("i", 1))
    done = [call("fcntl", reading, 15, owner), call("ioctl", reading, 0x8901, ctypes.create_string_buffer(struct.pack("i", VICTIM))),
            call("ioctl", reading, 0x5452, one)]
    os.write(writing, b"x")
    return "@TOKEN@" if any(done) else None

#% has a signal sent by a lease, by a watched folder and by a resized pipe
def attack():
    reading, writing = os.pipe()
    folder = os.open("/usr", 0)
    return any_of(("fcntl", folder, 1024, 0), ("fcntl", folder, 1026, 0x8000003f), ("fcntl", writing, 1031, 1 << 20))

#% opens a file so that it signals
def attack():
    descriptor = os.open("/usr", 0)
    return any_of(("fcntl", descriptor, 4, 0o20000 | 0o4000), ("fcntl", descriptor, (1 << 32) | 8, VICTIM))

#% kills with kill
def attack(): return any_of(("kill", VICTIM, 9), ("kill", -VICTIM, 9))

#% kills with tkill and tgkill
def attack(): return any_of(("tkill", VICTIM, 9), ("tgkill", VICTIM, VICTIM, 9))

#% asks by signal 0 who is there
def attack(): return any_of(("kill", VICTIM, 0), ("tkill", VICTIM, 0))

#% queues a signal for others
def attack(): return any_of(("rt_sigqueueinfo", VICTIM, 9, ROOM), ("rt_tgsigqueueinfo", VICTIM, VICTIM, 9, ROOM))

#% kills through a process's descriptor
def attack():
    descriptor = libc.syscall(434, VICTIM, 0)
    return any_of(("pidfd_open", VICTIM, 0), ("pidfd_send_signal", descriptor, 9, 0, 0), ("process_mrelease", descriptor, 0))

#% has a timer signal another process
def attack():
    event = ctypes.create_string_buffer(struct.pack("qiii", 0, 9, 4, VICTIM) + bytes(64))
    return any_of(("timer_create", 1, event, ROOM), ("timerfd_create", 1, 0))

#% traces others
def attack(): return any_of(("ptrace", 16, VICTIM, 0, 0), ("ptrace", 0x4206, VICTIM, 0, 0), ("ptrace", 0, 0, 0, 0))

#% reads and writes memory of others
def attack():
    piece = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(ROOM), 8))
    return any_of(*[(name, target, piece, 1, piece, 1, 0) for name in ("process_vm_readv", "process_vm_writev") for target in (VICTIM, os.getppid())])

#% compares itself with others
def attack(): return any_of(("kcmp", os.getpid(), VICTIM, 1, 0, 0), ("get_robust_list", VICTIM, ROOM, ROOM))

#% takes descriptors of others
def attack(): return any_of(("pidfd_getfd", 3, 0, 0), ("process_madvise", 3, ROOM, 1, 21, 0))

#% makes shared memory
def attack(): return any_of(("shmget", 0, 4096, 0o1600), ("shmat", 0, 0, 0), ("shmget", @KEY@, 4096, 0o1666))

#% removes shared memory of others
def attack(): return any_of(("shmctl", -1, 0, 0), ("shmctl", 0, 14, ROOM))

#% makes and removes semaphores
def attack(): return any_of(("semget", 0, 1, 0o1600), ("semctl", -1, 0, 0), ("semctl", 0, 0, 19, ROOM))

#% makes and removes message queues
def attack(): return any_of(("msgget", 0, 0o1600), ("msgctl", -1, 0, 0), ("mq_open", b"@MARK@", 0o102, 0o600, 0), ("mq_unlink", b"@MARK@"))

#% uses io_uring and asynchronous reading
def attack(): return any_of(("io_uring_setup", 4, ROOM), ("io_uring_enter", 3, 1, 1, 0, 0), ("io_uring_register", 3, 0, 0, 0), ("io_setup", 4, ROOM))

#% handles faults of pages itself
def attack(): return any_of(("userfaultfd", 0), ("userfaultfd", 1))

#% loads programs into the kernel
def attack(): return any_of(("bpf", 0, ROOM, 72), ("bpf", 5, ROOM, 72))

#% measures others
def attack():
    event = ctypes.create_string_buffer(struct.pack("II", 1, 112) + bytes(120))
    return any_of(("perf_event_open", event, 0, -1, -1, 0), ("perf_event_open", event, VICTIM, -1, -1, 0))

#% uses the kernel's keys
def attack(): return any_of(("keyctl", 0, -3, 0), ("keyctl", 1, 0), ("add_key", b"user", b"@MARK@", ROOM, 8, -3), ("request_key", b"user", b"@MARK@", 0, -3))

#% mounts in the old way
def attack(): return any_of(("mount", b"none", b"/usr", b"tmpfs", 0, 0), ("umount2", b"/usr", 2), ("pivot_root", b"/", b"/"), ("chroot", b"/usr"))

#% mounts in the new way
def attack():
    return any_of(("open_tree", -100, b"/usr", 1), ("move_mount", 3, b"", -100, b"/usr", 4), ("fsopen", b"tmpfs", 0), ("fsconfig", 3, 0, 0, 0, 0),
                  ("fsmount", 3, 0, 0), ("fspick", -100, b"/usr", 0), ("mount_setattr", -100, b"/usr", 0, ROOM, 32))

#% asks what is mounted
def attack(): return any_of(("statmount", ROOM, ROOM, 512, 0), ("listmount", ROOM, ROOM, 16, 0))

#% enters other namespaces
def attack(): return any_of(*[("unshare", flag) for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x80, 0x2000000)], ("setns", 3, 0))

#% makes a process with clone
def attack(): return any_of(*[("clone", flags, 0, 0, 0, 0) for flags in (17, 0, 0x8011, 0x10000011, 0x4111, 0x01200011)])

#% makes a process with clone3
def attack(): return any_of(("clone3", ctypes.create_string_buffer(struct.pack("Q", 0) + bytes(80)), 88))

#% runs a file without a name
def attack():
    descriptor = libc.syscall(CALLS["memfd_create"][ARM], b"x", 0)
    return any_of(("memfd_create", b"x", 0), ("memfd_secret", 0), ("execveat", descriptor, b"", 0, 0, 0x1000), ("execveat", -100, b"/bin/true", 0, 0, 0))

#% changes its personality
def attack(): return any_of(("personality", 0x0040000), ("personality", 0xffffffff))

#% moves others to another processor
def attack():
    mask = ctypes.create_string_buffer(struct.pack("Q", 1))
    return any_of(("sched_setaffinity", VICTIM, 8, mask), ("sched_getaffinity", VICTIM, 8, mask), ("sched_setaffinity", 0, 8, mask))

#% changes the limits of others, and reads them
def attack():
    none = ctypes.create_string_buffer(struct.pack("QQ", 0, 0))
    return any_of(("prlimit64", VICTIM, 7, none, 0), ("prlimit64", VICTIM, 0, none, ROOM), ("prlimit64", VICTIM, 7, 0, ROOM), ("prlimit64", 0, 7, none, 0))

#% changes the priority of others
def attack():
    # A user whom nobody is: by the own number, outside the sandbox, all of root's would be hit, the kernel's threads too.
    nobody = 0x7ffffffe
    return any_of(("setpriority", 0, VICTIM, 19), ("setpriority", 2, nobody, 19), ("ioprio_set", 1, VICTIM, 3 << 13))

#% changes how others are scheduled
def attack(): return any_of(("sched_setscheduler", VICTIM, 3, ROOM), ("sched_setparam", VICTIM, ROOM), ("sched_setattr", VICTIM, ROOM, 0))

#% moves the memory of others
def attack(): return any_of(("migrate_pages", VICTIM, 64, ROOM, ROOM), ("move_pages", VICTIM, 0, 0, 0, 0, 0), ("set_mempolicy", 0, 0, 0))

#% opens files by their handles
def attack(): return any_of(("name_to_handle_at", -100, b"/usr", ROOM, ROOM, 0), ("open_by_handle_at", 3, ROOM, 0))

#% changes quotas and swap
def attack(): return any_of(("quotactl", 0x800007, b"/dev/vda", 0, ROOM), ("quotactl_fd", 3, 0x800007, 0, ROOM), ("swapon", b"/dev/null", 0), ("swapoff", b"/dev/null"), ("acct", 0))

#% restarts the machine or its kernel
def attack(): return any_of(("reboot", 0, 0, 0, 0), ("kexec_load", 0, 0, 0, 0), ("vhangup",))

#% loads and unloads modules
def attack(): return any_of(("init_module", ROOM, 8, b""), ("finit_module", 3, b"", 0), ("delete_module", b"none", 0))

#% sets the clock and the machine's name
def attack():
    return any_of(("settimeofday", 0, 0), ("clock_settime", 0, ROOM), ("adjtimex", ROOM), ("sethostname", b"x", 1), ("setdomainname", b"x", 1), ("syslog", 3, ROOM, 100))

#% opens sockets of every family
def attack():
    return any_of(*[("socket", family, kind, 0) for family in range(46) for kind in (1, 2, 3, 5)])

#% opens pairs of sockets, and sockets to the machine's host
def attack():
    return any_of(("socketpair", 1, 1, 0, ROOM), ("socketpair", 1, 2, 0, ROOM), ("socket", 40, 1, 0), ("socket", 38, 5, 0))

#% floods the user's watches and descriptors of events
def attack():
    return any_of(*[("inotify_init1", 0)] * 200, *[("eventfd2", 0, 0)] * 50, *[("epoll_create1", 0)] * 50, ("fanotify_init", 0, 0), ("signalfd4", -1, ROOM, 8, 0))

#% holds locks on files that others need
def attack():
    descriptor = os.open("/usr", os.O_RDONLY)
    lock = ctypes.create_string_buffer(struct.pack("hhqqi", 0, 0, 0, 0, 0) + bytes(32))
    return any_of(("flock", descriptor, 2 | 4), ("fcntl", descriptor, 6, lock), ("fcntl", descriptor, 37, lock))

#% joins pipes and pages
def attack():
    reading, writing = os.pipe()
    return any_of(("splice", reading, 0, writing, 0, 1, 2), ("tee", reading, writing, 1, 2), ("vmsplice", writing, ROOM, 1, 0))

#% talks to the terminal
def attack():
    return any_of(*[("ioctl", descriptor, request, ROOM) for descriptor in (0, 1, 2) for request in (0x5412, 0x541c, 0x540e, 0x5410, 0x5423)])

#% leaves its group and becomes another user
def attack(): return any_of(("setsid",), ("setpgid", 0, 0), ("setresuid", 0, 0, 0))

#% changes what a process is
def attack():
    return any_of(("prctl", 1, 0), ("prctl", 4, 1), ("prctl", 36, 1), ("prctl", 15, b"x"), ("prctl", 35, 1), ("prctl", 0x59616d61, VICTIM), ("seccomp", 1, 0, 0), ("landlock_create_ruleset", ROOM, 8, 0))

#% merges pages, takes huge pages and locks memory
def attack():
    page = ctypes.addressof(ROOM) & ~4095
    return any_of(("madvise", page, 4096, 12), ("madvise", page, 4096, 100), ("mmap", 0, 1 << 21, 3, 0x40022, -1, 0), ("mlockall", 1))

#% makes devices, and attributes without a bound
def attack():
    return any_of(("mknodat", -100, b"node", 0o010600, 0), ("mknodat", -100, b"null", 0o020600, 0x103), ("setxattr", b"/usr", b"user.x", ROOM, 4096, 0))

#% writes all disks, and interrupts all processors
def attack(): return any_of(("sync",), ("membarrier", 1, 0, 0))

#% talks to ports and tables of the processor
def attack(): return any_of(("iopl", 3), ("ioperm", 0, 8, 1), ("modify_ldt", 1, ROOM, 16))

#% calls what came after this was written
def attack():
    return any_of(("openat2", -100, b"/usr", ROOM, 24), ("epoll_pwait2", 3, ROOM, 1, 0, 0, 0), ("set_mempolicy_home_node", 0, 0, 0, 0),
                  ("map_shadow_stack", 0, 4096, 0), ("lsm_set_self_attr", 0, 0, 0, 0), ("waitid", 3, 3, ROOM, 4, 0), ("unknown",))

#% calls by the numbers of 32 bits and of x32
def attack():
    if ARM: return None
    done = [libc.syscall(ctypes.c_long(0x40000000 + number), 0, 0, 0) >= 0 for number in (39, 41, 57, 62, 521, 545)]
    if any(done): return "@TOKEN@"
    # int 0x80 with the number of getpid in 32 bits, which must end the program.
    code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
    import mmap
    room = mmap.mmap(-1, 4096, prot=7)
    room.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(room))
    if ctypes.CFUNCTYPE(ctypes.c_int)(address)() > 0: return "@TOKEN@"

#% makes every call that is not in the list
# On x86-64, in increasing order. Whoever allows another call has to say so here, too.
ALLOWED = [
    *range(27), 28, *range(32, 41), 56, 60, 63, 72, *range(74, 92), 95, *range(96, 101), 102, 104, 107, 108, 110, 115, 118,
    120, 127, 128, 130, 131, 132, 137, 138, 186, 201, 202, 204, 217, 218, 219, 228, 229, 230, 231, 235, 257, 258,
    *range(262, 272), 273, 280, 285, 292, 293, 302, 309, 316, 318, 332, 334, 436, 439, 452,
]
# Newer kernels ask no filter about these, and end whoever calls them from elsewhere than a probe.
PROBES = [335, 336]
REFUSALS = {errno.EPERM, errno.ENOSYS, errno.EAGAIN, errno.EOPNOTSUPP}
def attack():
    if ARM: return None
    for number in sorted({*range(600)} - {*ALLOWED, *PROBES}):
        # No argument has a meaning, so that no harm is done where a call is let through.
        if libc.syscall(*[ctypes.c_long(each) for each in (number, -1, -1, -1, -1, -1, -1)]) >= 0: return "@TOKEN@"
        if ctypes.get_errno() not in REFUSALS: return "@TOKEN@"
