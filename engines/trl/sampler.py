"""vLLM in the place of TRL's own sampling: precision, ends and random numbers as the request says.

TRL seeds vLLM by the rank alone, so that all seeds of a recipe would have one stream; and it leaves vLLM to
choose a precision, which makes 16 bits of weights in float32. Here each completion has a seed of its own.
"""

import hashlib
import importlib.metadata
from concurrent.futures import ThreadPoolExecutor

import torch
from launch import refused
from packaging.version import Version
from trl.generation import vllm_generation

# What TRL 1.16 says that it knows.
OLDEST, NEWEST = "0.22.0", "0.31.0"
# Requests on their way to a server at a time, as TRL's client has connections.
CONCURRENCY = 64


class Sampling:
    """What is asked of vLLM for the completions of a step.

    Args:
        seed: that of the recipe.
        group: completions of a prompt.
        ends: the tokens that end a completion.
    """

    def __init__(self, seed, group, ends):
        self.seed, self.group, self.ends, self.step = seed, group, ends, 0

    def slot_seed(self, slot):
        """Of a prompt's first completion; the others have the numbers after it, as vLLM itself counts."""
        digest = hashlib.sha256(f"{self.seed} {self.step} {slot}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 2

    def completion_seed(self, place):
        slot, sample = divmod(place, self.group)
        return self.slot_seed(slot) + sample


def check_version():
    try:
        found = importlib.metadata.version("vllm")
    except importlib.metadata.PackageNotFoundError:
        raise refused(f"this Python lacks vLLM; TRL takes {OLDEST} to {NEWEST}") from None
    if not Version(OLDEST) <= Version(Version(found).base_version) <= Version(NEWEST):
        raise refused(f"this Python has vLLM {found}; TRL takes {OLDEST} to {NEWEST}")
    return found


def colocate(sampling, precision, config):
    """Has TRL make an engine that seeds each completion, wherever its prompt is.

    Processes that share an engine (tensor parallelism) all see the prompts of all of them.
    """
    class Seeded(vllm_generation.LLM):
        def __init__(self, **arguments):
            super().__init__(**{
                **arguments, "dtype": precision, "generation_config": "vllm",
                "seed": sampling.slot_seed(-1) % 2**31})

        def generate(self, prompts, sampling_params, **options):
            first = config.process_index // config.vllm_tensor_parallel_size * len(prompts)
            asked = []
            for place in range(first, first + len(prompts)):
                parameters = sampling_params.clone()
                parameters.seed = sampling.completion_seed(place)
                asked.append(parameters)
            return super().generate(prompts, asked, **options)

    vllm_generation.LLM = Seeded


def check_server(client, precision, tokens):
    """Refuses a server that would sample something else than is meant."""
    found = client.get_server_info()["model_config"]
    for name, wanted, option in (
            ("dtype", precision, f"--dtype {precision}"),
            ("logprobs_mode", "processed_logprobs", "--logprobs-mode processed_logprobs")):
        if str(found.get(name)).removeprefix("torch.") != wanted:
            raise refused(
                f"the vLLM server has {name} {found.get(name)!r} where {wanted!r} is meant; start it with {option}")
    if found.get("max_model_len", tokens) < tokens:
        raise refused(
            f"the vLLM server has max_model_len {found['max_model_len']}, and a prompt with its completion takes "
            f"{tokens} tokens; start it with --max-model-len {tokens}")


def ask_one_by_one(client, sampling):
    """A request for each prompt, with its seed; TRL would give all prompts of a step the same one."""
    whole = client.generate

    def generate(prompts, n=1, features=None, generation_kwargs=None, **options):
        def one(slot):
            asked = {**(generation_kwargs or {}), "seed": sampling.slot_seed(slot)}
            return whole(prompts=[prompts[slot]], n=n, generation_kwargs=asked, **options)

        with ThreadPoolExecutor(min(CONCURRENCY, len(prompts))) as pool:
            answers = list(pool.map(one, range(len(prompts))))
        return {
            name: None if first is None else [value for answer in answers for value in answer[name]]
            for name, first in answers[0].items()}

    client.generate = generate


def attach(generation, sampling, precision, is_first):
    """Says what else a completion is sampled with, once TRL has its engine or its server."""
    generation.generation_kwargs = {
        # Whatever the model's generation_config.json says.
        "presence_penalty": 0.0, "frequency_penalty": 0.0, "stop_token_ids": sampling.ends}
    if generation.mode == "server" and is_first:
        check_server(generation.vllm_client, precision, generation.max_model_length)
        ask_one_by_one(generation.vllm_client, sampling)


class Mismatch:
    """How far the sampler's log p of its tokens are from those of the model that is trained."""

    def __init__(self, device):
        self.sums, self.greatest = torch.zeros(2, device=device), torch.zeros(1, device=device)

    def note(self, trained, inputs):
        """Tokens that vLLM gave no log p for do not count."""
        apart = (trained.detach() - inputs["sampling_per_token_logps"]).abs()
        apart = apart[inputs["completion_mask"].bool() & ~apart.isnan()]
        self.sums += torch.stack([apart.sum(), torch.tensor(float(len(apart)), device=apart.device)])
        if len(apart):
            self.greatest = torch.maximum(self.greatest, apart.max())

    def values(self, accelerator):
        """Of all processes together, under the names of native training."""
        total, count = accelerator.reduce(self.sums, reduction="sum").tolist()
        greatest = accelerator.gather(self.greatest).max().item()
        return {} if count == 0 else {
            "sampling/logp_difference_mean": total / count, "sampling/logp_difference_max": greatest}
