# SPDX-License-Identifier: Apache-2.0
"""A supervised step with PyTorch and transformers: forward, backward, clip, fused AdamW."""
import time
from typing import Any

import torch

from channel import Channel
from language_model import details, load, random_tokens


def serve(settings: dict[str, Any], channel: Channel) -> None:
    model = load(settings)
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)
    tokens = random_tokens(model, settings["sequences"], settings["length"])
    autocast = settings["dtype"] == "bfloat16"

    def step() -> dict[str, Any]:
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = model(input_ids=tokens, labels=tokens, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "tokens_per_second": tokens.numel() / seconds}

    warmup = step()
    channel.ready(**details(), warmup=warmup)
    channel.serve(step)
