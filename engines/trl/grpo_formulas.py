"""What test_grpo.py trains with TRL: requests for cases, and the same trainings in plain torch."""

import collections
import json
import sys
from pathlib import Path

import torch
from test_adapter import fixed, save_base, weights

HERE = Path(__file__).parent
STEPS, PROBLEMS, GROUP, MICROBATCH, LONGEST, RATE = 3, 2, 4, 2, 6, 1e-2
ENDS = [1, 2, 3, 4, 5]
SCALE = {"centred": "none", "scaled": "group", "batch_scaled": "batch", "leave_one_out": "none"}
LOSS = {"constant": "dr_grpo", "sequence": "grpo", "batch_tokens": "dapo", "microbatch_tokens": "bnpo"}
# Where transformers samples, vLLM's settings are TRL's defaults, which do nothing.
TRANSFORMERS = {
    "use_vllm": False, "vllm_mode": "colocate", "vllm_server_base_url": None,
    "vllm_enable_sleep_mode": False, "vllm_gpu_memory_utilization": 0.3, "vllm_max_model_length": None,
    "vllm_tensor_parallel_size": 1, "vllm_importance_sampling_correction": False,
    "vllm_importance_sampling_mode": "token_truncate", "vllm_importance_sampling_clip_max": None,
    "vllm_importance_sampling_clip_min": None}
# What a recipe says; a case changes some of it.
RECIPE = {
    "advantage": "centred", "normaliser": "constant", "mask_truncated": False, "prompt_tokens": None,
    "updates": 1, "kl": 0.0, "clip": (0.2, 0.2), "temperature": 1.0, "norm": 0.0,
    "correction": None}


def mapped(case):
    one_out = [GROUP / (GROUP - 1)] if case["advantage"] == "leave_one_out" else [1.0]
    return {
        "per_device_train_batch_size": MICROBATCH,
        "gradient_accumulation_steps": PROBLEMS * GROUP // MICROBATCH,
        "generation_batch_size": PROBLEMS * GROUP, "num_generations": GROUP,
        "max_steps": STEPS * case["updates"], "num_iterations": case["updates"],
        "save_steps": STEPS * case["updates"], "learning_rate": RATE, "warmup_steps": 0,
        "lr_scheduler_type": "constant_with_warmup", "weight_decay": 0.1, "adam_beta1": 0.9,
        "adam_beta2": 0.99, "adam_epsilon": 1e-8, "max_grad_norm": case["norm"], "bf16": False,
        "gradient_checkpointing": False, "seed": 1, "data_seed": 1, "use_cpu": True, "fsdp": None,
        "fsdp_config": None, "deepspeed": None, "max_completion_length": LONGEST,
        "temperature": case["temperature"], "top_p": 1.0, "top_k": 0, "beta": case["kl"],
        "epsilon": case["clip"][0], "epsilon_high": case["clip"][1], "reward_weights": one_out,
        "scale_rewards": SCALE[case["advantage"]], "loss_type": LOSS[case["normaliser"]],
        "mask_truncated_completions": case["mask_truncated"], **TRANSFORMERS}


def prepare(folder, case=None, fault="", arguments=None, **changes):
    """Writes a request; arguments and changes go before what the case says."""
    case = {**RECIPE, **(case or {})}
    save_base(folder, hidden_size=32, intermediate_size=64, eos_token_id=ENDS)
    stream = torch.Generator().manual_seed(3)
    prompts = [torch.randint(6, 32, (4 + row,), generator=stream).tolist() for row in range(5)]
    (folder / "rows.jsonl").write_text("".join(
        json.dumps({"row": row, "prompt_ids": ids}) + "\n" for row, ids in enumerate(prompts)))
    given = {**fixed("GRPOConfig"), **mapped(case), **(arguments or {})}
    steps = given["max_steps"] // given["num_iterations"]
    request = {
        "format": 1, "adapter": 1, "trl": "1.16", "kind": "rlvr", "world_size": 1,
        "sampler": "transformers", "model": str(folder / "base"), "eos_token_ids": ENDS,
        # The second step has a problem twice.
        "order": ([3, 1, 4, 4, 0, 2] * steps)[:PROBLEMS * steps], "checkpoint_seconds": 1000,
        "loss_prompt_tokens": case["prompt_tokens"], "worker_patience": 300,
        "worker": [sys.executable, "-I", str(HERE / "example_worker.py"), str(folder), fault],
        "arguments": given, "read_back": sorted(mapped(case).keys() - {
            "fsdp", "fsdp_config", "lr_scheduler_type"}), **changes}
    (folder / "request.json").write_text(json.dumps(request))
    return case


def rollouts(folder):
    """What was sampled and rewarded, by step, in the order of the batch."""
    steps = collections.defaultdict(list)
    for file in folder.glob("rollouts.rank*.jsonl"):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            steps[row["step"]].append(row)
    return {s: sorted(rows, key=lambda r: (r["slot"], r["sample"])) for s, rows in steps.items()}


def advantages(kind, batch):
    rewards = torch.tensor([row["reward"] for row in batch], dtype=torch.float64).view(-1, GROUP)
    centred = rewards - rewards.mean(1, keepdim=True)
    if kind == "scaled":
        centred = centred / (rewards.std(1, keepdim=True) + 1e-4)
    if kind == "batch_scaled":
        centred = centred / (rewards.std() + 1e-4)
    if kind == "leave_one_out":
        others = (rewards.sum(1, keepdim=True) - rewards) / (GROUP - 1)
        centred = rewards - others
    return centred.flatten().tolist()


def divisors(case, batch):
    """What each completion's sum is divided by; None where it is not in the loss."""
    lengths = [0 if case["mask_truncated"] and r["truncated"] else len(r["ids"]) for r in batch]
    counted = sum(length > 0 for length in lengths)
    for place, length in enumerate(lengths):
        start = place // MICROBATCH * MICROBATCH
        yield None if length == 0 else {
            "constant": counted * LONGEST, "sequence": counted * length,
            "batch_tokens": sum(lengths),
            "microbatch_tokens":
                sum(lengths[start:start + MICROBATCH]) * (len(lengths) // MICROBATCH),
        }[case["normaliser"]]


def log_probabilities(model, case, prompt, row):
    prompt = prompt if case["prompt_tokens"] is None else prompt[-case["prompt_tokens"]:]
    logits = model(torch.tensor([prompt + row["ids"]])).logits[0, len(prompt) - 1:-1]
    every = (logits / case["temperature"]).log_softmax(-1)
    return every.gather(1, torch.tensor(row["ids"])[:, None])[:, 0]


def correction(case, old, row):
    """TRL's weight of each token, or of the completion, for the sampler's being another than the model."""
    ratio = old - torch.tensor(row["log_probabilities"], dtype=torch.float64)
    mode, most = case["correction"]
    if mode.startswith("sequence"):
        ratio = ratio.sum()
    ratio = ratio.exp()
    return ratio.clamp(max=most) if mode.endswith("truncate") else ratio * (ratio <= most)


def batch_loss(model, start, case, prompts, batch, old):
    """The loss as Sources/Model/Training/PolicyLoss.swift has it; notes log p in `old` where it is empty."""
    loss, first = 0, not old
    for row, advantage, divisor in zip(
            batch, advantages(case["advantage"], batch), divisors(case, batch), strict=True):
        place = (row["slot"], row["sample"])
        now = log_probabilities(model, case, prompts[row["row"]], row)
        if first:
            old[place] = now.detach()
        if divisor is None:
            continue
        ratio = (now - old[place]).exp()
        clipped = ratio.clamp(1 - case["clip"][0], 1 + case["clip"][1])
        terms = -torch.minimum(ratio * advantage, clipped * advantage)
        if case["correction"]:
            terms = terms * correction(case, old[place], row)
        if case["kl"]:
            with torch.no_grad():
                reference = log_probabilities(start, case, prompts[row["row"]], row)
            terms = terms + case["kl"] * ((reference - now).exp() - (reference - now) - 1)
        loss = loss + terms.sum() / divisor
    return loss


def formulas(folder, case):
    """The same training on the completions that were sampled, in float64 and without TRL."""
    model, start = weights(folder / "base").double(), weights(folder / "base").double()
    optimiser = torch.optim.AdamW(
        [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
         {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0}],
        lr=RATE, betas=(0.9, 0.99), eps=1e-8)
    prompts = [json.loads(r)["prompt_ids"] for r in (folder / "rows.jsonl").read_text().splitlines()]
    losses = []
    for _, batch in sorted(rollouts(folder).items()):
        old = {}
        for _ in range(case["updates"]):
            loss = batch_loss(model, start, case, prompts, batch, old)
            optimiser.zero_grad()
            loss.backward()
            if case["norm"]:
                torch.nn.utils.clip_grad_norm_(model.parameters(), case["norm"])
            optimiser.step()
            losses.append(loss.item())
    return model.state_dict(), losses
