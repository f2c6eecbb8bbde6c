"""What supervised training and reinforcement learning share: arguments, checkpoints, events."""

import json
import math
import os
import time

import torch
import transformers
import trl
from accelerate import DistributedType, PartialState
from launch import ADAPTER_VERSION, Failure, arguments, refused
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.fsdp import MixedPrecisionPolicy
from torch.distributed.tensor import DTensor


def configuration(kind, folder, request):
    """TRL's configuration, made of the request's arguments alone.

    Args:
        kind: TRL's class, all fields of which stand in fields.json.
    """
    given = arguments(request, kind.__name__)
    if given["use_cpu"] is None:
        given["use_cpu"] = not torch.cuda.is_available()
    if given["use_cpu"]:
        PartialState(cpu=True)  # without it several processes train apart, each by itself
    try:
        config = kind(output_dir=str(folder / "checkpoints"), **given)
    except ValueError as error:
        raise refused(f"TRL says: {error}") from error
    if config.fsdp and given["use_cpu"]:
        # accelerate shards on GPUs alone, and says nothing where it does not.
        PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
    if config.fsdp:
        # Weights and gradients are float32 between processes, too; only products are rounded.
        config.fsdp_plugin_args["mixed_precision_policy"] = MixedPrecisionPolicy()
    for name, value in given.items():
        if name in request["read_back"] and getattr(config, name) != value:
            raise refused(f"TRL made {getattr(config, name)!r} of {name}: {value!r}")
    return config


def sizes(folder):
    return {p.name: p.stat().st_size for p in sorted(folder.iterdir()) if p.name != "complete.json"}


def newest_checkpoint(folder):
    """The newest that was written to its end: transformers writes checkpoints in place."""
    found = (folder / "checkpoints").glob("checkpoint-*/complete.json")
    for file in sorted(found, key=lambda f: -step_of(f.parent)):
        if json.loads(file.read_text()) == sizes(file.parent):
            return file.parent
    return None


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
        self.cost, self.began, self.sharded = 0, None, False

    def on_train_begin(self, args, state, control, model=None, **_):
        """Whoever asks for shards must not train with whole weights, nor the other way round."""
        self.sharded = all(isinstance(weight, DTensor) for weight in model.parameters())
        if self.sharded != bool(args.fsdp):
            raise Failure(
                1, "error", f"weights are {'' if self.sharded else 'not '}in shards, against what was asked")

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
        check_weights(model, state.global_step)
        # All processes take part where weights are in shards.
        weights = get_model_state_dict(
            model, options=StateDictOptions(full_state_dict=True, cpu_offload=True)) if self.sharded else None
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

    def on_save(self, args, state, control, **_):
        place = self.folder / "checkpoints" / f"checkpoint-{state.global_step}"
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


def check_weights(model, step):
    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            raise Failure(71, "not finite", f"the weights {name} are not finite after step {step}")


def run(trainer, checkpoint, folder, events, versions=None):
    """Trains from a checkpoint or the start, and hands the weights over.

    Args:
        versions: of what else takes part, by name.

    Returns:
        The exit code: 0 done, 75 stopped at a checkpoint.
    """
    events.write(
        "started", adapter=ADAPTER_VERSION, step=step_of(checkpoint), device=str(trainer.args.device),
        versions={m.__name__: m.__version__ for m in (trl, transformers, torch)} | (versions or {}),
        config=trainer.args.to_dict())
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    step = trainer.state.global_step
    if step < trainer.args.max_steps:
        events.write("stopped", step=step)
        return 75
    check_weights(trainer.model, step)
    trainer.save_model(str(folder / "model"))
    events.write("done", step=step)
    return 0
