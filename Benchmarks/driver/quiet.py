# SPDX-License-Identifier: Apache-2.0
"""Watches what other programs do to a measurement. OpenMP's waiting threads, which most peers
use, suffer badly from a third program on two cores: such a ratio says nothing."""
import os
import resource
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Watch:
    """Of the processors' time since it was made: the share that went neither to the measured
    process nor to nobody. Time that a hypervisor took away counts."""

    def __init__(self, peer: int | None) -> None:
        self._peer = peer
        self._start, self._busy, self._measured = time.monotonic(), busy(), self._used()

    def foreign_share(self) -> float:
        available = (time.monotonic() - self._start) * (os.cpu_count() or 1)
        foreign = (busy() - self._busy) - (self._used() - self._measured)
        return max(0.0, foreign / available)

    def _used(self) -> float:
        """Seconds of a peer that is alive, or of our program's runs, which have ended."""
        if self._peer is None:
            ended = resource.getrusage(resource.RUSAGE_CHILDREN)
            return ended.ru_utime + ended.ru_stime
        fields = Path(f"/proc/{self._peer}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def busy() -> float:
    """Seconds that all processors together have worked: everything but idle and waiting."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS
