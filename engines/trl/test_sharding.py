"""Tests of weights in shards (FSDP2), with the real TRL on two processes of a CPU: python -m unittest test_sharding.

accelerate has shards on GPUs alone; the adapter makes it have them here, too.
"""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import grpo_formulas
import test_adapter
from grpo_formulas import formulas
from test_adapter import BATCH, MAPPED, fixed, launch, movement, reference, weights

FSDP2 = {
    "fsdp": True, "fsdp_config": {
        "version": 2, "reshard_after_forward": True, "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "state_dict_type": "FULL_STATE_DICT", "cpu_ram_efficient_loading": False,
        "activation_checkpointing": False}}
CHECKPOINTED = {**FSDP2, "fsdp_config": {**FSDP2["fsdp_config"], "activation_checkpointing": True}}


class ShardingTests(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.folder = Path(scratch.name)
        self.addCleanup(scratch.cleanup)

    def check(self, start, end, meant):
        moved, apart = movement(start, end, meant)
        print(f"shards: weights {apart:.1e} of their movement from formulas")
        self.assertGreater(moved, 0.1)
        self.assertLess(apart, 1e-4)

    def test_supervised_training_stops_resumes_and_keeps_a_step(self):
        test_adapter.prepare(self.folder, world_size=2, keep=[3], arguments={
            **fixed(), **MAPPED, "gradient_accumulation_steps": BATCH // 4, **CHECKPOINTED})
        (self.folder / "stop").touch()
        events = launch(self.folder, 2)[1]
        self.assertEqual((events[-1]["event"], events[-1]["step"]), ("stopped", 1), events[-1])
        (self.folder / "stop").unlink()
        code, events = launch(self.folder, 2)
        self.assertEqual((code, events[-1]["event"]), (0, "done"), events[-1])
        start, kept, end = (
            weights(self.folder / name).state_dict() for name in ("base", "kept/step-3", "model"))
        self.check(start, end, reference(self.folder)[0].state_dict())
        self.assertEqual({n: w.shape for n, w in kept.items()}, {n: w.shape for n, w in start.items()})
        self.assertTrue(0 < movement(start, kept, end)[1] < 1)

    def test_reinforcement_with_a_reference_in_shards(self):
        """Completions end after other numbers of tokens in each process."""
        case = grpo_formulas.prepare(
            self.folder, {"normaliser": "sequence", "kl": 0.1, "updates": 2}, world_size=2,
            arguments={"gradient_accumulation_steps": 2, "max_completion_length": 40, **FSDP2})
        code, events = launch(self.folder, 2)
        self.assertEqual((code, events[-1]["event"]), (0, "done"), events[-1])
        start, end = (weights(self.folder / name).state_dict() for name in ("base", "model"))
        self.check(start, end, formulas(self.folder, case)[0])

    def test_whoever_asks_for_shards_does_not_train_without(self):
        """As accelerate does on a CPU, and says nothing."""
        test_adapter.prepare(self.folder, world_size=2, arguments={
            **fixed(), **MAPPED, "gradient_accumulation_steps": BATCH // 4, **FSDP2})
        source = test_adapter.HERE / "training.py"
        changed = self.folder / "adapter"
        changed.mkdir()
        for file in test_adapter.HERE.glob("*.*"):
            text = file.read_text()
            if file == source:
                text = text.replace('config.fsdp and given["use_cpu"]', "False")
                self.assertNotEqual(text, file.read_text())
            (changed / file.name).write_text(text)
        with mock.patch.object(test_adapter, "HERE", changed):
            code, events = launch(self.folder, 2)
        self.assertNotEqual(code, 0)
        told = [e["sentence"] for e in events if e["event"] == "failed"]
        self.assertTrue(any("weights are not in shards" in sentence for sentence in told), told)


if __name__ == "__main__":
    unittest.main()
