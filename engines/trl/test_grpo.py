"""Tests of reinforcement learning with the real TRL on a CPU: python -m unittest test_grpo (here)."""

import contextlib
import io
import json
import math
import os
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import grpo
import launch
import safetensors.torch
import torch
import training
import transformers
import trl
from grpo_formulas import (
    GROUP, LONGEST, LOSS, MICROBATCH, PROBLEMS, RATE, SCALE, STEPS, formulas, prepare, rollouts)
from test_adapter import launch as launch_process
from test_adapter import movement, weights
from torch.optim.optimizer import register_optimizer_step_pre_hook

torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()


def run(folder):
    """Trains in this process, which spares seconds of imports."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = launch.main(str(folder))
    return code, [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


@contextlib.contextmanager
def first_gradient():
    """Keeps the gradient of the first update that an optimiser makes, matrices before norms."""
    kept = []

    def keep(optimiser, *_):
        if not kept:
            kept.extend(p.grad.flatten().double() for g in optimiser.param_groups for p in g["params"])

    hook = register_optimizer_step_pre_hook(keep)
    try:
        yield kept
    finally:
        hook.remove()


def given(batches):
    """Completions that were sampled before take the place of sampling."""
    def generate(self, prompt_ids, *_, **__):
        return [row["ids"] for row in batches[self.generations + 1]], None

    return mock.patch.object(grpo.Trainer, "_generate_single_turn", generate)


def events_of(events, kind):
    return [event for event in events if event["event"] == kind]


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.folder = Path(scratch.name)
        self.addCleanup(scratch.cleanup)

    def compare(self, case):
        """Trains, and says how far the first gradient, the weights and the losses are from formulas."""
        with first_gradient() as seen:
            code, events = run(self.folder)
        self.assertEqual((code, events[-1]["event"]), (0, "done"), events[-1])
        with first_gradient() as meant:
            ours, losses = formulas(self.folder, case)
        difference = sum(((a - b) ** 2).sum() for a, b in zip(seen, meant, strict=True)) ** 0.5
        gradient = (difference / sum((b ** 2).sum() for b in meant) ** 0.5).item()
        moved, apart = movement(
            weights(self.folder / "base").state_dict(),
            weights(self.folder / "model").state_dict(), ours)
        self.assertGreater(moved, 0.1)
        told = [e["metrics"]["loss"] for e in events_of(events, "step")]
        return gradient, apart, max(abs(a - b) for a, b in zip(told, losses, strict=True))


class FormulaTests(Scratch):
    def check(self, **case):
        case = prepare(self.folder, case)
        gradient, apart, loss = self.compare(case)
        batches = rollouts(self.folder)
        self.assertEqual([len(batches[s]) for s in (1, 2, 3)], [PROBLEMS * GROUP] * STEPS)
        truncated = [row["truncated"] for rows in batches.values() for row in rows]
        self.assertTrue(0.2 < sum(truncated) / len(truncated) < 0.8, sum(truncated))
        print(f"gradient {gradient:.1e} weights {apart:.1e} loss {loss:.1e} {case}")
        self.assertLess(gradient, 1e-5)
        self.assertLess(apart, 1e-3)
        self.assertLess(loss, 1e-4)

    def each(self, cases):
        for case in cases:
            with self.subTest(**case), tempfile.TemporaryDirectory() as folder:
                self.folder = Path(folder)
                self.check(**case)

    def test_every_advantage_with_every_normaliser(self):
        self.each({"advantage": a, "normaliser": n} for a in SCALE for n in LOSS)

    def test_truncated_completions_are_left_out_of_loss_and_divisor(self):
        self.each({"normaliser": n, "mask_truncated": True} for n in LOSS)
        self.each([{"normaliser": "batch_tokens", "mask_truncated": True, "kl": 0.5, "updates": 2}])

    def test_the_loss_sees_the_last_tokens_of_a_prompt(self):
        self.each([{"prompt_tokens": 5}, {"prompt_tokens": 5, "updates": 2, "kl": 0.5}])

    def test_a_temperature_that_is_written_as_an_integer(self):
        self.check(temperature=2)

    def test_several_updates_with_clipping_and_divergence(self):
        case = {
            "advantage": "scaled", "normaliser": "sequence", "updates": 3, "clip": (0.05, 0.08),
            "kl": 0.5, "temperature": 0.7, "norm": 0.5}
        self.each([{**case, "normaliser": "microbatch_tokens"}])
        self.check(**case)
        told = events_of(run(self.folder)[1], "step")[1]["metrics"]
        self.assertEqual(
            {name.split("/")[0] for name in told},
            {"loss", "grad_norm", "learning_rate", "kl", "entropy", "clip_ratio"})
        self.assertGreater(told["clip_ratio/low_mean"], 0)
        self.assertGreater(told["clip_ratio/high_mean"], 0)
        self.assertGreater(told["kl"], 0)


    def test_sampling_keeps_to_the_likeliest_tokens(self):
        prepare(self.folder, arguments={"top_k": 3})
        self.assertEqual(run(self.folder)[0], 0)
        model, ranks = weights(self.folder / "base"), set()
        prompts = [json.loads(r)["prompt_ids"] for r in open(self.folder / "rows.jsonl")]
        for row in rollouts(self.folder)[1]:
            prompt = prompts[row["row"]]
            logits = model(torch.tensor([prompt + row["ids"]])).logits[0, len(prompt) - 1:-1]
            for scores, token in zip(logits, row["ids"]):
                ranks.add((scores > scores[token]).sum().item())
        self.assertEqual(ranks, {0, 1, 2})

    def test_activations_that_are_computed_twice_change_nothing(self):
        case = prepare(self.folder, {"updates": 2}, arguments={"gradient_checkpointing": True})
        self.assertLess(self.compare(case)[0], 1e-5)

    def test_bfloat16_rounds_products_and_not_weights(self):
        gradient, apart, _ = self.compare(prepare(self.folder, arguments={"bf16": True}))
        print(f"bfloat16: gradient {gradient:.1e} weights {apart:.1e}")
        self.assertTrue(1e-4 < gradient < 0.05, gradient)
        stored = safetensors.torch.load_file(self.folder / "model" / "model.safetensors")
        self.assertEqual({w.dtype for w in stored.values()}, {torch.float32})
        # Weights in bfloat16 would be numbers of 8 bits.
        self.assertTrue(any((w.bfloat16().float() != w).any() for w in stored.values()))

    def test_a_batch_without_a_completion_in_the_loss_only_decays(self):
        for normaliser in LOSS:
            with self.subTest(normaliser), tempfile.TemporaryDirectory() as folder:
                self.folder = Path(folder)
                prepare(self.folder, {"normaliser": normaliser, "mask_truncated": True})
                batch = [{"ids": [7] * LONGEST}] * (PROBLEMS * GROUP)
                with given({step: batch for step in range(1, STEPS + 1)}):
                    code, events = run(self.folder)
                self.assertEqual(code, 0, events[-1])
                self.assertEqual({e["metrics"]["loss"] for e in events_of(events, "step")}, {0.0})
                end = weights(self.folder / "model").state_dict()
                for name, weight in weights(self.folder / "base").state_dict().items():
                    decayed = weight * (1 - RATE * 0.1) ** STEPS if weight.dim() > 1 else weight
                    self.assertTrue(torch.allclose(end[name], decayed, rtol=1e-5, atol=0), name)

    def test_neighbouring_seeds_share_no_random_numbers(self):
        """TRL would give the second process the numbers of the first one of the next seed."""
        drawn = set()
        for seed in range(3):
            for rank in range(3):
                grpo.seed_sampling(seed, rank)
                drawn.add(torch.rand(1).item())
        self.assertEqual(len(drawn), 9)


class TrapTests(Scratch):
    """What the adapter does otherwise than TRL would, undone: the comparison must notice."""

    def undone(self, case, arguments=None):
        with mock.patch.object(training, "arguments", lambda request, _: request["arguments"]):
            gradient, apart, _ = self.compare(prepare(self.folder, case, arguments=arguments))
        print(f"undone: gradient {gradient:.1e} weights {apart:.1e} {case} {arguments or ''}")
        return gradient, apart

    def test_bias_correction_of_the_divergence(self):
        # The first gradient is the same: the model is its own reference then.
        self.assertGreater(
            self.undone({"kl": 0.5, "updates": 2}, {"use_bias_correction_kl": True})[1], 1e-2)

    def test_rewards_scaled_under_a_constant_divisor(self):
        self.assertGreater(self.undone({}, {"scale_rewards": "group"})[0], 0.1)

    def test_micro_batches_of_a_shuffled_batch(self):
        shipped = trl.trainer.utils.shuffle_sequence_dict
        with mock.patch.object(trl.trainer.grpo_trainer, "shuffle_sequence_dict", shipped):
            self.assertGreater(self.undone({"normaliser": "microbatch_tokens"})[0], 0.01)

    def test_a_divisor_that_counts_masked_completions(self):
        for normaliser in ("constant", "sequence"):
            with self.subTest(normaliser), tempfile.TemporaryDirectory() as folder, \
                    mock.patch.object(grpo.Trainer, "share", lambda *_: 1):
                self.folder = Path(folder)
                case = {"normaliser": normaliser, "mask_truncated": True}
                self.assertGreater(self.undone(case)[0], 0.1)

    def test_a_prompt_that_is_not_cut(self):
        with mock.patch.object(grpo.Trainer, "prompt_limit", property(lambda _: None, lambda *_: None),
                               create=True):
            self.assertGreater(self.undone({"prompt_tokens": 5})[0], 1e-3)

    def test_a_checkpoint_between_the_updates_on_a_batch(self):
        def reporter(folder, request, events, every, told):
            return training.Reporter(folder, request, events, 1, told)

        case = prepare(self.folder, {"updates": 2})
        self.assertEqual(run(self.folder)[0], 0)
        start, whole = (weights(self.folder / n).state_dict() for n in ("base", "model"))
        with tempfile.TemporaryDirectory() as second, mock.patch.object(grpo, "Reporter", reporter):
            second = Path(second)
            prepare(second, case)
            (second / "stop").touch()
            code, events = run(second)
            self.assertEqual((code, events[-1]["step"]), (75, 1))
            (second / "stop").unlink()
            self.assertEqual(run(second)[0], 0)
            apart = movement(start, weights(second / "model").state_dict(), whole)[1]
        print(f"undone: weights {apart:.1e} after a checkpoint at an odd update")
        self.assertGreater(apart, 1e-3)

    def test_the_filter_that_hides_a_loss_that_is_not_finite(self):
        loss = trl.GRPOTrainer._compute_loss

        def broken(self, model, inputs):
            return loss(self, model, inputs) * (math.nan if self.state.global_step == 1 else 1)

        for hidden, word in ((False, "loss of step 2"), (True, "grad_norm of step 2")):
            with mock.patch.object(trl.GRPOTrainer, "_compute_loss", broken), \
                    mock.patch.object(training, "arguments", lambda request, _: request["arguments"]):
                prepare(self.folder, arguments={"logging_nan_inf_filter": hidden})
                code, events = run(self.folder)
            self.assertEqual((code, events[-1]["class"]), (71, "not finite"))
            self.assertIn(word, events[-1]["sentence"])
            self.assertFalse((self.folder / "model").exists())


class ResumeTests(Scratch):
    CASE = {"updates": 2, "kl": 0.5, "normaliser": "microbatch_tokens"}

    def same(self, folder, whole):
        """The bits of all weights, and what was sampled on the way."""
        for name, weight in weights(folder / "model").state_dict().items():
            self.assertTrue(torch.equal(weight, weights(whole / "model").state_dict()[name]), name)
        self.assertEqual(
            [[r["ids"] for r in rows] for rows in rollouts(folder).values()],
            [[r["ids"] for r in rows] for rows in rollouts(whole).values()])

    def test_stops_between_batches_and_resumes_to_the_same_bits(self):
        prepare(self.folder, self.CASE)
        self.assertEqual(run(self.folder)[0], 0)
        with tempfile.TemporaryDirectory() as second:
            second = Path(second)
            prepare(second, self.CASE)
            (second / "stop").touch()
            code, events = run(second)
            # Two updates were made on the first batch.
            self.assertEqual((code, events[-1]["event"], events[-1]["step"]), (75, "stopped", 2))
            (second / "stop").unlink()
            code, events = run(second)
            self.assertEqual(code, 0, events[-1])
            self.assertEqual([e["step"] for e in events_of(events, "step")], list(range(1, 7)))
            self.same(second, self.folder)
            (second / "model" / "model.safetensors").unlink()
            self.assertEqual(run(second)[1][-2]["step"], 6)
            self.same(second, self.folder)

    def test_resumes_to_the_same_bits_after_a_kill(self):
        """The worker kills it while it waits for the rewards of the third batch."""
        arguments = {"save_steps": 2}
        prepare(self.folder, self.CASE, arguments=arguments)
        self.assertEqual(run(self.folder)[0], 0)
        with tempfile.TemporaryDirectory() as second:
            second = Path(second)
            prepare(second, self.CASE, fault="kills", arguments=arguments)
            code, events = launch_process(second)
            self.assertEqual((code, events[-1]["event"]), (-9, "checkpoint"))
            prepare(second, self.CASE, arguments=arguments)
            code, events = run(second)
            self.assertEqual((code, events[0]["step"]), (0, 1))
            self.assertEqual(events_of(events, "started")[0]["step"], 4)
            self.same(second, self.folder)

    def two(self, case, stops=False):
        """Trains with two processes; the weights at start and end, and how far the end is from formulas."""
        case = prepare(self.folder, case, world_size=2, arguments={
            "gradient_accumulation_steps": PROBLEMS * GROUP // MICROBATCH // 2})
        if stops:
            (self.folder / "stop").touch()
            events = launch_process(self.folder, processes=2)[1]
            self.assertEqual((events[-1]["event"], events[-1]["step"]), ("stopped", 1))
            (self.folder / "stop").unlink()
        code, events = launch_process(self.folder, processes=2)
        self.assertEqual((code, events[-1]["event"]), (0, "done"), events[-1])
        start, end = (weights(self.folder / n).state_dict() for n in ("base", "model"))
        meant = movement(start, end, formulas(self.folder, case)[0])[1]
        self.assertLess(meant, 1e-3)
        return start, end, meant

    def test_two_processes_count_the_truncated_of_both_and_resume(self):
        meant = self.two({"normaliser": "sequence", "mask_truncated": True}, stops=True)[2]
        print(f"two processes: weights {meant:.1e} from formulas")

    def test_two_processes_train_as_one(self):
        case = {**self.CASE, "mask_truncated": True}
        start, two, meant = self.two(case)
        self.assertEqual(len(list(self.folder.glob("rollouts.rank*.jsonl"))), 2)
        batches = rollouts(self.folder)
        self.assertEqual([len(rows) for rows in batches.values()], [PROBLEMS * GROUP] * STEPS)
        with tempfile.TemporaryDirectory() as second, given(batches):
            prepare(Path(second), case)
            self.assertEqual(run(Path(second))[0], 0)
            apart = movement(start, two, weights(Path(second) / "model").state_dict())[1]
        print(f"two processes: weights {apart:.1e} from one, {meant:.1e} from formulas")
        self.assertLess(apart, 1e-5)
        prepare(self.folder, case)
        code, events = run(self.folder)
        self.assertEqual(code, 64)
        self.assertIn("begun with 2 processes", events[-1]["sentence"])


class FaultTests(Scratch):
    def test_what_a_worker_does_but_answer_fails(self):
        for fault, word in (
                ("dies", "ended with status 3; 8 completions have no reward"),
                ("silent", "said nothing for 2 seconds"), ("rubbish", "not an answer: 'rubbish"),
                ("unknown", "not asked, or twice: id 1000000"), ("twice", "not asked, or twice: id 0"),
                ("nan", "reward nan"), ("none", "reward None"), ("huge", "reward 1000"),
                ("outcome", "no outcome of id"),
                ("sync", "step 3 is on the disk, and said")):
            with self.subTest(fault), tempfile.TemporaryDirectory() as folder:
                self.folder = Path(folder)
                prepare(self.folder, fault=fault, worker_patience=2 if fault == "silent" else 300)
                self.fails(70, "worker", word)
                self.assertFalse((self.folder / "model").exists())

    def test_a_worker_that_is_not_there_fails(self):
        prepare(self.folder, worker=["/no/such/program"])
        self.fails(70, "worker", "cannot be started")

    def test_what_would_not_be_exact_is_refused(self):
        masked = {"mask_truncated": True, "kl": 0.1}
        for case, arguments, changes, word in (
                (masked, {}, {}, "divides the divergence"),
                ({"updates": 2}, {"save_steps": 3}, {}, "multiples of num_iterations"),
                ({}, {"generation_batch_size": 16}, {}, "micro-batches make 8"),
                ({}, {"num_generations": 3}, {}, "divisible by num_generations"),
                ({}, {"use_bias_correction_kl": True}, {}, "use_bias_correction_kl is True"),
                ({}, {"max_completion_length": 2045}, {}, "take 2053 tokens of 2048"),
                ({}, {}, {"order": [0]}, "as many prompts"), ({}, {}, {"sampler": "vllm"}, "vllm"),
                ({}, {}, {"eos_token_ids": [1]}, "end at the tokens [1]")):
            prepare(self.folder, case, arguments=arguments, **changes)
            with self.subTest(word):
                self.fails(64, "refused", word)

    def test_weights_that_are_not_finite_fail(self):
        prepare(self.folder)
        model = weights(self.folder / "base")
        model.model.norm.weight.data.fill_(math.nan)
        model.save_pretrained(self.folder / "base")
        self.fails(71, "not finite", "after step 0")

    def fails(self, code, kind, word):
        seen, events = run(self.folder)
        self.assertEqual((seen, events[-1]["event"], events[-1].get("class")), (code, "failed", kind))
        self.assertIn(word, events[-1]["sentence"])


if __name__ == "__main__":
    unittest.main()
