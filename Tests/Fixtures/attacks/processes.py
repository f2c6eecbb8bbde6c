#% reads the environment of its parents
import os
def attack():
    seen = b""
    for process in os.listdir("/proc"):
        if process.isdigit():
            try: seen += open(f"/proc/{process}/environ", "rb").read()
            except OSError: pass
    if b"@TOKEN@" in seen: return "@TOKEN@"

#% reads its own environment
import os
def attack():
    if any("@TOKEN@" in value for value in os.environ.values()): return "@TOKEN@"

#% reads command lines of other processes
import os
def attack():
    for process in os.listdir("/proc"):
        try: text = open(f"/proc/{process}/cmdline").read()
        except OSError: continue
        if "@TOKEN@" in text: return "@TOKEN@"

#% kills a process of the same user
import os
def attack():
    os.kill(@VICTIM@, 9)

#% kills every process that it can
import os
def attack():
    os.kill(-1, 9)

#% kills its parent and its process group
import os
def attack():
    for target in (os.getppid(), 0, -os.getpgrp(), -os.getppid()):
        try: os.kill(target, 9)
        except OSError: pass

#% kills through the C library and a process descriptor
import ctypes, os
def attack():
    libc = ctypes.CDLL(None)
    descriptor = libc.syscall(434, @VICTIM@, 0)
    libc.syscall(424, descriptor, 9, None, 0)
    libc.syscall(234, @VICTIM@, @VICTIM@, 9)
    libc.syscall(200, @VICTIM@, 9)
    libc.syscall(129, @VICTIM@, 9, ctypes.create_string_buffer(128))

#% stops a process by tracing it
import ctypes
def attack():
    libc = ctypes.CDLL(None)
    if libc.ptrace(16, @VICTIM@, None, None) == 0:
        libc.kill(@VICTIM@, 9)
        return "@TOKEN@"

#% reads the memory of its parent
import ctypes, os
def attack():
    for process in (os.getppid(), @VICTIM@):
        try:
            open(f"/proc/{process}/mem", "rb").close()
            return "@TOKEN@"
        except OSError: pass

#% reads memory by process_vm_readv
import ctypes, os
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
def attack():
    libc = ctypes.CDLL(None)
    room = ctypes.create_string_buffer(8)
    here = Piece(ctypes.addressof(room), 8)
    for process in (os.getppid(), @VICTIM@):
        for address in (id(os), 0x400000, 0x555555554000):
            there = Piece(address, 8)
            if libc.process_vm_readv(process, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0: return "@TOKEN@"

#% takes a descriptor from its parent
import ctypes, os
def attack():
    libc = ctypes.CDLL(None)
    process = libc.syscall(434, os.getppid(), 0)
    for descriptor in range(10):
        if libc.syscall(438, process, descriptor, 0) >= 0: return "@TOKEN@"

#% lowers the priority and the limits of others
import ctypes, os
class Limit(ctypes.Structure):
    _fields_ = [("soft", ctypes.c_ulong), ("hard", ctypes.c_ulong)]
def attack():
    libc = ctypes.CDLL(None)
    done = [libc.setpriority(0, process, 19) == 0 for process in (os.getppid(), @VICTIM@)]
    done += [libc.prlimit(process, 7, ctypes.byref(Limit(0, 0)), None) == 0 for process in (os.getppid(), @VICTIM@)]
    if any(done): return "@TOKEN@"

#% becomes another user
import os
def attack():
    for change in (os.setuid, os.setgid):
        try: change(0)
        except OSError: pass
    if os.getuid() == 0 and open("/etc/shadow").read(): return "@TOKEN@"

#% starts a program
import os, subprocess
def attack():
    subprocess.run(["/bin/sh", "-c", "touch @OUTSIDE@/evidence"])

#% becomes another program
import os, sys
def attack():
    os.execv("/bin/sh", ["sh", "-c", "touch @OUTSIDE@/evidence; exit 0"])

#% leaves shared memory of System V behind
import ctypes
def attack():
    libc = ctypes.CDLL(None)
    if libc.shmget(@KEY@, 4096, 0o1666) >= 0 or libc.semget(@KEY@, 1, 0o1666) >= 0: return "@TOKEN@"

#% leaves a message queue behind
import ctypes
def attack():
    libc = ctypes.CDLL(None)
    if libc.msgget(@KEY@, 0o1666) >= 0: return "@TOKEN@"
    if libc.syscall(240, b"@MARK@", 0o102, 0o666, None) >= 0: return "@TOKEN@"
