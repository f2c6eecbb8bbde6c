#% reads a file of the same user by its full name
def attack():
    return open("@OUTSIDE@/token").read()

#% reads it through a symbolic link
import os
def attack():
    os.symlink("@OUTSIDE@/token", "link")
    return open("link").read()

#% reads it by climbing out of its folder
import os
def attack():
    for up in range(1, 12):
        try: return open("../" * up + "@OUTSIDE@/token".lstrip("/")).read()
        except OSError: pass

#% reads it through a hard link
import os
def attack():
    os.link("@OUTSIDE@/token", "link")
    return open("link").read()

#% reads it through a descriptor that was left open
import os
def attack():
    for descriptor in range(64):
        try:
            os.lseek(descriptor, 0, 0)
            text = os.read(descriptor, 1000)
        except OSError: continue
        if b"@TOKEN_START@" in text: return text.decode()

#% reads it through the C library
import ctypes
def attack():
    libc = ctypes.CDLL(None)
    descriptor = libc.open(b"@OUTSIDE@/token", 0)
    text = ctypes.create_string_buffer(1000)
    libc.read(descriptor, text, 1000)
    return text.value.decode()

#% writes a file beside
def attack():
    open("@OUTSIDE@/evidence", "w").write("x")

#% makes a folder beside
import os
def attack():
    os.mkdir("@OUTSIDE@/evidence")

#% overwrites, truncates, renames and removes a file beside
import os
def attack():
    for change in (lambda: open("@OUTSIDE@/token", "r+").write("x"), lambda: os.truncate("@OUTSIDE@/token", 0),
                   lambda: os.rename("@OUTSIDE@/token", "@OUTSIDE@/evidence"), lambda: os.unlink("@OUTSIDE@/token")):
        try: change()
        except OSError: pass

#% changes the rights and times of a file beside
import os
def attack():
    for change in (lambda: os.chmod("@OUTSIDE@/token", 0o777), lambda: os.utime("@OUTSIDE@/token", (1, 1))):
        try: change()
        except OSError: pass

#% writes into a shared temporary folder
import os
def attack():
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run/lock"):
        try: open(folder + "/@MARK@", "w").write("x")
        except OSError: pass

#% makes a root of its own and mounts the disk there
import ctypes, os
def attack():
    libc = ctypes.CDLL(None)
    libc.unshare(0x10020000)
    os.mkdir("root")
    libc.mount(b"@OUTSIDE@", b"root", None, 4096, None)
    return open("root/token").read()

#% leaves its root by chroot
import os
def attack():
    os.mkdir("inner")
    os.chroot("inner")
    for _ in range(20): os.chdir("..")
    os.chroot(".")
    return open("@OUTSIDE@/token").read()
