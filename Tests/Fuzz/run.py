"""Reads many changed files of each format, and says which end the program.

    swift build -c release --product fuzz && swift build -c release --product warmup
    python3 Tests/Fuzz/run.py --fuzz .build/release/fuzz --cases 20000

The cases follow from the seed. Many are read by one process; one that is killed by a signal, takes
more than ten seconds of processor time, does nothing for minutes or needs more than 2 GB of memory is a
finding, and the next process goes on behind it. What came out is written to `last-run.json`.
"""

import argparse
import json
import os
import pathlib
import resource
import selectors
import subprocess
import sys
import tempfile
import time

FORMATS = {  # the share of the cases
    "pack": 4, "packed_file": 4, "table": 4, "model": 1, "gguf": 3, "safetensors": 2, "tokenizer": 3,
    "config": 1, "parquet": 4, "jsonl": 2, "yaml": 4,
}  # fmt: skip
SECONDS = 10  # of processor time: a busy machine hangs by itself
IDLE_SECONDS = 300
MEMORY = 2 << 30
CASES_A_PROCESS = 500


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lines(process):
    """The lines of a process as they come; None where one takes too long."""
    waiting = selectors.DefaultSelector()
    waiting.register(process.stdout, selectors.EVENT_READ)
    rest, used, came = b"", 0, time.monotonic()
    while True:
        if not waiting.select(1):
            is_busy = processor_seconds(process) > used + SECONDS
            if is_busy or time.monotonic() > came + IDLE_SECONDS:
                yield None
                return
            continue
        used, came = processor_seconds(process), time.monotonic()
        chunk = os.read(process.stdout.fileno(), 1 << 16)
        if not chunk:
            return
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")


def batch(options, name, first, count):
    """Reads cases in one process. The number of the next one, what came of them, and findings."""
    command = [
        options.fuzz, name, "--seeds", options.seeds, "--seed", str(options.seed),
        "--first", str(first), "--count", str(count),
    ]  # fmt: skip
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "SWIFT_BACKTRACE": "enable=no"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limited, env=environment
    )
    case, findings, tallies = None, [], (0, 0)
    for line in lines(process):
        if line is None:
            process.kill()
            findings.append({"format": name, "case": case, "what": f"over {SECONDS} s"})
        elif line.isdigit():
            case = int(line)
        elif line.startswith("done: "):
            words = line.split()
            tallies = int(words[1]), int(words[3])
        elif line.startswith("words "):
            findings.append({"format": name, "case": case, "what": line})
    said = process.stderr.read().decode(errors="replace")[-400:]
    code = process.wait()
    if code and not any("over" in found["what"] for found in findings[-1:]):
        what = f"signal {-code}" if code < 0 else f"exit code {code}"
        findings.append({"format": name, "case": case, "what": what, "said": said})
    if case is None:
        sys.exit(f"{name} did not begin: {findings}")
    return (first + count if code == 0 else case + 1), tallies, findings


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fuzz", default=".build/release/fuzz")
    parser.add_argument("--cases", type=int, default=20_000, help="in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", nargs="*", default=list(FORMATS))
    parser.add_argument("--seeds", help="a folder for the honest files; a temporary one if not given")
    parser.add_argument("--output", default=str(pathlib.Path(__file__).parent / "last-run.json"))
    options = parser.parse_args()
    folder = tempfile.TemporaryDirectory()
    options.seeds = options.seeds or folder.name + "/seeds"
    subprocess.run(
        [options.fuzz, "yaml", "--seeds", options.seeds, "--count", "0"], check=True, stdout=2
    )
    whole = sum(FORMATS[name] for name in options.formats)
    counts, findings, began = {}, [], time.monotonic()
    for name in options.formats:
        end, next_case, read, refused = options.cases * FORMATS[name] // whole, 0, 0, 0
        while next_case < end:
            next_case, tallies, found = batch(
                options, name, next_case, min(CASES_A_PROCESS, end - next_case)
            )
            read, refused = read + tallies[0], refused + tallies[1]
            findings += found
            for finding in found:
                print(finding, file=sys.stderr)
        counts[name] = {"cases": end, "read": read, "refused": refused}
        print(f"{name}: {counts[name]}", file=sys.stderr)
    report = {
        "seed": options.seed, "seconds": round(time.monotonic() - began), "limits":
        {"seconds": SECONDS, "memory": MEMORY}, "formats": counts, "findings": findings,
    }  # fmt: skip
    pathlib.Path(options.output).write_text(json.dumps(report, indent=2) + "\n")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
