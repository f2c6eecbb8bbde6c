"""Plays vLLM for tests, on a CPU: its interface as far as TRL and the adapter use it, over transformers.

    python stand_in_vllm.py FOLDER [server]

runs the adapter with it. `server` has a client in the process in the place of one that speaks HTTP and NCCL.
What it was asked is kept in FOLDER/asked.jsonl.
"""

import copy
import dataclasses
import json
import sys
import types
from pathlib import Path

import torch

VERSION = "0.27.0"
# What a server says of itself, and where it keeps what it was asked.
SERVER = {"dtype": "torch.float32", "logprobs_mode": "processed_logprobs", "max_model_len": 2048}
LOG = []


@dataclasses.dataclass
class SamplingParams:
    n: int = 1
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    max_tokens: int = 16
    logprobs: int | None = None
    seed: int | None = None
    stop_token_ids: list | None = None

    def clone(self):
        return copy.deepcopy(self)


class LLM:
    """Samples token by token. Its weights are those that TRL loads, in the precision that it is told."""

    def __init__(self, model, dtype="auto", **arguments):
        import transformers

        self.dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]
        self.model = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=self.dtype).eval()
        LOG.append({"engine": {"dtype": dtype, **arguments}})
        runner = types.SimpleNamespace(model=types.SimpleNamespace(load_weights=self.load_weights))
        worker = types.SimpleNamespace(driver_worker=types.SimpleNamespace(model_runner=runner))
        self.llm_engine = types.SimpleNamespace(
            model_executor=worker, model_config=types.SimpleNamespace(max_model_len=2048))
        self.asleep = False

    def load_weights(self, weights):
        own = dict(self.model.named_parameters())
        for name, weight in weights:
            own[name].data.copy_(weight)

    def reset_prefix_cache(self):
        pass

    def sleep(self, level):
        self.asleep = True

    def wake_up(self, tags):
        self.asleep = False

    @torch.no_grad()
    def complete(self, prompt, asked):
        assert (asked.top_p, asked.min_p, asked.repetition_penalty) == (1.0, 0.0, 1.0)
        stream = torch.Generator().manual_seed(asked.seed)
        ids, told = [], []
        while len(ids) < asked.max_tokens and not (ids and ids[-1] in asked.stop_token_ids):
            logits = self.model(torch.tensor([prompt + ids])).logits[0, -1].float() / asked.temperature
            scores = logits.log_softmax(-1)
            token = torch.multinomial(scores.exp(), 1, generator=stream).item()
            ids.append(token)
            told.append({token: types.SimpleNamespace(logprob=scores[token].item(), rank=1)})
        return types.SimpleNamespace(token_ids=ids, logprobs=told)

    def generate(self, prompts, sampling_params, use_tqdm=True):
        assert not self.asleep
        each = sampling_params if isinstance(sampling_params, list) else [sampling_params] * len(prompts)
        LOG.append({"seeds": [asked.seed for asked in each], "asked": dataclasses.asdict(each[0])})
        return [
            types.SimpleNamespace(
                prompt_token_ids=prompt["prompt_token_ids"],
                outputs=[self.complete(prompt["prompt_token_ids"], asked)])
            for prompt, asked in zip(prompts, each, strict=True)]


class Client:
    """TRL's client of a server, with the engine behind it in this process."""

    def __init__(self, base_url, group_port, connection_timeout):
        self.llm, self.base_url = None, base_url

    def init_communicator(self, device):
        self.llm = LLM(json.loads((Path(sys.argv[1]) / "request.json").read_text())["model"], "float32")

    def get_server_info(self):
        return {"model_config": SERVER}

    def update_named_params(self, metadata, parameters):
        self.llm.load_weights(parameters)

    def reset_prefix_cache(self):
        pass

    def generate(self, prompts, n, structured_outputs_regex, generation_kwargs, features=None, **asked):
        LOG.append({"prompts": len(prompts), "n": n, "asked": generation_kwargs})
        answers = [
            self.llm.complete(prompt, SamplingParams(**{
                **asked, **generation_kwargs, "seed": generation_kwargs["seed"] + sample}))
            for prompt in prompts for sample in range(n)]
        return {
            "prompt_ids": prompts, "completion_ids": [a.token_ids for a in answers],
            "logprobs": [[[e.logprob for e in place.values()] for place in a.logprobs] for a in answers],
            "logprob_token_ids": None}


def install():
    """Has `import vllm` find this, and whoever asks for the version of it, too."""
    import importlib.machinery
    import importlib.metadata

    def module(name, **content):
        made = types.ModuleType(name)
        made.__spec__ = importlib.machinery.ModuleSpec(name, None)
        made.__dict__.update(content)
        sys.modules[name] = made

    module("vllm", LLM=LLM, RequestOutput=object, SamplingParams=SamplingParams, __version__=VERSION)
    module("vllm.sampling_params", StructuredOutputsParams=object)
    module("vllm.utils.network_utils", get_ip=None)
    module("vllm.utils")
    module("vllm.distributed")
    module("vllm.distributed.weight_transfer")
    module(
        "vllm.distributed.weight_transfer.nccl_engine", NCCLTrainerSendWeightsArgs=None,
        NCCLWeightTransferEngine=None)
    found = importlib.metadata.version
    importlib.metadata.version = lambda name: VERSION if name == "vllm" else found(name)


def main(folder, mode="colocate", **server):
    global VERSION
    VERSION = server.pop("version", VERSION)
    install()
    import launch
    from trl.generation import vllm_generation

    vllm_generation.empty_cache = lambda: None
    if mode == "server":
        SERVER.update(server)
        vllm_generation.VLLMClient = Client
    code = launch.main(folder)
    with open(Path(folder) / "asked.jsonl", "a") as file:
        file.writelines(json.dumps(line, default=str) + "\n" for line in LOG)
    return code


if __name__ == "__main__":
    torch.set_num_threads(1)
    more = dict(word.split("=") for word in sys.argv[3:])
    sys.exit(main(*sys.argv[1:3], **more))
