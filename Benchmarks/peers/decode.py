# SPDX-License-Identifier: Apache-2.0
"""Batched decoding with llama.cpp, as its own `llama-batched-bench -pps` does it.

The prompt is read once and shared; then all sequences go on together, a token each a step. Only
the steps are timed. Tokens are random, nothing is sampled. The faster one of four settings is
taken: flash attention on or off, one cache for all sequences or one for each.
"""
import itertools
import time
from dataclasses import dataclass
from typing import Any

import llama_cpp as llama

from channel import Channel
from llama_context import Context


@dataclass(frozen=True)
class Variant:
    flash_attention: bool
    one_cache: bool

    def __str__(self) -> str:
        flash = "on" if self.flash_attention else "off"
        return f"flash attention {flash}, {'one cache' if self.one_cache else 'a cache a sequence'}"


def serve(settings: dict[str, Any], channel: Channel) -> None:
    model = load(settings["file"])
    tokens = settings["tokens"]
    variant = fastest(model, settings, min(tokens, 16))
    context = make_context(model, settings, variant)

    def measure() -> dict[str, Any]:
        prefill, decoding = seconds_of(context, settings, tokens)
        return {
            "seconds": decoding,
            "tokens_per_second": settings["sequences"] * tokens / decoding,
            "prefill_tokens_per_second": settings["prompt"] / prefill,
        }

    seconds_of(context, settings, min(tokens, 4))
    channel.ready(variant=str(variant), instructions=llama.llama_print_system_info().decode())
    channel.serve(measure)


def load(file: str) -> Any:
    llama.llama_backend_init()
    model = llama.llama_model_load_from_file(file.encode(), llama.llama_model_default_params())
    if not model:
        raise SystemExit(f"llama.cpp cannot read {file}")
    return model


def make_context(model: Any, settings: dict[str, Any], variant: Variant) -> Context:
    return Context(
        model, settings["sequences"], settings["prompt"], settings["tokens"], settings["threads"],
        variant.flash_attention, variant.one_cache,
    )


def fastest(model: Any, settings: dict[str, Any], tokens: int) -> Variant:
    """Tries each setting for a few steps."""
    times: dict[Variant, float] = {}
    for flash_attention, one_cache in itertools.product((True, False), (False, True)):
        variant = Variant(flash_attention, one_cache)
        context = make_context(model, settings, variant)
        seconds_of(context, settings, 2)
        times[variant] = seconds_of(context, settings, tokens)[1]
        context.free()
    return min(times, key=lambda variant: times[variant])


def seconds_of(context: Context, settings: dict[str, Any], tokens: int) -> tuple[float, float]:
    """Seconds of reading the prompt, and of decoding so many tokens of each sequence."""
    context.clear()
    start = time.perf_counter()
    context.read_prompt()
    prefill = time.perf_counter() - start
    context.share_prompt()
    start = time.perf_counter()
    for step in range(tokens):
        context.decode_step(step)
    return prefill, time.perf_counter() - start
