"""What supervised training and reinforcement learning share: arguments, checkpoints, events."""

import json
import math
import os
import sys
import time

import sharding
import torch
import transformers
import trl
from launch import ADAPTER_VERSION, Failure, arguments, refused

# What a checkpoint has once it is whole, and how that comes into being.
COMPLETE = ("complete.json", "complete.partial")


def takes_cpu(asked, processes):
    """Whether a CPU trains: asked is True or False, or None for a GPU where there is one."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked or (asked is None and gpus == 0):
        return True
    if gpus < processes:
        raise refused(
            f"{'training needs a GPU' if processes == 1 else f'{processes} processes need a GPU each'}, and torch {torch.__version__} of {sys.executable} "
            f"sees {gpus}; another torch may see more, or say trl.device cpu")
    return False


def configuration(kind, folder, request):
    """TRL's configuration, made of the request's arguments alone.

    Args:
        kind: TRL's class, all fields of which stand in fields.json.
    """
    given = arguments(request, kind.__name__)
    given["use_cpu"] = takes_cpu(given["use_cpu"], request["world_size"])
    sharding.prepare(given)
    try:
        config = kind(output_dir=str(folder / "checkpoints"), **given)
    except ValueError as error:
        raise refused(f"TRL says: {error}") from error
    sharding.adapt(config)
    for name, value in given.items():
        if name in request["read_back"] and getattr(config, name) != value:
            raise refused(f"TRL made {getattr(config, name)!r} of {name}: {value!r}")
    return config


def sizes(folder):
    """Of all files of a checkpoint but those that say that it is whole, in bytes."""
    return {
        str(p.relative_to(folder)): p.stat().st_size for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in COMPLETE}


def is_whole(checkpoint):
    """Whether it was written to its end: transformers writes checkpoints in place."""
    try:
        return json.loads((checkpoint / "complete.json").read_text()) == sizes(checkpoint)
    except (OSError, ValueError):
        return False


def newest_checkpoint(folder):
    """The newest that is whole; None where there is none."""
    found = (folder / "checkpoints").glob("checkpoint-*")
    return next(filter(is_whole, sorted(found, key=step_of, reverse=True)), None)


def step_of(checkpoint):
    return int(checkpoint.name.split("-")[1]) if checkpoint else 0


class Reporter(transformers.TrainerCallback):
    """Says what happens, and has checkpoints written where the clock or somebody who stops asks for them.

    Args:
        every: a checkpoint may lie behind multiples of this many updates alone.
        told: whether a metric of a step is written down, by its name.
    """

    def __init__(self, folder, request, events, every=1, told=lambda name: True):
        self.folder, self.request, self.events = folder, request, events
        self.every, self.told = every, told
        self.saved = self.stepped = time.monotonic()
        self.cost, self.began = 0, None

    def on_train_begin(self, args, state, control, model=None, **_):
        sharding.check(model, args)

    def on_log(self, args, state, control, logs=None, **_):
        if "loss" not in logs:
            return
        for name in ("loss", "grad_norm"):
            if not math.isfinite(logs[name]):
                raise Failure(71, "not finite", f"{name} of step {state.global_step} is not finite")
        now = time.monotonic()
        metrics = {
            name: value for name, value in logs.items()
            if self.told(name) and value is not None and math.isfinite(value)}
        self.events.write("step", step=state.global_step, seconds=now - self.stepped, metrics=metrics)
        self.stepped = now

    def _keep(self, state, model):
        """Leaves the model of a step that is asked for, in a place that it comes to whole."""
        place = self.folder / "kept" / f"step-{state.global_step}"
        sharding.check_finite(model, state.global_step)
        weights = sharding.whole_weights(model, state.is_world_process_zero)
        if state.is_world_process_zero and not place.exists():
            partial = place.with_suffix(".partial")
            model.save_pretrained(str(partial), state_dict=weights)
            os.replace(partial, place)
        self.events.write("kept", step=state.global_step)

    def on_step_end(self, args, state, control, model=None, **_):
        """Rank 0 decides for all: others may see the file, or the clock, a step later."""
        if state.global_step % self.every != 0:
            return
        if state.global_step // self.every in self.request.get("keep", ()):
            self._keep(state, model)
        age = time.monotonic() - self.saved
        due = age >= max(self.request["checkpoint_seconds"], 20 * self.cost)
        stops = (self.folder / "stop").exists()
        flags = torch.tensor([stops, due], dtype=torch.int, device=args.device)
        if self.request["world_size"] > 1:
            torch.distributed.broadcast(flags, 0)
        stop, due = flags.tolist()
        if stop:
            control.should_training_stop = True
        if stop or due:
            control.should_save, self.began = True, time.monotonic()
        if control.should_save and state.is_world_process_zero:
            self._begin_checkpoint(state)

    def _checkpoint(self, state):
        return self.folder / "checkpoints" / f"checkpoint-{state.global_step}"

    def _begin_checkpoint(self, state):
        """What an earlier attempt left in its place is not whole while it is written over."""
        for name in COMPLETE:
            (self._checkpoint(state) / name).unlink(missing_ok=True)

    def on_save(self, args, state, control, **_):
        place = self._checkpoint(state)
        if self.request["world_size"] > 1:
            torch.distributed.barrier()  # each process writes a file of its own
        if state.is_world_process_zero:
            partial = place / "complete.partial"
            partial.write_text(json.dumps(sizes(place)))
            os.replace(partial, place / "complete.json")
        self.events.write("checkpoint", step=state.global_step, folder=place.name)
        self.saved = time.monotonic()
        if self.began is not None:
            self.cost, self.began = self.saved - self.began, None


def run(trainer, checkpoint, folder, events, versions=None):
    """Trains from a checkpoint or the start, and hands the weights over.

    Args:
        versions: of what else takes part, by name.

    Returns:
        The exit code: 0 done, 75 stopped at a checkpoint.
    """
    events.write(
        "started", adapter=ADAPTER_VERSION, step=step_of(checkpoint), device=str(trainer.args.device),
        versions={m.__name__: m.__version__ for m in (trl, transformers, torch)}
        | sharding.versions(trainer.args) | (versions or {}),
        config=trainer.args.to_dict())
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    step = trainer.state.global_step
    if step < trainer.args.max_steps:
        return ends(events, "stopped", step, 75)
    sharding.check_finite(trainer.model, step)
    trainer.save_model(str(folder / "model"))
    return ends(events, "done", step, 0)


def ends(events, event, step, code):
    """Says how it ended before any process does: torchrun ends all when one ends badly."""
    events.write(event, step=step)
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
    return code
