# SPDX-License-Identifier: Apache-2.0
"""From the command line to the table."""
import dataclasses
import signal
import subprocess
import sys
from datetime import datetime, timezone
from typing import Any

from . import environment, machine, probe, report
from .environment import say
from .options import BENCHMARKS, Options, parse
from .rounds import Runner
from .works import Works


def main() -> int:
    # So that a peer is never left behind, stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse()
    python = environment.python_of_peers(options.environment)
    environment.prepare_models(options.models, python)
    options.output.mkdir(parents=True, exist_ok=True)
    runner = Runner(options, python, options.output / "logs")

    context = describe(options, environment.versions(python))
    quick = Runner(dataclasses.replace(options, pairs=1), python, options.output / "logs")
    bfloat16, context["notes"] = probe.bfloat16(options, quick)

    results: report.Results = []
    for rows in Works(options, bfloat16).groups():
        say(", ".join(dict.fromkeys(row.name for row in rows)))
        results.append((rows, runner.run(rows)))
        write(options, context, results)
    print(report.markdown(context, results), end="")
    failed = any(measured.failures for _, measured in results)
    return 1 if failed else 0


def describe(options: Options, versions: dict[str, str]) -> dict[str, Any]:
    found = machine.describe()
    if found["load_before"] > 0.3:
        say(f"Other programs are running (load {found['load_before']:.2f}): figures will be noisy")
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": found,
        "versions": {"warmup": own_version(options), **versions},
        "threads": options.threads,
        "pairs": options.pairs,
        "smoke": options.smoke,
    }


def own_version(options: Options) -> str:
    try:
        result = subprocess.run([options.program, "--version"], capture_output=True, text=True)
    except OSError as error:
        raise SystemExit(f"{options.program}: {error.strerror}. Build it with `make build`, or "
                         "name another with --program")
    commit = subprocess.run(["git", "-C", BENCHMARKS, "describe", "--always", "--dirty"],
                            capture_output=True, text=True).stdout.strip()
    return f"{result.stdout.strip()} ({commit or 'no commit'})"


def write(options: Options, context: dict[str, Any], results: report.Results) -> None:
    """After each group, so that a run that is interrupted leaves what it had."""
    name = context["date"].replace(" UTC", "").replace(" ", "T").replace(":", "")
    (options.output / f"{name}.json").write_text(report.raw(context, results))
    (options.output / f"{name}.md").write_text(report.markdown(context, results))
