"""Tests of weights in parts, with the real TRL on two processes of a CPU: python -m unittest test_sharding.

accelerate has parts on GPUs alone; the adapter makes it have them here, too. ZeRO-3 needs DeepSpeed.
"""

import importlib.util
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import grpo_formulas
import test_adapter
from grpo_formulas import PROBLEMS, GROUP, formulas
from test_adapter import BATCH, MAPPED, fixed, launch, movement, reference, weights


def fsdp2(checkpointed=False, **_):
    """As TRLParameters.swift has it."""
    return {
        "fsdp": True, "fsdp_config": {
            "version": 2, "reshard_after_forward": True, "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "state_dict_type": "FULL_STATE_DICT", "cpu_ram_efficient_loading": False,
            "activation_checkpointing": checkpointed}}


def zero3(checkpointed=False, per_device=2, accumulation=1, norm=0.5, bf16=False):
    """As TRLParameters.swift has it."""
    return {
        "gradient_checkpointing": checkpointed, "bf16": bf16, "deepspeed": {
            "train_micro_batch_size_per_gpu": per_device, "gradient_accumulation_steps": accumulation,
            "train_batch_size": 2 * per_device * accumulation, "gradient_clipping": norm,
            "zero_optimization": {
                "stage": 3, "stage3_gather_16bit_weights_on_model_save": True, "reduce_bucket_size": "auto",
                "stage3_prefetch_bucket_size": "auto", "stage3_param_persistence_threshold": "auto"},
            "communication_data_type": "fp32", "zero_allow_untested_optimizer": True,
            "torch_autocast": {
                "enabled": bf16, "dtype": "bfloat16", "lower_precision_safe_modules": []}}}


class ShardingTests(unittest.TestCase):
    """Trainings in parts of FSDP2."""

    parts = staticmethod(fsdp2)

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.folder = Path(scratch.name)
        self.addCleanup(scratch.cleanup)

    def check(self, start, end, meant):
        moved, apart = movement(start, end, meant)
        print(f"{self.parts.__name__}: weights {apart:.1e} of their movement from formulas")
        self.assertGreater(moved, 0.1)
        self.assertLess(apart, 1e-4)

    def prepare(self, accumulation=1, parts=None, **changes):
        test_adapter.prepare(self.folder, world_size=2, arguments={
            **fixed(), **MAPPED, "gradient_accumulation_steps": accumulation,
            "per_device_train_batch_size": BATCH // 2 // accumulation, **(parts or {})}, **changes)

    def test_supervised_training_stops_resumes_and_keeps_a_step(self):
        self.prepare(2, self.parts(checkpointed=True, per_device=1, accumulation=2), keep=[3])
        (self.folder / "stop").touch()
        events = launch(self.folder, 2)[1]
        self.assertEqual((events[-1]["event"], events[-1]["step"]), ("stopped", 1), events[-1])
        (self.folder / "stop").unlink()
        code, events = launch(self.folder, 2)
        self.assertEqual((code, events[-1]["event"]), (0, "done"), events[-1])
        self.assertEqual([e["step"] for e in events if e["event"] == "started"], [1])
        start, kept, end = (
            weights(self.folder / name).state_dict() for name in ("base", "kept/step-3", "model"))
        self.check(start, end, reference(self.folder)[0].state_dict())
        self.assertEqual({n: w.shape for n, w in kept.items()}, {n: w.shape for n, w in start.items()})
        self.assertTrue(0 < movement(start, kept, end)[1] < 1)

    def test_rows_with_divisors_of_their_own(self):
        """Of a model whose last matrix is its first."""
        self.prepare(parts=self.parts(), divisors=test_adapter.divisors())
        test_adapter.save_base(
            self.folder, hidden_size=16, intermediate_size=32, pad_token_id=0, eos_token_id=1,
            tie_word_embeddings=True)
        code, events = launch(self.folder, 2)
        self.assertEqual((code, events[-1]["event"]), (0, "done"), events[-1])
        start, end = (weights(self.folder / name).state_dict() for name in ("base", "model"))
        self.check(start, end, reference(self.folder, test_adapter.divisors())[0].state_dict())

    def test_reinforcement_with_a_reference_in_parts(self):
        """Completions end after other numbers of tokens in each process."""
        case = grpo_formulas.prepare(
            self.folder, {"normaliser": "sequence", "kl": 0.1, "updates": 2}, world_size=2,
            arguments={"gradient_accumulation_steps": PROBLEMS * GROUP // 4, "max_completion_length": 40,
                       **self.parts(accumulation=2, norm=0.0)})
        code, events = launch(self.folder, 2)
        self.assertEqual((code, events[-1]["event"]), (0, "done"), events[-1])
        start, end = (weights(self.folder / name).state_dict() for name in ("base", "model"))
        self.check(start, end, formulas(self.folder, case)[0])

    def test_weights_that_are_not_finite_fail(self):
        self.prepare(parts=self.parts())
        model = weights(self.folder / "base")
        model.model.layers[0].mlp.up_proj.weight.data[3, 3] = float("inf")
        model.save_pretrained(self.folder / "base")
        code, events = launch(self.folder, 2)
        self.assertNotEqual(code, 0)
        self.assertEqual(events[-1]["class"], "not finite", events[-1])
        self.assertFalse((self.folder / "model").exists())

    def test_whoever_asks_for_parts_does_not_train_without(self):
        """As accelerate does on a CPU, and says nothing."""
        self.prepare(parts=self.parts())
        changed = self.folder / "adapter"
        changed.mkdir()
        for file in test_adapter.HERE.glob("*.*"):
            text = file.read_text()
            if file.name == "sharding.py":
                text = text.replace("if config.use_cpu and config", "if False and config")
                self.assertNotEqual(text, file.read_text())
            (changed / file.name).write_text(text)
        with mock.patch.object(test_adapter, "HERE", changed):
            code, events = launch(self.folder, 2)
        self.assertNotEqual(code, 0)
        told = [e["sentence"] for e in events if e["event"] == "failed"]
        self.assertTrue(any("weights are not in parts" in sentence for sentence in told), told)


@unittest.skipUnless(importlib.util.find_spec("deepspeed"), "this Python has no DeepSpeed")
class ZeRO3Tests(ShardingTests):
    """The same in parts of ZeRO-3."""

    parts = staticmethod(zero3)

    # Without its part of accelerate, DeepSpeed itself fails.
    test_whoever_asks_for_parts_does_not_train_without = None

    def test_bfloat16_rounds_products_alone(self):
        """As autocast over whole weights does; what travels and is kept is float32."""
        ends = {}
        for name, parts in (("whole", {"bf16": True}), ("zero3", zero3(bf16=True))):
            with tempfile.TemporaryDirectory() as folder:
                self.folder = Path(folder)
                self.prepare(parts=parts)
                code, events = launch(self.folder, 2)
                self.assertEqual((code, events[-1]["event"]), (0, "done"), events[-1])
                ends[name] = weights(self.folder / "model").state_dict()
                start = weights(self.folder / "base").state_dict()
                exact = reference(self.folder)[0].state_dict()
        apart = movement(start, ends["zero3"], ends["whole"])[1]
        rounded = movement(start, ends["zero3"], exact)[1]
        print(f"zero3, bfloat16: weights {apart:.1e} from whole ones, {rounded:.1e} from formulas")
        self.assertLess(apart, 1e-3)
        self.assertGreater(rounded, 1e-3)


@unittest.skipIf(importlib.util.find_spec("deepspeed"), "this Python has DeepSpeed")
class WithoutDeepSpeedTests(unittest.TestCase):
    def test_zero3_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            test_adapter.prepare(folder, world_size=2, arguments={
                **fixed(), **MAPPED, "gradient_accumulation_steps": 1, **zero3()})
            code, events = launch(folder, 2)
        self.assertNotEqual(code, 0)
        self.assertEqual(events[-1]["class"], "refused", events[-1])
        self.assertIn("needs DeepSpeed, which", events[-1]["sentence"])


if __name__ == "__main__":
    unittest.main()
