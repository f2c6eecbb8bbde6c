# SPDX-License-Identifier: Apache-2.0
"""Measures the sides of a group of rows in turns: ours, peer, ours, peer, ..."""
import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .environment import say
from .options import Options
from .processes import Peer, measure_own
from .quiet import Watch
from .sides import Figures, OwnSide, PeerSide, Row, Side, SideFailed

# More of the processors than this for other programs, and a measurement is called disturbed.
DISTURBED = 0.05


@dataclass
class Measured:
    """What the sides of a group gave, round by round."""

    rounds: list[dict[Side, Figures]] = field(default_factory=list)
    details: dict[Side, dict[str, Any]] = field(default_factory=dict)
    failures: dict[Side, str] = field(default_factory=dict)

    def values(self, side: Side, figure: str) -> list[float]:
        found = (measured[side].get(figure) for measured in self.rounds if side in measured)
        return [value for value in found if value is not None]

    def median(self, side: Side, figure: str) -> float | None:
        values = self.values(side, figure)
        return statistics.median(values) if values else None

    def foreign_shares(self) -> list[float]:
        """What other programs took of the processors, one share for each measurement."""
        return [figures["foreign_share"] for measured in self.rounds
                for figures in measured.values()]

    def ratios(self, row: Row) -> list[float]:
        """One ratio a round, of the rounds in which ours and the peers that run were measured."""
        sides = [row.own, *(side for side in row.others if side not in self.failures)]
        result: list[float] = []
        for measured in self.rounds:
            values = [measured.get(side, {}).get(row.figure.name) for side in sides]
            if len(values) > 1 and None not in values:
                result.append(row.figure.ratio(values[0], values[1:]))
        return result

    def wanted(self, rows: list[Row]) -> list[Side]:
        """The sides, each once, of the rows that can still have a ratio."""
        rows = [row for row in rows if row.own not in self.failures
                and any(side not in self.failures for side in row.others)]
        sides = dict.fromkeys(side for row in rows for side in row.sides)
        return [side for side in sides if side not in self.failures]


class Runner:
    """Runs groups of rows, with the peers' interpreter and a folder for their logs."""

    def __init__(self, options: Options, python: Path, logs: Path) -> None:
        self.options, self.python, self.logs = options, python, logs
        logs.mkdir(parents=True, exist_ok=True)

    def run(self, rows: list[Row]) -> Measured:
        measured = Measured()
        with ExitStack() as stack:
            peers = self.start(rows, stack, measured)
            for number in range(1, self.options.pairs + 1):
                measured.rounds.append({})
                for side in measured.wanted(rows):
                    if side in measured.wanted(rows):
                        self.measure(side, peers, measured, f"{number}/{self.options.pairs}")
        return measured

    def start(self, rows: list[Row], stack: ExitStack, measured: Measured) -> dict[Side, Peer]:
        """Starts the peers one after the other; each is stopped when it has warmed up."""
        peers: dict[Side, Peer] = {}
        for side in measured.wanted(rows):
            if not isinstance(side, PeerSide):
                continue
            say(f"  warm-up: {side.label}")
            log = self.logs / f"{side.workload}-{side.label.replace(' ', '-')}.log"
            try:
                peers[side] = Peer(side, self.python, self.options.threads, log)
            except SideFailed as failure:
                self.fail(side, failure, measured)
                continue
            stack.callback(peers[side].close)
            measured.details[side] = peers[side].details
        return peers

    def measure(self, side: Side, peers: dict[Side, Peer], measured: Measured, place: str) -> None:
        try:
            watch = Watch(peers[side].process.pid if side in peers else None)
            if isinstance(side, OwnSide):
                model = self.options.models / "huggingface"
                figures = measure_own(side, self.options.program, model)
            else:
                figures = peers[side].measure()
        except SideFailed as failure:
            self.fail(side, failure, measured)
            return
        share = watch.foreign_share()
        measured.rounds[-1][side] = {**figures, "foreign_share": share}
        disturbed = f", disturbed: {share:.0%} for others" if share > DISTURBED else ""
        say(f"  {place} {side.label}: {figures['seconds']:.3f} s{disturbed}")

    def fail(self, side: Side, failure: SideFailed, measured: Measured) -> None:
        measured.failures[side] = str(failure)
        say(f"  FAILED {side.label}: {failure}")
