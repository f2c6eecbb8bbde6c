# SPDX-License-Identifier: Apache-2.0
"""Sampling a batch with transformers' `generate`. Reading the prompt is timed apart."""
import time
from typing import Any

import torch

from channel import Channel
from language_model import DTYPES, details, load, random_tokens


def serve(settings: dict[str, Any], channel: Channel) -> None:
    model = load(settings, DTYPES[settings["dtype"]])
    model.eval()
    prompt = random_tokens(model, 1, settings["prompt"])
    batch = prompt.repeat(settings["sequences"], 1)

    def seconds_of(new_tokens: int) -> float:
        start = time.perf_counter()
        output = model.generate(
            batch, attention_mask=torch.ones_like(batch), do_sample=True, temperature=1.0, top_k=0,
            min_new_tokens=new_tokens, max_new_tokens=new_tokens, pad_token_id=0,
        )
        seconds = time.perf_counter() - start
        assert output.shape[1] == batch.shape[1] + new_tokens
        return seconds

    def seconds_of_prefill() -> float:
        start = time.perf_counter()
        with torch.inference_mode():
            model(input_ids=prompt, logits_to_keep=1)
        return time.perf_counter() - start

    def measure() -> dict[str, Any]:
        # The first new token comes from reading the prompt, so a run with one is taken off.
        new_tokens = settings["tokens"]
        seconds = seconds_of(new_tokens) - seconds_of(1)
        return {
            "seconds": seconds,
            "tokens_per_second": batch.shape[0] * (new_tokens - 1) / seconds,
            "prefill_tokens_per_second": prompt.numel() / seconds_of_prefill(),
        }

    seconds_of(2)
    seconds_of_prefill()
    channel.ready(**details())
    channel.serve(measure)
