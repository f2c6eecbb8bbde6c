# SPDX-License-Identifier: Apache-2.0
"""The command line."""
import argparse
import os
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
WORKS = ("sft", "memory", "threads", "context", "decode32", "prefill", "decode16", "generate",
         "decode1", "rlvr", "matrix")
DTYPES = ("float32", "bfloat16")


@dataclass(frozen=True)
class Options:
    only: tuple[str, ...]
    dtypes: tuple[str, ...]
    pairs: int
    threads: int
    smoke: bool
    program: Path
    environment: Path | None
    models: Path
    output: Path


def parse(arguments: list[str] | None = None) -> Options:
    given = parser().parse_args(arguments)
    pairs = given.pairs or (2 if given.smoke else 5)
    results = BENCHMARKS / (".environment/smoke" if given.smoke else "results")
    return Options(
        only=names(given.only, WORKS), dtypes=names(given.dtype, DTYPES), pairs=pairs,
        threads=given.threads, smoke=given.smoke, program=given.program,
        environment=given.environment, models=given.model, output=given.output or results,
    )


def parser() -> argparse.ArgumentParser:
    repository = BENCHMARKS.parent
    result = argparse.ArgumentParser(prog="Benchmarks/run", description=__doc__)
    add = result.add_argument
    add("--only", metavar="NAMES", help=f"comma-separated, of {', '.join(WORKS)}; default: all")
    add("--dtype", metavar="NAMES", help=f"comma-separated, of {', '.join(DTYPES)}; default: both")
    add("--pairs", type=int, metavar="N", help="measurements of each side; default: 5")
    add("--threads", type=int, metavar="N", default=os.cpu_count(), help="default: all cores")
    add("--smoke", action="store_true", help="tiny sizes, to see that everything works")
    add("--program", type=Path, metavar="FILE", default=repository / ".build/release/warmup",
        help="our program; default: .build/release/warmup")
    add("--environment", type=Path, metavar="DIR",
        help="a virtual environment that has the peers already; default: one is made")
    add("--model", type=Path, metavar="DIR", default=BENCHMARKS / ".environment/models",
        help="folder of the models, made here if it is not there")
    add("--output", type=Path, metavar="DIR", help="folder of the results; default: results")
    return result


def names(given: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """The names asked for; all when none are."""
    if given is None:
        return known
    asked = tuple(given.split(","))
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise SystemExit(f"{', '.join(unknown)}: not one of {', '.join(known)}")
    return asked
