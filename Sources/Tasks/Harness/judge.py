"""Judges programs that nobody trusts; started once, by the launcher, which has confined it.

For each job it forks a tester, which holds the tests and the secret, and a worker, which runs the
program and knows neither. They are separate processes, so that the program cannot reach what the
tester knows. The tester calls the program's function over a pair of pipes: arguments go out by
marshal, answers come back as JSON, which the tester can read safely whatever it is sent. This
process itself never reads a job, so that a worker, being its copy, has seen nothing.
"""

import builtins
import ctypes
import decimal
import fractions
import gc
import json
import marshal
import numbers
import os
import resource
import signal
import sys
import time
import types

# What programs and tests commonly use is imported once, here.
import bisect, collections, copy, datetime, functools, hashlib, heapq, itertools, math  # noqa
import operator, random, re, statistics, string, typing  # noqa

try:
    import numpy
except ImportError:
    numpy = None

JOBS, FRAMES = 3, 4  # to the launcher, in this process and in testers
REQUESTS, REPLIES = 3, 4  # to the tester, in workers
MOST_REPLY_BYTES = 1 << 28
SET_DEATH_SIGNAL, SET_DUMPABLE, SET_SECCOMP, SECCOMP_FILTER = 1, 4, 22, 2
PROGRAM_ENDED = 3  # the status of a tester whose worker has gone

libc = ctypes.CDLL(None, use_errno=True)
filter_bytes = bytes.fromhex(sys.argv[1])
most_threads = int(sys.argv[2])
folder = sys.argv[3]


def prctl(option, value, pointer=None):
    numbers = [ctypes.c_ulong(value), ctypes.c_void_p(pointer), ctypes.c_ulong(0), ctypes.c_ulong(0)]
    if libc.prctl(ctypes.c_int(option), *numbers):
        raise OSError(ctypes.get_errno(), "prctl")


def read(descriptor, count):
    pieces = []
    while count:
        piece = os.read(descriptor, min(count, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def write(descriptor, data):
    data = memoryview(data)
    while data:
        data = data[os.write(descriptor, data) :]


def read_message(descriptor):
    length = int.from_bytes(read(descriptor, 8), "little")
    if length > MOST_REPLY_BYTES:
        raise ValueError("the program answered too much")
    return read(descriptor, length)


def write_message(descriptor, data):
    write(descriptor, len(data).to_bytes(8, "little") + data)


def write_frame(letter, text):
    data = text.encode("utf-8", "replace")[:4096]
    write(FRAMES, letter + len(data).to_bytes(4, "little") + data)


def limit_time(seconds):
    """The first signal says that the time is up, the second cannot be caught."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


# Values of programs. A compound value is a list that begins with a letter.


def encode(value, depth=0):
    """The value made of the interpreter's own types alone, as JSON can carry it."""
    if depth > 200:
        raise ValueError("too deeply nested")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        value = int(value)
        return value if -(1 << 62) < value < 1 << 62 else ["i", hex(value)]
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str.__str__(value)
    for letter, kind in (("l", list), ("t", tuple), ("s", set), ("f", frozenset)):
        if isinstance(value, kind):
            return [letter, *[encode(element, depth + 1) for element in kind(value)]]
    if isinstance(value, dict):
        pairs = [(encode(k, depth + 1), encode(v, depth + 1)) for k, v in value.items()]
        return ["d", *[half for pair in pairs for half in pair]]
    return encode_rare(value, depth)


def encode_rare(value, depth):
    if isinstance(value, (bytes, bytearray)):
        return ["b", bytes(value).hex()]
    if isinstance(value, complex):
        return ["c", value.real, value.imag]
    if value is Ellipsis:
        return ["e"]
    if isinstance(value, fractions.Fraction):
        return ["q", hex(value.numerator), hex(value.denominator)]
    if isinstance(value, decimal.Decimal):
        return ["D", decimal.Decimal.__str__(value)]
    if numpy and isinstance(value, numpy.generic):
        return encode(value.item(), depth + 1)
    if numpy and isinstance(value, numpy.ndarray) and value.dtype.kind in "biufcU":
        return ["a", encode(value.tolist(), depth + 1)]
    raise TypeError("a value that tests cannot compare: " + type(value).__name__)


def decode(value):
    if not isinstance(value, list):
        return value
    letter, *rest = value
    if letter == "d":
        return dict(zip(map(decode, rest[::2]), map(decode, rest[1::2])))
    if letter in DECODERS:
        return DECODERS[letter](rest)
    raise ValueError("an answer that nobody understands")


DECODERS = {
    "l": lambda rest: [decode(element) for element in rest],
    "t": lambda rest: tuple(decode(element) for element in rest),
    "s": lambda rest: {decode(element) for element in rest},
    "f": lambda rest: frozenset(decode(element) for element in rest),
    "i": lambda rest: int(rest[0], 16),
    "b": lambda rest: bytes.fromhex(rest[0]),
    "c": lambda rest: complex(*rest),
    "e": lambda rest: Ellipsis,
    "q": lambda rest: fractions.Fraction(int(rest[0], 16), int(rest[1], 16)),
    "D": lambda rest: decimal.Decimal(rest[0]),
    "a": lambda rest: numpy.array(decode(rest[0])),
}


# The worker: it may do what it likes from the moment at which the program runs.


def work():
    os.dup2(1, 2)
    os.closerange(5, 64)
    imports, program, entry_point, seconds = marshal.loads(read_message(REQUESTS))
    prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
    limit_time(seconds)
    resource.setrlimit(resource.RLIMIT_NPROC, (most_threads, most_threads))
    if folder:
        os.chdir(folder)
    sys.argv[:] = ["program"]
    restrict_calls()
    reply("v", None)
    try:
        reply_to_calls(load(imports, program, entry_point))
    except BaseException as error:
        reply("r", type(error).__name__)


def restrict_calls():
    """Only the kernel can take this back, and it does not."""
    if not filter_bytes:
        return
    filter_array = ctypes.create_string_buffer(filter_bytes, len(filter_bytes))

    class Program(ctypes.Structure):
        _fields_ = [("count", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    description = Program(len(filter_bytes) // 8, ctypes.addressof(filter_array))
    prctl(SET_SECCOMP, SECCOMP_FILTER, ctypes.addressof(description))


def reply(kind, value):
    write_message(REPLIES, json.dumps([kind, value]).encode())


def load(imports, program, entry_point):
    """Runs the program; without an entry point it is the whole, tests and all."""
    if entry_point is None:
        exec(compile(program, "program", "exec"), {})
        return None
    module = types.ModuleType("program")
    sys.modules["program"] = module
    exec(compile(imports, "imports", "exec"), module.__dict__)
    exec(compile(program, "program", "exec"), module.__dict__)
    return module.__dict__[entry_point]


def reply_to_calls(function):
    reply("v", None)
    while True:
        positional, named = marshal.loads(read_message(REQUESTS))
        try:
            answer = "v", encode(function(*positional, **named))
        except Exception as error:
            answer = "r", type(error).__name__
        reply(*answer)


# The tester: the only one that knows the secret.


class Raised(Exception):
    """Something that the program raised and that is not an exception of the language."""


def test(requests, replies):
    os.dup2(1, 2)
    job = json.loads(read(JOBS, int.from_bytes(read(JOBS, 4), "little")))
    prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
    limit_time(job["seconds"])
    report = "refused the worker could not be confined"
    try:
        whole = job.get("whole")
        entry_point = None if whole else job["entry_point"]
        first = [job.get("imports", ""), job["program"], entry_point, job["seconds"]]
        write_message(requests, marshal.dumps(first))
        receive(replies)
        report = "failed "
        receive(replies)
        if not whole:
            check(job, requests, replies)
        report = job["secret"]
    except (EOFError, BrokenPipeError):
        write_frame(b"V", report + "the program ended before its tests did")
        os._exit(PROGRAM_ENDED)
    except BaseException as error:
        report += describe(error)
    write_frame(b"V", report)


def describe(error):
    try:
        return type(error).__name__ + ": " + str(error)[:200]
    except BaseException:  # such as a number with too many digits
        return type(error).__name__


def check(job, requests, replies):
    compares_kinds = job.get("compares_kinds")

    def candidate(*positional, **named):
        write_message(requests, marshal.dumps((positional, named)))
        answer = receive(replies)
        # The released tests hold what they expect in "exp", even where they forget it.
        expected = sys._getframe(1).f_locals.get("exp")
        if compares_kinds and isinstance(expected, numbers.Number):
            require_same_kind(answer, expected)
        return answer

    if compares_kinds and numpy:
        compare = numpy.allclose

        @functools.wraps(compare)
        def allclose(a, b, *others, **named):
            require_same_kind(a, b)
            return compare(a, b, *others, **named)

        numpy.allclose = allclose
    names = {"__name__": "tests"}
    exec(compile(job["tests"], "tests", "exec"), names)
    names["check"](candidate)


def require_same_kind(one, other):
    """Refuses what numpy would stretch or convert before it compares.

    Numbers go with numbers, as "==" has it; a list, a tuple or an array goes with one of its own
    kind and shape. Of other values the tests themselves say whether they are equal.
    """
    kinds = (numbers.Number, list, tuple) + ((numpy.ndarray,) if numpy else ())
    for kind in kinds:
        if isinstance(one, kind) != isinstance(other, kind):
            raise AssertionError("another kind of value than expected")
    if isinstance(one, (list, tuple)):
        if len(one) != len(other):
            raise AssertionError("another length than expected")
        for pair in zip(one, other):
            require_same_kind(*pair)
    elif getattr(one, "shape", ()) != getattr(other, "shape", ()):
        raise AssertionError("another shape than expected")


def receive(replies):
    kind, value = json.loads(read_message(replies))
    if kind == "v":
        return decode(value)
    known = getattr(builtins, value, None) if isinstance(value, str) else None
    ends_loops = known in (StopIteration, StopAsyncIteration)
    if isinstance(known, type) and issubclass(known, Exception) and not ends_loops:
        raise known("raised by the program")
    raise Raised(value)


# The starter.


def fork(function, *arguments):
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        function(*arguments)
        status = 0
    finally:
        os._exit(status)


def start_worker(requests, replies):
    os.dup2(requests, REQUESTS)
    os.dup2(replies, REPLIES)
    work()


def judge():
    requests, to_worker = os.pipe()
    from_worker, replies = os.pipe()
    worker = fork(start_worker, requests, replies)
    os.close(requests)
    os.close(replies)
    tester = fork(test, to_worker, from_worker)
    os.close(to_worker)
    os.close(from_worker)
    ended = os.waitstatus_to_exitcode(os.waitpid(tester, 0)[1])
    stopped = stop(worker, patience=0.5 if ended == PROGRAM_ENDED else 0)
    report(ended, stopped)


def stop(worker, patience):
    """Waits for a worker, which may be about to end by itself, and ends it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        process, status = os.waitpid(worker, os.WNOHANG)
        if process:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    return None


def report(ended, stopped):
    late = (-signal.SIGXCPU, -signal.SIGKILL)
    if ended in late or ended == PROGRAM_ENDED and stopped in late:
        write_frame(b"V", "timeout")
    is_in_order = ended in (0, PROGRAM_ENDED)
    write_frame(b"D", "" if is_in_order else "!")


def main():
    prctl(SET_DUMPABLE, 0)
    sys.path[:] = [path for path in sys.path if path]
    gc.collect()
    gc.freeze()
    write_frame(b"R", "")
    while os.read(JOBS, 1):
        judge()


main()
