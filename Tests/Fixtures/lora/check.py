"""Loads with PEFT the adapters that warmup exported, and compares them with the merged model.

    warmup export RECIPE START BASE
    warmup export RECIPE TRAINED MERGED
    warmup export RECIPE TRAINED ADAPTER --adapter
    python3 check.py BASE ADAPTER MERGED

TRAINED is an instance of `distill` or `rlvr` with `lora`, START what it started from. It needs what
make.py needs. With `base: bfloat16`, START must be of weights that bfloat16 has.
"""

import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM


def load(folder):
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager")


base, adapter, merged = sys.argv[1:4]
expected = load(merged)
torch.manual_seed(1)
tokens = torch.randint(0, expected.config.vocab_size, (2, 64))
with torch.no_grad():
    logits = expected(tokens).logits
    start = (load(base)(tokens).logits - logits).abs().max()
    apart = (PeftModel.from_pretrained(load(base), adapter)(tokens).logits - logits).abs().max()
model = PeftModel.from_pretrained(load(base), adapter).merge_and_unload()
weights = max(
    float((one - other).abs().max())
    for one, other in zip(model.state_dict().values(), expected.state_dict().values()))
print(f"logits: start {start:.1e}, with adapters {apart:.1e}; weights after PEFT's merge {weights:.1e}")
assert start > 1e-3 and apart < 1e-4 and weights < 1e-5
