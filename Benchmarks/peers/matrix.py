# SPDX-License-Identifier: Apache-2.0
"""One matrix product of a training step with PyTorch: 2048 rows, 1536 x 576 weights."""
import statistics
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

    def product() -> float:
        start = time.perf_counter()
        torch.nn.functional.linear(rows, weights)
        return time.perf_counter() - start

    def measure() -> dict[str, Any]:
        seconds = statistics.median(product() for _ in range(settings["products"]))
        return {"seconds": seconds, "gflops": 2e-9 * ROWS * OUTPUTS * INPUTS / seconds}

    product()
    with torch.inference_mode():
        channel.ready(**details())
        channel.serve(measure)
