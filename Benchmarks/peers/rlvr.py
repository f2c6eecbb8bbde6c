# SPDX-License-Identifier: Apache-2.0
"""A step of reinforcement learning with TRL's GRPOTrainer: sample all completions, update once.

Rewards are random, and the end token is kept from being sampled, so that every completion has its
full length, as on the other side.
"""
import random
import re
import sys
import tempfile
import time
from typing import Any

from datasets import Dataset
from transformers import AutoTokenizer, PreTrainedTokenizerBase, TrainerCallback, TrainerState
from trl import GRPOConfig, GRPOTrainer

from channel import Channel
from language_model import details, load

# More steps than anybody asks for: the driver says when it is over.
STEPS = 1000
WARMUP_TOKENS = 8


def serve(settings: dict[str, Any], channel: Channel) -> None:
    model = load(settings)
    tokenizer = AutoTokenizer.from_pretrained(settings["folder"])
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=random_rewards,
        args=configuration(settings),
        train_dataset=Dataset.from_dict({"prompt": prompts(tokenizer, settings)}),
        processing_class=tokenizer,
    )
    trainer.add_callback(StepsOnRequest(trainer, channel, settings))
    trainer.train()


def random_rewards(completions: list[str], **_: Any) -> list[float]:
    return [random.random() for _ in completions]


def prompts(tokenizer: PreTrainedTokenizerBase, settings: dict[str, Any]) -> list[str]:
    """Texts of random words that are one token each, with the space before it."""
    words = sorted(word for word in tokenizer.get_vocab() if re.fullmatch("Ġ[A-Za-z]+", word))
    draw = random.Random(0)
    texts = [
        "".join(draw.choices(words, k=settings["prompt"])).replace("Ġ", " ")
        for _ in range(settings["prompts"])
    ]
    lengths = {len(tokenizer(text)["input_ids"]) for text in texts}
    assert lengths == {settings["prompt"]}, f"prompts have {lengths} tokens"
    return texts


def configuration(settings: dict[str, Any]) -> GRPOConfig:
    """Dr. GRPO; everything that only saves memory and costs time is off."""
    completions = settings["prompts"] * settings["group"]
    at_once = min(settings["completions_at_once"], completions)
    return GRPOConfig(
        output_dir=tempfile.gettempdir(), save_strategy="no", report_to="none", disable_tqdm=True,
        logging_strategy="steps", logging_steps=1, seed=0, use_cpu=True,
        bf16=settings["dtype"] == "bfloat16", gradient_checkpointing=False, max_steps=STEPS,
        dataloader_pin_memory=False, learning_rate=1e-6, max_grad_norm=1.0,
        optim="adamw_torch_fused",
        per_device_train_batch_size=at_once, gradient_accumulation_steps=completions // at_once,
        num_generations=settings["group"], max_completion_length=settings["tokens"],
        generation_kwargs={"min_new_tokens": settings["tokens"]},
        temperature=1.0, beta=0.0, loss_type="dr_grpo", scale_rewards="none",
    )


class StepsOnRequest(TrainerCallback):
    """Holds the trainer at the beginning of each step until the driver asks for it.

    The first step warms up, and has short completions. The trainer logs after each step; its log
    shows that all completions had their full length.
    """

    def __init__(self, trainer: GRPOTrainer, channel: Channel, settings: dict[str, Any]) -> None:
        self.trainer, self.channel, self.settings = trainer, channel, settings
        self.start = self.seconds = 0.0

    def on_step_begin(self, args: Any, state: TrainerState, *_: Any, **__: Any) -> None:
        if state.global_step == 0:
            self.set_length(min(WARMUP_TOKENS, self.settings["tokens"]))
            return
        if state.global_step == 1:
            self.set_length(self.settings["tokens"])
            self.channel.ready(**details())
        if not self.channel.wait():
            sys.exit(0)
        self.start = time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.seconds = time.perf_counter() - self.start

    def on_log(
        self, args: Any, state: TrainerState, control: Any, logs: dict[str, Any], **_: Any
    ) -> None:
        if state.global_step == 1:
            return
        length = self.settings["tokens"]
        assert logs["completions/mean_length"] == length, logs
        tokens = self.settings["prompts"] * self.settings["group"] * length
        self.channel.answer(seconds=self.seconds, tokens_per_second=tokens / self.seconds)

    def set_length(self, tokens: int) -> None:
        generation = self.trainer.generation_config
        generation.min_new_tokens = generation.max_new_tokens = tokens
