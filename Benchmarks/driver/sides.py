# SPDX-License-Identifier: Apache-2.0
"""What is measured: our program with some arguments, or a peer with some settings."""
import json
import statistics
from dataclasses import dataclass
from typing import Any

# What one measurement gives: figures by name, and "answer", the whole answer of the program.
Figures = dict[str, Any]


class SideFailed(Exception):
    """A program stopped, or did not answer as agreed."""


@dataclass(frozen=True)
class OwnSide:
    """Our program: `warmup bench …`."""

    work: str
    dtype: str
    threads: int
    arguments: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"warmup {self.dtype}"

    def command(self, program: str, model: str) -> list[str]:
        return [program, "bench", self.work, "--model", model, *self.arguments,
                "--dtype", self.dtype, "--threads", str(self.threads), "--json"]

    def figures(self, output: str) -> Figures:
        """Reads the answer."""
        try:
            answer = json.loads(output)
            return {
                "seconds": statistics.median(answer["seconds"]),
                "tokens_per_second": answer["tokens_per_second"],
                "prefill_tokens_per_second": answer.get("prefill_tokens_per_second"),
                "peak_memory_bytes": answer["peak_memory_bytes"],
                "gflops": answer["matrix_gflops"],
                "dtype": answer["dtype"],
                "answer": answer,
            }
        except (ValueError, KeyError, TypeError) as error:
            raise SideFailed(f"warmup bench {self.work}: not the answer agreed on: {error!r}")


@dataclass(frozen=True)
class PeerSide:
    """A peer: one of the workloads in `peers/`, and its settings as JSON."""

    label: str
    workload: str
    settings: str


def peer(label: str, workload: str, **settings: Any) -> PeerSide:
    return PeerSide(label, workload, json.dumps(settings, sort_keys=True))


Side = OwnSide | PeerSide


@dataclass(frozen=True)
class Figure:
    """A figure by its name, how it is shown, and which way is better."""

    name: str
    unit: str
    scale: float = 1
    lower_is_better: bool = False
    digits: int = 0

    def show(self, value: float) -> str:
        return f"{value * self.scale:,.{self.digits}f} {self.unit}"

    def ratio(self, own: float, others: list[float]) -> float:
        """How many times better ours is than the best of the others."""
        return min(others) / own if self.lower_is_better else own / max(others)


SPEED = Figure("tokens_per_second", "tokens/s")
PREFILL = Figure("prefill_tokens_per_second", "tokens/s")
SECONDS = Figure("seconds", "s", lower_is_better=True, digits=1)
MEMORY = Figure("peak_memory_bytes", "GB", scale=1e-9, lower_is_better=True, digits=2)
PRODUCT = Figure("gflops", "GFLOP/s")


@dataclass(frozen=True)
class Row:
    """A row of the table: ours against the best of the others. `aim` is the ratio to reach."""

    name: str
    title: str
    own: OwnSide
    others: tuple[Side, ...]
    figure: Figure
    aim: float | None = None

    @property
    def sides(self) -> tuple[Side, ...]:
        return (self.own, *self.others)
