# SPDX-License-Identifier: Apache-2.0
"""How a peer talks to the driver: it measures once for each line that comes in."""
import json
import os
import sys
from collections.abc import Callable
from typing import Any


class Channel:
    """Answers are JSON lines on standard output; what libraries print goes to standard error."""

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def ready(self, **details: Any) -> None:
        """Says that the warm-up is over, and with which settings the peer runs."""
        self._send(details)

    def wait(self) -> bool:
        """Waits for the next request. False: there are no more."""
        return sys.stdin.readline() != ""

    def answer(self, **figures: Any) -> None:
        """Sends what one measurement gave, and the most memory that this process has ever held."""
        self._send({**figures, "peak_memory_bytes": peak_memory_bytes()})

    def serve(self, measure: Callable[[], dict[str, Any]]) -> None:
        """Measures until there are no more requests."""
        while self.wait():
            self.answer(**measure())

    def _send(self, message: dict[str, Any]) -> None:
        self._answers.write(json.dumps(message) + "\n")
        self._answers.flush()


def peak_memory_bytes() -> int:
    """The kernel's high-water mark of resident memory (VmHWM) of this process."""
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
