#% leaves a file for the next program
open("left", "w").write("@TOKEN@")
#> 
def attack():
    return open("left").read()

#% leaves a file with other rights, a nest and a link for the next program
import os
os.makedirs("left/" + "/".join("x" * 50))
open("left/file", "w").write("@TOKEN@")
os.chmod("left", 0)
#> 
import os
def attack():
    os.chmod("left", 0o700)
    return open("left/file").read()

#% changes its modules for the next program
import builtins, json, math, marshal, numpy, sys, types
for module in (builtins, json, math, marshal, numpy, sys, types, sys.modules["__main__"]):
    module.left = "@TOKEN@"
json.dumps = json.loads = marshal.loads = lambda *rest, **named: "@TOKEN@"
#> 
import math, sys
def attack():
    return getattr(math, "left", None) or sys.modules["__main__"].left

#% changes memory in place for the next program
import ctypes
ctypes.c_char_p.from_address(id(int) + 24).value = b"left"
#> 
def attack():
    return "@TOKEN@" if int.__name__ == "left" else None

#% keeps a thread that writes into the next program's folder
import threading, time
def run():
    while True:
        try: open("/tmp/job/left", "w").write("@TOKEN@")
        except OSError: pass
threading.Thread(target=run, daemon=True).start()
def attack():
    return None
#> 
import time
def attack():
    time.sleep(0.3)
    return open("left").read()

#% closes and blocks the harness's pipes
import os
for descriptor in range(64):
    try: os.set_blocking(descriptor, False)
    except OSError: pass
os.closerange(0, 64)
#> 
def attack():
    return None

#% reads what the program before was asked
import gc
def attack(): return 0
#> 
import ctypes, gc, re
def attack():
    for thing in gc.get_objects():
        if isinstance(thing, (dict, list, tuple)):
            found = re.search("@TOKEN_START@[0-9a-f]{20,}", str(thing))
            if found: return found[0]

#% leaves the interpreter's random numbers known
import random, numpy
random.seed(1); numpy.random.seed(1)
#> 
import random
def attack():
    first = random.random()
    random.seed(1)
    return "@TOKEN@" if random.random() == first else None
