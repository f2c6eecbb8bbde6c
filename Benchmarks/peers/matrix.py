# SPDX-License-Identifier: Apache-2.0
"""One matrix product of a training step with PyTorch: 2048 rows, 1536 x 576 weights.

The fastest of five is taken, as `warmup bench` does: it tells what the machine can do.
"""
import time
from typing import Any

import torch

from channel import Channel
from language_model import DTYPES, details

ROWS, OUTPUTS, INPUTS = 2048, 1536, 576


def serve(settings: dict[str, Any], channel: Channel) -> None:
    torch.set_num_threads(settings["threads"])
    dtype = DTYPES[settings["dtype"]]
    rows = torch.randn(ROWS, INPUTS, dtype=dtype)
    weights = torch.randn(OUTPUTS, INPUTS, dtype=dtype)

    def seconds_of_one() -> float:
        start = time.perf_counter()
        for _ in range(settings["products"]):
            torch.nn.functional.linear(rows, weights)
        return (time.perf_counter() - start) / settings["products"]

    def measure() -> dict[str, Any]:
        seconds = min(seconds_of_one() for _ in range(5))
        return {"seconds": seconds, "gflops": 2e-9 * ROWS * OUTPUTS * INPUTS / seconds}

    with torch.inference_mode():
        measure()
        channel.ready(**details())
        channel.serve(measure)
