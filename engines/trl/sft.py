"""Supervised training on rows of token ids and labels, in the order that the request gives."""

import json

import torch
import trl
from datasets import Dataset
from launch import refused
from training import Reporter, configuration, newest_checkpoint, run, step_of


def rows(path):
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if not row["input_ids"] or len(row["input_ids"]) != len(row["labels"]):
            raise refused("a row of rows.jsonl has no tokens, or not one label for each")
        yield {"input_ids": row["input_ids"], "labels": row["labels"]}


def collate(batch):
    """Pads on the right. A blank row has labels of -100 alone and adds nothing to the loss."""
    longest = max(len(row["input_ids"]) for row in batch)

    def padded(values, filler):
        return torch.tensor([v + [filler] * (longest - len(v)) for v in values])

    divisors = {"divisors": torch.tensor([row["divisor"] for row in batch])} if "divisor" in batch[0] else {}
    return {
        **divisors,
        "input_ids": padded([row["input_ids"] for row in batch], 0),
        "labels": padded([row["labels"] for row in batch], -100),
        "attention_mask": padded([[1] * len(row["input_ids"]) for row in batch], 0),
    }


class DividedTrainer(trl.SFTTrainer):
    """Divides each row's part of the loss by a number of its own, where TRL has one for a step."""

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        divisors = inputs.pop("divisors")
        outputs = model(**inputs, use_cache=False, fused_lm_head=True)
        # Gradients are averaged over processes, and added up over micro-batches.
        return -(outputs.log_probs.sum(1) / divisors).sum() * self.accelerator.num_processes


def train(folder, request, events):
    config = configuration(trl.SFTConfig, folder, request)
    checkpoint = newest_checkpoint(folder)
    events.cut(step_of(checkpoint))
    data = Dataset.from_list(list(rows(folder / "rows.jsonl"))).select(request["order"])
    divisors = request.get("divisors")
    if divisors is not None:
        if len(divisors) != len(data):
            raise refused(f"there are {len(divisors)} divisors for {len(data)} rows")
        data = data.add_column("divisor", divisors)
    trainer = (trl.SFTTrainer if divisors is None else DividedTrainer)(
        model=request["model"], args=config, data_collator=collate,
        train_dataset=data, callbacks=[Reporter(folder, request, events)])
    return run(trainer, checkpoint, folder, events)
