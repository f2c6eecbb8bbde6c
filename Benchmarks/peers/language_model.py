# SPDX-License-Identifier: Apache-2.0
"""What the workloads of PyTorch share: the model, its precision, random prompts."""
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from channel import peak_memory_bytes

MEMORY_OF_LIBRARIES = peak_memory_bytes()
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def load(settings: dict[str, Any], dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The model with PyTorch's fused attention, on the number of threads asked for."""
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_pretrained(
        settings["folder"], dtype=dtype, attn_implementation="sdpa"
    )


def random_tokens(model: PreTrainedModel, sequences: int, length: int) -> torch.Tensor:
    """Token ids drawn evenly from the vocabulary: what they say does not change the work."""
    return torch.randint(model.config.vocab_size, (sequences, length))


def details() -> dict[str, Any]:
    """The instruction set that PyTorch chose, and the memory it took before any model."""
    return {
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "memory_of_libraries_bytes": MEMORY_OF_LIBRARIES,
    }
