"""Runs a verifier that a recipe brings, once for each job; started by the launcher, which has confined it.

A job is JSON with the command, its folder, its variables, its input and the processor time that it may
use. The verdict is "ended STATUS\\n" and what the command wrote, or why there is nothing to read.
"""

import json
import os
import resource
import select
import signal
import sys

JOBS, FRAMES = 3, 4  # to the launcher
MOST_OUTPUT = 60000
MOST_ERRORS = 2000


def read(descriptor, count):
    pieces = []
    while count:
        piece = os.read(descriptor, min(count, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def write_frame(letter, data):
    data = letter + len(data).to_bytes(4, "little") + data
    while data:
        data = data[os.write(FRAMES, data) :]


def start(job, inputs, outputs, errors):
    """Becomes the command."""
    try:
        os.dup2(inputs, 0)
        os.dup2(outputs, 1)
        os.dup2(errors, 2)
        os.closerange(3, 64)
        seconds = job["seconds"]
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.chdir(job["folder"])
        os.execve(job["command"][0], job["command"], job["variables"])
    except OSError as error:
        os.write(2, f"it cannot be started: {error.strerror}".encode())
    os._exit(127)


def converse(program, rest, to_program, outputs, errors):
    """Feeds the command and collects what it writes, until it has closed both streams."""
    found = {outputs: b"", errors: b""}
    os.set_blocking(to_program, False)
    poll = select.poll()
    poll.register(outputs, select.POLLIN)
    poll.register(errors, select.POLLIN)
    poll.register(to_program, select.POLLOUT)
    is_open = {outputs, errors}
    while is_open:
        for descriptor, _ in poll.poll():
            if descriptor == to_program:
                try:
                    rest = rest[os.write(to_program, rest[: 1 << 16]) :] if rest else rest
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    rest = b""
                if not rest:
                    poll.unregister(to_program)
                    os.close(to_program)
                continue
            piece = os.read(descriptor, 1 << 16)
            if not piece:
                poll.unregister(descriptor)
                is_open.discard(descriptor)
            elif descriptor == outputs:
                found[outputs] += piece
                if len(found[outputs]) > MOST_OUTPUT:
                    os.kill(program, signal.SIGKILL)
                    return None, b""
            else:
                found[errors] = (found[errors] + piece)[-MOST_ERRORS:]
    return found[outputs], found[errors]


def run(job):
    inputs, to_program = os.pipe()
    outputs, to_outputs = os.pipe()
    errors, to_errors = os.pipe()
    program = os.fork()
    if program == 0:
        os.close(to_program)
        start(job, inputs, to_outputs, to_errors)
    for descriptor in (inputs, to_outputs, to_errors):
        os.close(descriptor)
    output, said = converse(program, job["input"].encode(), to_program, outputs, errors)
    status = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    if output is None:
        return b"flooded"
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return b"timeout"
    if status:
        lines = said.decode("utf-8", "replace").strip().splitlines() or [""]
        return f"ended {status}\n{lines[-1][:500]}".encode()
    return b"ended 0\n" + output


def main():
    write_frame(b"R", b"")
    while os.read(JOBS, 1):
        job = json.loads(read(JOBS, int.from_bytes(read(JOBS, 4), "little")))
        write_frame(b"V", run(job))
        write_frame(b"D", b"")


main()
