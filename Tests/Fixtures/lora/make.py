"""Makes the folders beside it: what PEFT computes for two tiny models with low-rank adapters.

`pip install torch transformers peft`, then `python3 make.py`. The models are those in ../reference.
Both adapters are random, B too, since its zeros would hide half of the gradients. Each folder holds
what PEFT saves of the adapters (adapter_config.json, adapter_model.safetensors) and, in
reference.safetensors, tokens, logits, the gradients of the mean of -log p over all tokens but the
first, the adapters after three steps of AdamW, the norms of these steps' gradients, and the weights
that PEFT merges then.

The files here were made with Python 3.11.7, PyTorch 2.13.0, transformers 5.24.0 and PEFT 0.21.2.
"""

import json
import os
import shutil
import tempfile

import torch
from peft import LoraConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = {
    "llama-tied": dict(
        r=4, lora_alpha=6, seed=1,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj",
                        "down_proj"]),
    "qwen2-untied": dict(r=3, lora_alpha=12, seed=2, target_modules=["q_proj", "v_proj"]),
}
STEPS, RATE, BETAS, DECAY, CLIP = 3, 0.01, (0.9, 0.95), 0.1, 0.5


def make(name, seed, **settings):
    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(
        os.path.join(HERE, "../reference", name), dtype=torch.float32, attn_implementation="eager")
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **settings))
    trained = [p for p in model.parameters() if p.requires_grad]
    with torch.no_grad():
        for key, value in model.named_parameters():
            if "lora_" in key:
                value.normal_(0, 0.2)
    # What is saved is what the steps begin with.
    folder = os.path.join(HERE, name)
    with tempfile.TemporaryDirectory() as saved:
        model.save_pretrained(saved)
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.path.join(saved, "adapter_model.safetensors"), folder)
        with open(os.path.join(saved, "adapter_config.json")) as file:
            config = json.load(file)
    config["base_model_name_or_path"] = None
    config["target_modules"] = sorted(config["target_modules"])
    with open(os.path.join(folder, "adapter_config.json"), "w") as file:
        json.dump(config, file, indent=2, sort_keys=True)
        file.write("\n")

    tokens = torch.randint(0, base.config.vocab_size, (2, 19))
    results = {"tokens": tokens}
    optimiser = torch.optim.AdamW(trained, lr=RATE, betas=BETAS, eps=1e-8, weight_decay=DECAY)
    norms = []
    for step in range(STEPS):
        optimiser.zero_grad()
        logits = model(tokens).logits
        loss = torch.nn.functional.cross_entropy(
            logits[:, :-1].reshape(-1, logits.shape[-1]), tokens[:, 1:].reshape(-1))
        loss.backward()
        if step == 0:
            results["logits"] = logits.detach()
            for key, value in model.named_parameters():
                if value.grad is not None:
                    results["gradient." + key.replace(".default", "")] = value.grad.clone()
        norms.append(float(torch.nn.utils.clip_grad_norm_(trained, CLIP)))
        optimiser.step()
    results["norms"] = torch.tensor(norms)
    for key, value in get_peft_model_state_dict(model).items():
        results["after." + key] = value.detach().clone()
    merged = model.merge_and_unload().state_dict()
    for key, value in merged.items():
        if any(target in key for target in settings["target_modules"]) and "weight" in key:
            results["merged." + key] = value.detach().clone()
    save_file({k: v.contiguous() for k, v in results.items()},
              os.path.join(folder, "reference.safetensors"))


if __name__ == "__main__":
    for name, settings in CASES.items():
        make(name, **settings)
