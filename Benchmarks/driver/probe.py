# SPDX-License-Identifier: Apache-2.0
"""Looks whether bfloat16 is worth measuring on this machine."""
from .environment import say
from .options import Options
from .rounds import Runner
from .sides import PRODUCT, OwnSide, Row, peer
from .works import Bfloat16

# A bfloat16 product slower than this part of the float32 one is emulated. Whole steps in
# autocast, which casts besides, can then only lose.
WORTH_IT = 0.7


def bfloat16(options: Options, runner: Runner) -> tuple[Bfloat16, list[str]]:
    """What to measure, and notes that say so in the report."""
    if "bfloat16" not in options.dtypes:
        return Bfloat16(own=False, pytorch=False), []
    say("Looking for bfloat16")
    own = OwnSide("train", "bfloat16", options.threads,
                  ("--sequences", "1", "--length", "16", "--steps", "1"))
    peers = [peer(f"PyTorch {dtype}", "matrix", dtype=dtype, threads=options.threads, products=5)
             for dtype in ("float32", "bfloat16")]
    measured = runner.run([Row("probe", "bfloat16", own, tuple(peers), PRODUCT)])
    if own in measured.failures:
        raise SystemExit(measured.failures[own])
    notes: list[str] = []
    used = [figures[own]["dtype"] for figures in measured.rounds if own in figures]
    if "float32" in used:
        notes.append("warmup trains in float32 where bfloat16 is asked for, and samples with weights "
                     "rounded to bfloat16.")
    rates = [measured.median(side, PRODUCT.name) or 0 for side in peers]
    fast = rates[1] > WORTH_IT * rates[0]
    if not fast:
        notes.append(f"PyTorch and TRL are not measured in bfloat16: a matrix product runs at "
                     f"{rates[1]:.0f} GFLOP/s, in float32 at {rates[0]:.0f}.")
    return Bfloat16(own="float32" not in used, pytorch=fast), notes
