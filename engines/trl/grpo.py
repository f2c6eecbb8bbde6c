"""Reinforcement learning on prompts of token ids, with rewards of a worker.

TRL's trainer is told everything by the request; where it would do otherwise than is meant, the subclass
here does that, or the request is refused.
"""

import hashlib
import json

import sampler
import torch
import transformers
import trl
from datasets import Dataset
from given import Given
from launch import refused
from sampler import Mismatch
from sharding import check_finite
from training import Reporter, configuration, newest_checkpoint, run, step_of
from trl.trainer import grpo_trainer
from worker import Worker

# TRL shuffles a batch before it cuts it into micro-batches, which changes what bnpo divides by.
grpo_trainer.shuffle_sequence_dict = lambda values: values

# What is told of an update. What TRL says of rollouts has other meanings than the program's metrics.
METRICS = ("loss", "grad_norm", "learning_rate", "kl", "entropy", "clip_ratio/",
           "sampling/logp_difference_", "sampling/importance_sampling_ratio/")


class Trainer(trl.GRPOTrainer):
    """TRL's trainer with prompts of token ids, a worker's rewards and exact divisors.

    Args:
        worker: who rewards, and with ``Given`` also whose completions are taken.
        prompt_limit: how many of a prompt's last tokens the loss sees; None is all.
        sampling: what vLLM is asked for; None where transformers samples.
    """

    def __init__(self, worker, prompt_limit, sampling=None, **arguments):
        self.worker, self.prompt_limit, self.sampling = worker, prompt_limit, sampling
        # The sampler's log p, where it tells them, and what became of them.
        self.log_probabilities = self.mismatch = self.compared = None
        self.of_sampling = {}
        super().__init__(reward_funcs=self.reward, **arguments)

    @property
    def generations(self):
        """How many batches of completions have been learned from."""
        return self.state.global_step // self.num_iterations

    def reward(self, completion_ids, row, **_):
        first = self.accelerator.process_index * len(row)
        requests = []
        for index, (ids, number) in enumerate(zip(completion_ids, row, strict=True)):
            slot, sample = divmod(first + index, self.num_generations)
            told = self.log_probabilities and {"log_probabilities": self.log_probabilities[index]}
            requests.append({
                "step": self.generations + 1, "row": number, "slot": slot, "sample": sample, "ids": ids,
                "truncated": ids[-1] not in self.eos_token_ids, **(told or {})})
        return self.worker.rewards(requests)

    def _tokenize_prompts(self, prompts):
        return prompts, None, {}

    def _generate_single_turn(self, prompt_ids, *arguments, **options):
        if isinstance(self.worker, Given):
            first = self.accelerator.process_index * len(prompt_ids)
            return self.worker.completions(self.generations + 1, first, len(prompt_ids)), None
        if self.sampling:
            self.sampling.step = self.generations + 1
        ids, self.log_probabilities = super()._generate_single_turn(prompt_ids, *arguments, **options)
        if self.sampling:
            self.mismatch = Mismatch(self.accelerator.device)
        return ids, self.log_probabilities

    def _compute_loss(self, model, inputs):
        """The first update on a batch sees the weights that sampled it."""
        first = self.mismatch and self.state.global_step % self.num_iterations == 0
        self.compared = inputs if first else None
        loss = super()._compute_loss(model, inputs)
        self.compared = None
        return loss

    def log(self, logs, start_time=None):
        """Whatever is told of sampling comes with the first update on a batch, and is told of all of them."""
        if not self.mismatch or "loss" not in logs:
            return super().log(logs, start_time)
        if self.state.global_step % self.num_iterations == 1 % self.num_iterations:
            ratios = {n: sum(v) / len(v) for n, v in self._metrics["train"].items()
                      if n.startswith("sampling/importance_sampling_ratio/")}
            self.of_sampling = {**ratios, **self.mismatch.values(self.accelerator)}
        return super().log({**logs, **self.of_sampling}, start_time)

    def _get_per_token_logps_and_entropies(
        self, model, input_ids, attention_mask, logits_to_keep, **options
    ):
        """Prompts are padded on the left, so their last tokens are the last columns."""
        if self.prompt_limit is not None:
            kept = self.prompt_limit + logits_to_keep
            input_ids, attention_mask = input_ids[:, -kept:], attention_mask[:, -kept:]
        results = super()._get_per_token_logps_and_entropies(
            model, input_ids, attention_mask, logits_to_keep, **options)
        if self.compared:
            self.mismatch.note(results[0], self.compared)
        return results

    def _generate_and_score_completions(self, inputs):
        scored = super()._generate_and_score_completions(inputs)
        if self.mask_truncated_completions and self.loss_type in ("grpo", "dr_grpo"):
            scored["advantages"] = scored["advantages"] * self.share(scored["completion_mask"])
        return scored

    def share(self, masks):
        """All completions by those in the loss: TRL divides by all where those in the loss are meant."""
        counted = self.accelerator.gather(masks.any(dim=1))
        return len(counted) / max(1, counted.sum().item())

    def _save_checkpoint(self, model, trial):
        self.worker.sync(self.generations)
        super()._save_checkpoint(model, trial)


def rows(path):
    for number, line in enumerate(path.read_text().splitlines()):
        row = json.loads(line)
        if row["row"] != number or not row["prompt_ids"]:
            raise refused(f"line {number + 1} of rows.jsonl has no tokens, or is not row {number}")
        yield {"prompt": row["prompt_ids"], "row": number}


def check(request, config):
    """Refuses what would train something else than is meant."""
    batch = config.per_device_train_batch_size * config.gradient_accumulation_steps * config.world_size
    if request["sampler"] != ("vllm" if config.use_vllm else "transformers"):
        raise refused(f"the sampler is to be {request['sampler']}, and use_vllm is {config.use_vllm}")
    if config.generation_batch_size != batch:
        raise refused(
            f"a batch has {config.generation_batch_size} completions, but processes, accumulation and "
            f"micro-batches make {batch}")
    if config.max_steps % config.num_iterations or config.save_steps % config.num_iterations:
        raise refused(
            "max_steps and save_steps must be multiples of num_iterations: TRL cannot resume between the "
            "updates on one batch")
    completions = batch * (config.max_steps // config.num_iterations)
    if len(request["order"]) * config.num_generations != completions:
        raise refused("the order has not as many prompts as the steps take")
    if config.mask_truncated_completions and config.beta and config.loss_type in ("grpo", "dr_grpo"):
        raise refused(
            "with truncated completions masked, TRL divides the divergence by all completions; take "
            "kl 0, or the normaliser batch_tokens or microbatch_tokens")


def check_model(request, trainer, data):
    ends, expected = set(trainer.eos_token_ids), set(request["eos_token_ids"])
    if ends != expected:
        raise refused(f"completions are to end at the tokens {sorted(expected)}, TRL's at {sorted(ends)}")
    context = getattr(trainer.model.config.get_text_config(), "max_position_embeddings", None)
    needed = max(map(len, data["prompt"])) + trainer.max_completion_length
    if context is not None and needed > context:
        raise refused(f"the longest prompt and its completion take {needed} tokens of {context}")


def check_processes(checkpoint, world_size):
    """Each process has random numbers of its own, which another number of them cannot take up."""
    found = len(list(checkpoint.glob("rng_state*.pth"))) if checkpoint else world_size
    if found != world_size:
        raise refused(f"the training was begun with {found} processes and resumes with no other number")


def seed_sampling(seed, rank):
    """TRL adds the rank to the seed, so that neighbouring seeds would share their random numbers."""
    digest = hashlib.sha256(f"{seed} {rank}".encode()).digest()
    torch.manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def prepare_vllm(request, config):
    """Returns: what is asked of vLLM; None where transformers samples."""
    if not config.use_vllm:
        return None
    sampler.check_version()
    sampling = sampler.Sampling(config.seed, config.num_generations, request["eos_token_ids"])
    if config.vllm_mode == "colocate":
        sampler.colocate(sampling, request["sampling_precision"], config)
    return sampling


def workers(folder, request, config):
    """Who rewards: a program, or an earlier training, whose completions are taken, too."""
    if request.get("given") is None:
        return Worker(request["worker"], request["worker_patience"], config.process_index)
    given = Given(folder / request["given"])
    given.check(config.max_steps // config.num_iterations, config.generation_batch_size)
    return given


def train(folder, request, events):
    config = configuration(trl.GRPOConfig, folder, request)
    check(request, config)
    sampling = prepare_vllm(request, config)
    checkpoint = newest_checkpoint(folder)
    check_processes(checkpoint, config.world_size)
    events.cut(step_of(checkpoint))
    tokenizer = transformers.AutoTokenizer.from_pretrained(request["model"], padding_side="left")
    tokenizer.pad_token = tokenizer.eos_token  # TRL takes the padding for an end of completions
    data = Dataset.from_list(list(rows(folder / "rows.jsonl")))
    worker = workers(folder, request, config)
    try:
        trainer = Trainer(
            worker, request["loss_prompt_tokens"], sampling, model=request["model"], args=config,
            processing_class=tokenizer, train_dataset=data.select(request["order"]),
            callbacks=[Reporter(
                folder, request, events, every=config.num_iterations,
                told=lambda name: name.startswith(METRICS))])
        check_model(request, trainer, data)
        if sampling:
            sampler.attach(
                trainer.vllm_generation, sampling, request["sampling_precision"], config.process_index == 0)
        check_finite(trainer.model, 0)
        seed_sampling(config.seed, config.process_index)
        versions = {"vllm": sampler.check_version()} if sampling else None
        return run(trainer, checkpoint, folder, events, versions)
    finally:
        worker.close()
