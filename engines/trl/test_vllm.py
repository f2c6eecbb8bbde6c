"""Tests of sampling by vLLM with the real TRL, and a stand-in for vLLM: python -m unittest test_vllm (here)."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import torch
from grpo_formulas import GROUP, PROBLEMS, STEPS, formulas, prepare, rollouts
from test_adapter import movement, weights

HERE = Path(__file__).parent
COLOCATED = {"use_vllm": True, "vllm_max_model_length": 14}
SERVED = {**COLOCATED, "vllm_mode": "server", "vllm_server_base_url": "http://localhost:8000"}


def train(folder, *words, processes=1):
    several = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    ending = subprocess.run(
        [sys.executable, *(several if processes > 1 else []), str(HERE / "stand_in_vllm.py"), str(folder),
         *words], capture_output=True, text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"})
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    asked = folder / "asked.jsonl"
    told = [json.loads(line) for line in asked.read_text().splitlines()] if asked.exists() else []
    return ending.returncode, events, told


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.folder = Path(scratch.name)
        self.addCleanup(scratch.cleanup)

    def trains(self, case, *words, arguments=COLOCATED, precision="float32", processes=1, **changes):
        """Trains, and compares with formulas on the completions that were sampled.

        Returns: how far the weights are from the formulas' as a share of their movement, the steps' metrics,
        and what vLLM was asked.
        """
        case = prepare(
            self.folder, case, arguments=arguments, sampler="vllm", sampling_precision=precision,
            world_size=processes, **changes)
        code, events, asked = train(self.folder, *words, processes=processes)
        self.assertEqual((code, events[-1]["event"]), (0, "done"), events[-1])
        start, end = (weights(self.folder / n).state_dict() for n in ("base", "model"))
        moved, apart = movement(start, end, formulas(self.folder, case)[0])
        self.assertGreater(moved, 0.1)
        return apart, [e["metrics"] for e in events if e["event"] == "step"], asked


class ColocatedTests(Scratch):
    def test_completions_and_their_log_p_are_kept_and_compared(self):
        apart, steps, asked = self.trains({"updates": 2})
        print(f"colocated: weights {apart:.1e}, log p {[s['sampling/logp_difference_mean'] for s in steps]}")
        self.assertLess(apart, 1e-3)
        # Of the same weights in the same precision, told of both updates on a batch.
        self.assertEqual(len(steps), 2 * STEPS)
        for first, second in zip(steps[::2], steps[1::2], strict=True):
            self.assertLess(first["sampling/logp_difference_max"], 1e-4)
            self.assertEqual(
                first["sampling/logp_difference_mean"], second["sampling/logp_difference_mean"])
        for rows in rollouts(self.folder).values():
            self.assertEqual(len(rows), PROBLEMS * GROUP)
            for row in rows:
                self.assertEqual(len(row["log_probabilities"]), len(row["ids"]))
        started = json.loads((self.folder / "events.jsonl").read_text().splitlines()[0])
        self.assertEqual(started["versions"]["vllm"], "0.27.0")
        engine = asked[0]["engine"]
        self.assertEqual(
            (engine["dtype"], engine["generation_config"], engine["max_model_len"], engine["logprobs_mode"]),
            ("float32", "vllm", 14, "processed_logprobs"))
        self.assertEqual(asked[1]["asked"]["stop_token_ids"], [1, 2, 3, 4, 5])
        seeds = [seed for line in asked[1:] for seed in line["seeds"]]
        self.assertEqual(len(set(seeds)), STEPS * PROBLEMS * GROUP)

    def test_a_sampler_of_16_bits_is_corrected_as_the_formulas_say(self):
        on = {**COLOCATED, "vllm_importance_sampling_correction": True}
        for mode, most in (("token_truncate", 1.001), ("sequence_mask", 1.001), ("token_mask", 2.0)):
            with self.subTest(mode), tempfile.TemporaryDirectory() as folder:
                self.folder = Path(folder)
                apart, steps, _ = self.trains(
                    {"correction": (mode, most), "normaliser": "batch_tokens"}, precision="bfloat16",
                    arguments={**on, "vllm_importance_sampling_mode": mode,
                               "vllm_importance_sampling_clip_max": most})
                different = steps[0]["sampling/logp_difference_mean"]
                ratios = [s["sampling/importance_sampling_ratio/mean"] for s in steps]
                print(f"{mode}: weights {apart:.1e}, log p {different:.1e}, ratios {ratios}")
                self.assertLess(apart, 1e-3)
                self.assertGreater(different, 1e-4)
                self.assertTrue(all(ratio != 1 for ratio in ratios), ratios)

    def test_seeds_are_those_of_places_however_many_processes(self):
        self.trains({})
        one = rollouts(self.folder)[1]
        with tempfile.TemporaryDirectory() as folder:
            self.folder = Path(folder)
            apart, steps, asked = self.trains(
                {}, processes=2, arguments={**COLOCATED, "gradient_accumulation_steps": PROBLEMS * GROUP // 4})
            self.assertLess(apart, 1e-3)
            self.assertEqual([row["ids"] for row in rollouts(self.folder)[1]], [row["ids"] for row in one])
            self.assertLess(steps[0]["sampling/logp_difference_max"], 1e-4)

    def test_other_seeds_sample_others_and_stopping_does_not(self):
        self.trains({})
        whole = weights(self.folder / "model").state_dict()
        with tempfile.TemporaryDirectory() as folder:
            self.folder = Path(folder)
            prepare(self.folder, arguments=COLOCATED, sampler="vllm", sampling_precision="float32")
            (self.folder / "stop").touch()
            self.assertEqual(train(self.folder)[0], 75)
            (self.folder / "stop").unlink()
            self.assertEqual(train(self.folder)[0], 0)
            for name, weight in weights(self.folder / "model").state_dict().items():
                self.assertTrue(torch.equal(weight, whole[name]), name)
            same = rollouts(self.folder)[1]
        with tempfile.TemporaryDirectory() as folder:
            self.folder = Path(folder)
            self.trains({}, arguments={**COLOCATED, "seed": 2, "data_seed": 2, "vllm_enable_sleep_mode": True})
            self.assertNotEqual([r["ids"] for r in rollouts(self.folder)[1]], [r["ids"] for r in same])


class ServedTests(Scratch):
    def test_each_prompt_is_asked_for_with_a_seed_of_its_own(self):
        apart, steps, asked = self.trains({}, "server", arguments=SERVED)
        print(f"served: weights {apart:.1e}")
        self.assertLess(apart, 1e-3)
        self.assertLess(steps[0]["sampling/logp_difference_max"], 1e-4)
        requests = [line for line in asked if "n" in line]
        self.assertEqual({(line["prompts"], line["n"]) for line in requests}, {(1, GROUP)})
        self.assertEqual(len({line["asked"]["seed"] for line in requests}), STEPS * PROBLEMS)
        served = rollouts(self.folder)
        with tempfile.TemporaryDirectory() as folder:
            self.folder = Path(folder)
            self.trains({})
            self.assertEqual(
                [r["ids"] for r in rollouts(self.folder)[1]], [r["ids"] for r in served[1]])

    def test_a_server_that_samples_otherwise_is_refused(self):
        for word, sentence in (
                ("dtype=torch.bfloat16", "start it with --dtype float32"),
                ("logprobs_mode=raw_logprobs", "--logprobs-mode processed_logprobs")):
            prepare(self.folder, arguments=SERVED, sampler="vllm", sampling_precision="float32")
            code, events, _ = train(self.folder, "server", word)
            self.assertEqual((code, events[-1]["class"]), (64, "refused"), events[-1])
            self.assertIn(sentence, events[-1]["sentence"])

    def test_a_version_that_trl_does_not_know_is_refused(self):
        prepare(self.folder, arguments=COLOCATED, sampler="vllm", sampling_precision="float32")
        code, events, _ = train(self.folder, "colocate", "version=0.21.0")
        self.assertEqual(code, 64, events[-1])
        self.assertIn("vLLM 0.21.0; TRL takes 0.22.0 to 0.31.0", events[-1]["sentence"])


if __name__ == "__main__":
    unittest.main()
