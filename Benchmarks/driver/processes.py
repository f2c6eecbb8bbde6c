# SPDX-License-Identifier: Apache-2.0
"""Runs our program and the peers, each in a process of its own, never two at a time."""
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from .options import BENCHMARKS
from .sides import Figures, OwnSide, PeerSide, SideFailed


def measure_own(side: OwnSide, program: Path, model: Path) -> Figures:
    """Our program starts anew for every measurement."""
    command = side.command(str(program), str(model))
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise SideFailed(f"{program}: {error.strerror}. Build it, or name it with --program")
    if result.returncode != 0:
        raise SideFailed(f"{' '.join(command)}: status {result.returncode}\n{tail(result.stderr)}")
    return side.figures(result.stdout)


class Peer:
    """A peer is started once, warms up, and is stopped (SIGSTOP) while others are measured."""

    def __init__(self, side: PeerSide, python: Path, threads: int, log: Path) -> None:
        self.side, self.log = side, log
        self.process = subprocess.Popen(
            [python, BENCHMARKS / "peers/serve.py", side.workload, side.settings],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log.open("w"), text=True,
            env=environment(threads),
        )
        try:
            self.details = self._answer()
        except BaseException:
            self.close()
            raise
        self._pause()

    def measure(self) -> Figures:
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write("measure\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._failure()
        figures = self._answer()
        self._pause()
        return figures

    def close(self) -> None:
        """The end of its input ends a peer; one that does not heed is killed."""
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise self._failure()
        return json.loads(line)

    def _failure(self) -> SideFailed:
        return SideFailed(f"{self.side.label} stopped; {self.log} ends with\n"
                          f"{tail(self.log.read_text(errors='replace'))}")


def environment(threads: int) -> dict[str, str]:
    """All thread pools of the same size, no graphics cards, nothing from the network."""
    counts = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
                           str(threads))
    return {**os.environ, **counts, "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false"}


def tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-5:])
