"""Supervised training on rows of token ids and labels, in the order that the request gives."""

import json
import math
import os
import time

import torch
from launch import ADAPTER_VERSION, Failure, arguments, refused


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


def sizes(folder):
    return {p.name: p.stat().st_size for p in sorted(folder.iterdir()) if p.name != "complete.json"}


def newest_checkpoint(folder):
    """The newest that was written to its end: transformers writes checkpoints in place."""
    found = (folder / "checkpoints").glob("checkpoint-*/complete.json")
    for file in sorted(found, key=lambda f: -int(f.parent.name.split("-")[1])):
        if json.loads(file.read_text()) == sizes(file.parent):
            return file.parent
    return None


def reporter(folder, request, events):
    from transformers import TrainerCallback

    class Reporter(TrainerCallback):
        def __init__(self):
            self.saved = self.stepped = time.monotonic()
            self.cost, self.began = 0, None

        def on_log(self, args, state, control, logs=None, **_):
            if "loss" not in logs:
                return
            for name in ("loss", "grad_norm"):
                if not math.isfinite(logs[name]):
                    raise Failure(71, "not finite", f"{name} of step {state.global_step} is not finite")
            now = time.monotonic()
            events.write("step", step=state.global_step, seconds=now - self.stepped, metrics=logs)
            self.stepped = now

        def on_step_end(self, args, state, control, **_):
            """Rank 0 decides for all: others may see the file, or the clock, a step later."""
            age = time.monotonic() - self.saved
            due = age >= max(request["checkpoint_seconds"], 20 * self.cost)
            flags = torch.tensor([(folder / "stop").exists(), due], dtype=torch.int, device=args.device)
            if request["world_size"] > 1:
                torch.distributed.broadcast(flags, 0)
            stop, due = flags.tolist()
            if stop:
                control.should_training_stop = True
            if stop or due:
                control.should_save, self.began = True, time.monotonic()

        def on_save(self, args, state, control, **_):
            place = folder / "checkpoints" / f"checkpoint-{state.global_step}"
            if request["world_size"] > 1:
                torch.distributed.barrier()  # each process writes a file of its own
            if state.is_world_process_zero:
                partial = place / "complete.partial"
                partial.write_text(json.dumps(sizes(place)))
                os.replace(partial, place / "complete.json")
            events.write("checkpoint", step=state.global_step, folder=place.name)
            self.saved = time.monotonic()
            if self.began is not None:
                self.cost, self.began = self.saved - self.began, None

    return Reporter()


def train(folder, request, events):
    import transformers
    import trl
    from accelerate import PartialState
    from datasets import Dataset

    given = arguments(request, "SFTConfig")
    if given["use_cpu"] is None:
        given["use_cpu"] = not torch.cuda.is_available()
    if given["use_cpu"]:
        PartialState(cpu=True)  # without it several processes train apart, each by itself
    config = trl.SFTConfig(output_dir=str(folder / "checkpoints"), **given)
    for name, value in given.items():
        if name in request["read_back"] and getattr(config, name) != value:
            raise refused(f"TRL made {getattr(config, name)!r} of {name}: {value!r}")
    checkpoint = newest_checkpoint(folder)
    first = int(checkpoint.name.split("-")[1]) if checkpoint else 0
    events.cut(first)
    data = Dataset.from_list(list(rows(folder / "rows.jsonl"))).select(request["order"])
    trainer = trl.SFTTrainer(
        model=request["model"], args=config, data_collator=collate,
        train_dataset=data, callbacks=[reporter(folder, request, events)])
    events.write(
        "started", adapter=ADAPTER_VERSION, step=first, device=str(trainer.args.device),
        versions={m.__name__: m.__version__ for m in (trl, transformers, torch)},
        config=config.to_dict())
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    step = trainer.state.global_step
    if step < config.max_steps:
        events.write("stopped", step=step)
        return 75
    for name, weight in trainer.model.named_parameters():
        if not torch.isfinite(weight).all():
            raise Failure(71, "not finite", f"the weights {name} are not finite after step {step}")
    trainer.save_model(str(folder / "model"))
    events.write("done", step=step)
    return 0
