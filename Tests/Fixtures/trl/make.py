"""Makes metrics.json beside it: what TRL's GRPOTrainer logs of a tiny model's completions.

`pip install trl==1.16.0 transformers==5.23.0 torch accelerate datasets`, then `python3 make.py`.
The model is the one in ../reference/llama-tied. A batch of three groups of four completions is
sampled and trained on twice (`num_iterations=2`), so that the second update has ratios to clip and
a divergence. Beside what is logged stand the tokens that were sampled and the rewards that were
given, so that our trainer can log the same batch.

The file was made with Python 3.11.7 and PyTorch 2.15.0 on an x86-64 processor.
"""

import json
import os
import tempfile

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, set_seed
from trl import GRPOConfig, GRPOTrainer

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "../reference/llama-tied")
PROMPTS = [[5, 6, 7, 8], [9, 10, 11], [12, 13, 14, 15, 16, 17]]
# A group that differs, one that is all right, one that differs.
REWARDS = [[2.0, -0.5, -2.0, 2.0], [2.0, 2.0, 2.0, 2.0], [-2.0, -2.0, -1.0, -0.5]]
VARIANTS = {
    "plain": dict(scale_rewards="none", mask_truncated_completions=False, loss_type="dapo"),
    "batch_scaled_masked": dict(
        scale_rewards="batch", mask_truncated_completions=True, loss_type="dapo"),
}
LIMIT = 12


def tokenizer():
    words = {f"t{i}": i for i in range(97)}
    plain = Tokenizer(models.WordLevel(words, unk_token="t3"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="t70", eos_token="t92", unk_token="t3")


def text(tokens):
    return " ".join(f"t{i}" for i in tokens)


def run(settings):
    batches = []

    def reward(prompts, completions, completion_ids, **_):
        counts = {}
        given = []
        for prompt, ids in zip(prompts, completion_ids):
            place = [text(p) for p in PROMPTS].index(prompt)
            number = counts.get(place, 0)
            counts[place] = number + 1
            given.append(REWARDS[place][number])
            batches.append((place, list(map(int, ids)), given[-1]))
        return given

    set_seed(6)
    with tempfile.TemporaryDirectory() as folder:
        trainer = GRPOTrainer(
            model=MODEL, reward_funcs=reward, processing_class=tokenizer(),
            train_dataset=Dataset.from_dict({"prompt": [text(p) for p in PROMPTS]}),
            args=GRPOConfig(
                output_dir=folder, use_cpu=True, bf16=False, report_to="none", disable_tqdm=True,
                save_strategy="no", logging_steps=1, seed=6, max_steps=2, num_iterations=2,
                num_generations=4, per_device_train_batch_size=12, gradient_accumulation_steps=1,
                max_completion_length=LIMIT, temperature=1.3, top_p=1.0, top_k=0,
                learning_rate=0.003, lr_scheduler_type="constant", warmup_steps=0,
                optim="adamw_torch", adam_beta1=0.9, adam_beta2=0.99, adam_epsilon=1e-8,
                weight_decay=0.0, max_grad_norm=0.1, epsilon=0.2, epsilon_high=0.28, beta=0.05,
                use_bias_correction_kl=False, gradient_checkpointing=False,
                model_init_kwargs={"dtype": "float32"}, disable_dropout=True, **settings))
        trainer.train()
        logs = [log for log in trainer.state.log_history if "reward" in log or "kl" in log]
    groups = [
        {"prompt": prompt, "completions": [ids for place, ids, _ in batches if place == number],
         "rewards": [reward for place, _, reward in batches if place == number]}
        for number, prompt in enumerate(PROMPTS)]
    return {"groups": groups, "logs": logs, "limit": LIMIT}


def main():
    found = {name: run(settings) for name, settings in VARIANTS.items()}
    with open(os.path.join(HERE, "metrics.json"), "w") as file:
        json.dump(found, file)
        file.write("\n")
    print(torch.__version__)


if __name__ == "__main__":
    main()
