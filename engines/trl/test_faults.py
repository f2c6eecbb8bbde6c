"""What goes wrong, with the real TRL on a CPU: python -m unittest test_faults (in this folder).

Nothing may count that is not whole, and the same request must end with the same weights.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import launch
import torch
import trl
from test_adapter import BATCH, HERE, MAPPED, STEPS, fixed, movement, prepare, reference, weights
from test_grpo import run
from training import newest_checkpoint, takes_cpu


def events(folder):
    """Those that are written to their end."""
    file = folder / "events.jsonl"
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    return [json.loads(line) for line in lines]


class Training:
    """The adapter as a process, or two, that can be killed."""

    def __init__(self, folder, processes=1, largest=None):
        several = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]

        def limit():
            if largest is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

        self.folder = folder
        self.log = open(folder / "python.log", "w")
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-B", *(several if processes > 1 else []), str(HERE / "launch.py"), str(folder)],
            stdout=self.log, stderr=self.log, env={**os.environ, "HF_HUB_OFFLINE": "1"},
            start_new_session=True, preexec_fn=limit)

    def wait_for(self, condition):
        """Until it is so, or there is no process any more."""
        while self.process.poll() is None and not condition(self.folder):
            time.sleep(0.005)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.end()

    def end(self):
        code = self.process.wait(timeout=120)
        self.log.close()
        return code

    def ranks(self):
        """The processes that train."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(c) for c in children if b"launch.py" in Path(f"/proc/{c}/cmdline").read_bytes()]


class FaultTests(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.folder = Path(scratch.name)
        self.addCleanup(scratch.cleanup)

    def undisturbed(self):
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder))
            self.assertEqual(Training(Path(folder)).end(), 0)
            return weights(Path(folder) / "model").state_dict()

    def resumes(self, whole):
        """The same request again comes to the same bits, and to each step once."""
        self.assertEqual(Training(self.folder).end(), 0)
        self.assertEqual(events(self.folder)[-1]["event"], "done")
        steps = [e["step"] for e in events(self.folder) if e["event"] == "step"]
        self.assertEqual(steps, list(range(1, STEPS + 1)))
        for name, weight in weights(self.folder / "model").state_dict().items():
            self.assertTrue(torch.equal(weight, whole[name]), name)

    def test_kills_at_random_moments_lose_nothing(self):
        """In training, while a checkpoint is written, and while the weights are handed over."""
        whole, stream, kills = self.undisturbed(), random.Random(19), 0
        moments = [lambda f, n=n: len(events(f)) >= n for n in (1, 2, 3, 5, 7)]
        moments += [lambda f: (f / "model").exists()] * 2
        prepare(self.folder, keep=[3])
        for moment in moments:
            training = Training(self.folder)
            training.wait_for(moment)
            time.sleep(stream.uniform(0, 0.03))
            kills += training.process.poll() is None
            training.kill()
            checkpoint = newest_checkpoint(self.folder)
            self.assertIn(checkpoint and int(checkpoint.name.split("-")[1]), (None, 2, 4, 6))
        print(f"killed {kills} times")
        self.assertGreater(kills, 3)
        self.resumes(whole)

    def test_a_rank_that_is_killed_ends_the_training_which_resumes(self):
        prepare(self.folder, world_size=2, arguments={
            **fixed(), **MAPPED, "gradient_accumulation_steps": BATCH // 4})
        training = Training(self.folder, 2)
        training.wait_for(lambda f: any(e["event"] == "checkpoint" for e in events(f)))
        os.kill(training.ranks()[1], signal.SIGKILL)
        self.assertNotEqual(training.end(), 0)
        self.assertNotEqual(events(self.folder)[-1]["event"], "done")
        self.assertFalse((self.folder / "model").exists())
        self.assertEqual(Training(self.folder, 2).end(), 0)
        started = [e["step"] for e in events(self.folder) if e["event"] == "started"]
        self.assertTrue(started[-1] in (2, 4), started)
        start, end = (weights(self.folder / name).state_dict() for name in ("base", "model"))
        self.assertLess(movement(start, end, reference(self.folder)[0].state_dict())[1], 1e-5)

    def test_a_disk_that_is_full_is_said_and_the_same_request_resumes(self):
        """For weights, and for moments, which are larger."""
        whole = self.undisturbed()
        prepare(self.folder)
        weighs = (self.folder / "base" / "model.safetensors").stat().st_size
        for largest in (weighs - 1000, weighs + 1000):
            self.assertEqual(Training(self.folder, largest=largest).end(), 1)
            self.assertIsNone(newest_checkpoint(self.folder))
            self.assertFalse((self.folder / "model").exists())
            said = events(self.folder)[-1]
            print(said["sentence"][:200])
            self.assertEqual((said["event"], said["class"]), ("failed", "error"))
        self.resumes(whole)

    def test_memory_that_does_not_suffice_names_a_smaller_part(self):
        def device(*_, **__):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

        def machine(*_, **__):
            return torch.empty(2 ** 60)

        for fault, arguments, words in (
                (device, {}, "2.00 GiB; trl.per_device is 2, 1 would need less"),
                (machine, {}, "trl.per_device is 2, 1 would need less"),
                (device, {"per_device_train_batch_size": 1}, "trl.per_device is 1, which is the least")):
            prepare(self.folder, arguments={**fixed(), **MAPPED, **arguments})
            with mock.patch.object(trl.SFTTrainer, "compute_loss", fault):
                code, told = run(self.folder)
            self.assertEqual((code, told[-1]["class"]), (69, "memory"), told[-1])
            self.assertIn(words, told[-1]["sentence"])
        request = {"arguments": {
            "per_device_train_batch_size": 4, "gradient_accumulation_steps": 3, "loss_type": "bnpo"}}
        self.assertIn("the microbatch that", launch.memory_sentence(MemoryError(), request))

    def test_a_gpu_that_is_asked_for_must_be_there(self):
        prepare(self.folder, arguments={**fixed(), **MAPPED, "use_cpu": False})
        with mock.patch.object(torch.cuda, "is_available", lambda: False):
            code, told = run(self.folder)
        self.assertEqual((code, told[-1]["class"]), (64, "refused"), told[-1])
        self.assertIn("sees 0; another torch may see more", told[-1]["sentence"])
        with mock.patch.object(torch.cuda, "is_available", lambda: True), \
                mock.patch.object(torch.cuda, "device_count", lambda: 2):
            self.assertEqual([takes_cpu(asked, 2) for asked in (None, False, True)], [False, False, True])
            for asked in (None, False):
                with self.assertRaisesRegex(launch.Failure, "3 processes need a GPU each"):
                    takes_cpu(asked, 3)


if __name__ == "__main__":
    unittest.main()
