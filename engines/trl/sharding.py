"""What each of several processes holds of a training: all of it, or a part (FSDP2, DeepSpeed's ZeRO-3)."""

import contextlib
import importlib.metadata
import importlib.util
import os
import sys

import torch
from accelerate import DistributedType, PartialState
from launch import Failure, refused
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.fsdp import MixedPrecisionPolicy
from torch.distributed.tensor import DTensor


def prepare(given):
    """What must be so before TRL's configuration is made."""
    if given["use_cpu"]:
        PartialState(cpu=True)  # without it several processes train apart, each by itself
    if not given["deepspeed"]:
        return
    if importlib.util.find_spec("deepspeed") is None:
        raise refused(f"trl.sharding zero3 needs DeepSpeed, which {sys.executable} lacks; 'pip install deepspeed==0.19.8' "
                      "there, or take fsdp2")
    if given["use_cpu"]:
        os.environ["DS_ACCELERATOR"] = "cpu"


def adapt(config):
    """Has weights in parts on a CPU, too, and in float32 wherever they travel or are kept.

    accelerate has parts on GPUs alone, and says nothing where it has not.
    """
    if config.use_cpu and config.fsdp:
        PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
    if config.use_cpu and config.deepspeed:
        PartialState._shared_state["distributed_type"] = DistributedType.DEEPSPEED
        import deepspeed
        # A part for inference, which it would compile.
        importlib.import_module("deepspeed.comm.torch").build_shm_op = lambda: None
        deepspeed.init_distributed(dist_backend="gloo", auto_mpi_discovery=False)
    if config.fsdp:
        # Only products are rounded.
        config.fsdp_plugin_args["mixed_precision_policy"] = MixedPrecisionPolicy()
    if config.deepspeed:
        # Else accelerate would ask for weights of 16 bits; products are rounded by what the request says.
        config.mixed_precision = "no"


def versions(config):
    """Of what divides weights, where that is a package by itself."""
    return {"deepspeed": importlib.metadata.version("deepspeed")} if config.deepspeed else {}


def _is_part(weight):
    return isinstance(weight, DTensor) or hasattr(weight, "ds_tensor")


def check(model, config):
    """Whoever asks for parts must not train with whole weights, nor the other way round."""
    parts = all(_is_part(weight) for weight in model.parameters())
    if parts != bool(config.fsdp or config.deepspeed):
        raise Failure(1, "error", f"weights are {'' if parts else 'not '}in parts, against what was asked")


def _gathered(weight):
    """Has a weight of ZeRO-3 whole for a while, in all processes."""
    if not hasattr(weight, "ds_tensor"):
        return contextlib.nullcontext()
    import deepspeed
    return deepspeed.zero.GatheredParameters(weight)


def check_finite(model, step):
    for name, weight in model.named_parameters():
        with _gathered(weight):
            finite = torch.isfinite(weight).all()
        if not finite:
            raise Failure(71, "not finite", f"the weights {name} are not finite after step {step}")


def whole_weights(model, is_first):
    """Whole weights by name, for the first process; all take part. None where each has them anyway."""
    weights = dict(model.named_parameters())
    if all(isinstance(weight, DTensor) for weight in weights.values()):
        return get_model_state_dict(
            model, options=StateDictOptions(full_state_dict=True, cpu_offload=True))
    if not any(_is_part(weight) for weight in weights.values()):
        return None
    whole = {}
    for name, weight in weights.items():
        with _gathered(weight):
            if is_first:
                whole[name] = weight.detach().cpu().clone()
    return whole
