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

    return {
        "input_ids": padded([row["input_ids"] for row in batch], 0),
        "labels": padded([row["labels"] for row in batch], -100),
        "attention_mask": padded([[1] * len(row["input_ids"]) for row in batch], 0),
    }


def train(folder, request, events):
    config = configuration(trl.SFTConfig, folder, request)
    checkpoint = newest_checkpoint(folder)
    events.cut(step_of(checkpoint))
    data = Dataset.from_list(list(rows(folder / "rows.jsonl"))).select(request["order"])
    trainer = trl.SFTTrainer(
        model=request["model"], args=config, data_collator=collate,
        train_dataset=data, callbacks=[Reporter(folder, request, events)])
    return run(trainer, checkpoint, folder, events)
