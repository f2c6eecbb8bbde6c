#% imports what programs commonly import
import abc, argparse, ast, asyncio, base64, bisect, calendar, cmath, collections, concurrent.futures
import contextlib, copy, csv, dataclasses, datetime, decimal, difflib, enum, fractions, functools
import glob, gzip, hashlib, heapq, hmac, inspect, io, itertools, json, locale, logging, lzma, math
import multiprocessing, numbers, operator, os, pathlib, pickle, platform, pprint, queue, random, re
import secrets, select, shutil, signal, socket, sqlite3, statistics, string, struct, subprocess, sys
import tempfile, textwrap, threading, time, timeit, traceback, types, typing, unicodedata
import unittest, urllib.parse, uuid, warnings, weakref, xml.etree.ElementTree, zipfile, zlib, zoneinfo
def use(): return True

#% computes with arrays
import numpy as np
def use():
    a = np.random.default_rng(1).normal(size=(120, 120))
    np.random.seed(2)
    b = np.linalg.solve(a, np.ones(120)) + np.sort(np.random.rand(120)) + np.fft.fft(a[0]).real
    np.linalg.svd(a), np.linalg.eig(a), a @ a, np.array2string(a[0])
    big = np.zeros(1 << 23)
    del big
    return bool(np.isfinite(b).all())

#% starts threads and pools of threads
import concurrent.futures, queue, threading
def use():
    lock, seen, pipe = threading.Lock(), [], queue.Queue()
    def run(index):
        with lock: seen.append(index)
        pipe.put(index)
    threads = [threading.Thread(target=run, args=(index,)) for index in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    event = threading.Event()
    event.wait(0.01)
    try: pipe.get(timeout=0.01)
    except queue.Empty: return False
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return sum(pool.map(len, ["a", "bb"])) == 3 and len(seen) == 8

#% asks for the time and sleeps
import datetime, time, timeit
def use():
    time.sleep(0.01)
    time.time(), time.monotonic(), time.perf_counter_ns(), time.process_time(), time.thread_time()
    time.localtime(), time.strftime("%c"), time.get_clock_info("monotonic"), time.clock_gettime(0)
    timeit.timeit("1 + 1", number=10)
    return datetime.datetime.now().year > 2000 and datetime.datetime.now(datetime.timezone.utc) is not None

#% draws random numbers of every kind
import os, random, secrets, uuid
def use():
    random.seed()
    random.SystemRandom().random(), secrets.token_hex(), uuid.uuid1(), uuid.uuid4()
    return len(os.urandom(8)) == 8

#% limits its own time by an alarm
import signal
class Late(Exception): pass
def late(*rest): raise Late
def use():
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        while True: sum(range(100))
    except Late: pass
    signal.alarm(1)
    try: signal.pause()
    except Late: pass
    signal.sigpending(), signal.pthread_sigmask(signal.SIG_BLOCK, [])
    return signal.alarm(0) == 0

#% prints and reads its input
import sys
def use():
    print("x", flush=True)
    print("y", file=sys.stderr)
    sys.stdout.isatty(), sys.stdin.fileno()
    try: return input() is None
    except EOFError: return sys.stdin.read() == ""

#% compresses, hashes and packs
import bz2, gzip, hashlib, io, lzma, pickle, struct, zipfile, zlib
def use():
    data = bytes(range(256)) * 5000
    packed = [bz2.compress(data), gzip.compress(data), lzma.compress(data), zlib.compress(data)]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive: archive.writestr("a", data)
    [hashlib.new(name, data) for name in ("md5", "sha256", "sha3_256", "blake2b")]
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 10)
    return all(packed) and pickle.loads(pickle.dumps(data)) == data

#% keeps a database in memory
import sqlite3
def use():
    base = sqlite3.connect(":memory:")
    base.execute("create table t (a)")
    base.executemany("insert into t values (?)", [(1,), (2,)])
    return base.execute("select sum(a) from t").fetchone() == (3,)

#% looks at where it is and what it may use
import locale, os, pathlib, platform, resource, shutil, sys
def use():
    os.getcwd(), os.listdir("/usr"), os.path.exists("/usr/lib"), os.stat("/usr"), os.access("/usr", os.R_OK)
    os.getpid(), os.getppid(), os.getuid(), os.getgroups(), os.uname(), os.cpu_count(), os.times()
    os.sched_getaffinity(0), os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    resource.getrlimit(resource.RLIMIT_AS), resource.getrusage(resource.RUSAGE_SELF)
    platform.python_version(), platform.system(), locale.setlocale(locale.LC_ALL, "C")
    shutil.disk_usage("/usr"), pathlib.Path("/usr").resolve(), list(pathlib.Path("/usr").iterdir())
    return os.path.realpath(sys.executable) != ""

#% takes memory and gives it back
import mmap
def use():
    for _ in range(5):
        room = bytearray(1 << 26)
        del room
    text = []
    for index in range(200000): text.append(str(index))
    with mmap.mmap(-1, 1 << 16) as room: room.write(b"x")
    return len(text) == 200000

#% calls the C library and is called by it
import ctypes
def use():
    libc = ctypes.CDLL(None)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 3)(3, 1, 2)
    libc.qsort(numbers, 3, 4, compare(lambda a, b: a[0] - b[0]))
    return list(numbers) == [1, 2, 3]

#% uses pipes and waits for them
import fcntl, os, select, selectors
def use():
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    os.set_blocking(reading, False)
    fcntl.fcntl(writing, fcntl.F_SETFL, fcntl.fcntl(writing, fcntl.F_GETFL) | os.O_NONBLOCK)
    os.write(writing, b"x")
    found = select.select([reading], [], [], 0.1)[0] == [reading]
    poll = select.poll()
    poll.register(reading)
    poll.poll(10)
    copy = os.dup(reading)
    os.dup2(copy, 40)
    os.closerange(40, 60)
    return found and os.read(copy, 1) == b"x"

#% goes without what it does not get
import multiprocessing, os, shutil, socket, subprocess
def use():
    tried = [lambda: subprocess.run(["true"]), os.fork, socket.socket, lambda: os.kill(os.getppid(), 0),
             lambda: multiprocessing.Process(target=use).start(), lambda: os.nice(1), lambda: os.mkfifo("fifo")]
    refused = 0
    for attempt in tried:
        try: attempt()
        except OSError: refused += 1
    return refused == len(tried)

#% is left in the middle by an error
import faulthandler, traceback, warnings
def use():
    warnings.warn("x")
    try: [][1]
    except IndexError: return "IndexError" in traceback.format_exc()

#+ writes and reads files of its own
import json, os, pathlib, shutil, tempfile
def use():
    os.makedirs("a/b", exist_ok=True)
    with open("a/b/c", "w") as file: json.dump([1], file)
    shutil.copy2("a/b/c", "a/d")
    shutil.copytree("a", "e")
    os.rename("a/d", "a/f"), os.chmod("a/f", 0o600), os.utime("a/f", (1, 1)), os.truncate("a/f", 1)
    os.symlink("a", "g"), pathlib.Path("h").touch(), pathlib.Path("h").unlink()
    os.replace("a/f", "a/i")
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile("w+") as file:
        file.write("x"), file.flush(), os.fsync(file.fileno()), file.truncate(0)
        pathlib.Path(folder, "x").write_text("y")
    shutil.rmtree("e")
    return json.load(open("a/b/c")) == [1]

#+ keeps a database in a file of its own
import dbm.dumb, shelve
def use():
    with shelve.Shelf(dbm.dumb.open("base", "c")) as base: base["a"] = 1
    with shelve.Shelf(dbm.dumb.open("base", "c")) as base: return base["a"] == 1
