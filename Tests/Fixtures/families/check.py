"""Loads with transformers what warmup exported, and compares it with the reference numbers.

    python3 check.py FOLDER

FOLDER holds an exported model for each folder beside this file, under the same name. Weights must be
equal, and logits as near as float32 allows. `swift test --filter "Reference: families"` with
WARMUP_EXPORTED=FOLDER in the environment writes them.
"""

import os
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))

torch.set_num_threads(1)
for name in sorted(os.listdir(HERE)):
    folder = os.path.join(HERE, name)
    if not os.path.exists(folder + "/config.json"):
        continue
    model, report = AutoModelForCausalLM.from_pretrained(
        os.path.join(sys.argv[1], name), dtype=torch.float32, attn_implementation="eager",
        output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
    parameters = dict(model.named_parameters())
    for key, value in load_file(folder + "/model.safetensors").items():
        assert torch.equal(parameters[key], value), key
    expected = load_file(folder + "/reference.safetensors")
    worst = 0.0
    for index in range(2):
        with torch.no_grad():
            logits = model(expected[f"ids.{index}"][None]).logits[0]
        worst = max(worst, float((logits - expected[f"logits.{index}"]).abs().max()))
    print(f"{name:14} {type(model).__name__:22} logits differ by {worst:.1e} at most")
    assert worst < 1e-4
