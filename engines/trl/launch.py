"""Runs one training with TRL as a request.json says: python launch.py FOLDER.

Everything that matters to the result stands in the request; no default of TRL is relied on.
Exit codes: 0 done, 75 stopped at a checkpoint, 64 refused, 69 out of device memory, 70 the reward worker,
71 not finite, 1 anything else. Each but 0 and 75 leaves an event `failed` with a sentence.
"""

import importlib
import json
import os
import shutil
import sys
from pathlib import Path

ADAPTER_VERSION = 1
FORMAT = 1
# The file for each kind.
KINDS = {"distill": "sft", "rlvr": "grpo"}


class Failure(Exception):
    """Ends the training with a sentence and an exit code."""

    def __init__(self, code, kind, sentence):
        super().__init__(sentence)
        self.code, self.kind, self.sentence = code, kind, sentence


def refused(sentence):
    return Failure(64, "refused", sentence)


class Events:
    """events.jsonl; only rank 0 writes, but for failures, which may be another's alone."""

    def __init__(self, folder, rank):
        self.path, self.rank = Path(folder) / "events.jsonl", rank

    def write(self, event, **fields):
        if self.rank == 0 or event == "failed":
            with open(self.path, "a") as file:
                file.write(json.dumps({"event": event, **fields}, default=str) + "\n")
                file.flush()
                os.fsync(file.fileno())

    def cut(self, step):
        """Forgets what came after a step, and a line that was not finished."""
        if self.rank != 0 or not self.path.exists():
            return
        kept = []
        for line in self.path.read_text().split("\n")[:-1]:
            event = json.loads(line)
            if event["event"] in ("step", "checkpoint", "kept") and event["step"] <= step:
                kept.append(line)
        partial = self.path.with_suffix(".partial")
        partial.write_text("".join(line + "\n" for line in kept))
        os.replace(partial, self.path)


def arguments(request, configuration):
    """The request's arguments, which must be all fields of TRL's class that matter, and no others."""
    fields = json.loads((Path(__file__).parent / "fields.json").read_text())[configuration]
    given = request["arguments"]
    needed = {name for name, field in fields.items() if field["is"] != "irrelevant"}
    for name in sorted(needed - given.keys()):
        raise refused(f"request.json lacks the argument {name} of {configuration}")
    for name in sorted(given.keys() - fields.keys()):
        raise refused(f"request.json has the argument {name}, which {configuration} lacks")
    for name, field in fields.items():
        if field["is"] == "fixed" and given[name] != field["value"]:
            raise refused(f"{name} is {given[name]!r}; only {field['value']!r} means what is asked")
    # JSON may write 2.0 as 2, which transformers refuses for a temperature.
    real = {name for name, field in fields.items() if type(field["default"]) is float}
    return {
        name: float(value) if name in real and type(value) is int else value
        for name, value in given.items()}


def check(request):
    try:
        import trl
        import torch  # noqa: F401
    except ImportError as error:
        raise refused(f"{sys.executable} lacks what it needs ({error}); install TRL {request.get('trl')}, "
                      "transformers and torch there") from error

    if request.get("format") != FORMAT or request.get("adapter") != ADAPTER_VERSION:
        raise refused("request.json was written for another version of the adapter")
    found = ".".join(trl.__version__.split(".")[:2])
    if found != request["trl"]:
        raise refused(f"TRL {request['trl']} is asked for, but this Python has {trl.__version__}")
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world != request["world_size"]:
        raise refused(f"{request['world_size']} processes are asked for, but there are {world}")


def is_memory(error):
    """Whether a device, or the machine, has no more memory."""
    return type(error).__name__ in ("OutOfMemoryError", "MemoryError") or "can't allocate memory" in str(error)


def disk_words(folder):
    """Said of a disk that is full, whose name errors do not always give."""
    left = shutil.disk_usage(folder).free
    return f"; the disk of {folder} has {left // 1000} kB left" if left < 2_000_000 else ""


def memory_sentence(error, request):
    """What happened, and how many rows at a time would need less."""
    given = request["arguments"]
    rows = given["per_device_train_batch_size"]
    fewer = [n for n in range(1, rows) if rows * given["gradient_accumulation_steps"] % n == 0]
    advice = f"{fewer[-1]} would need less" if fewer else "which is the least"
    if given.get("loss_type") == "bnpo":
        advice = "the microbatch that the normaliser microbatch_tokens means"
    return f"{type(error).__name__}: {error}; trl.per_device is {rows}, {advice}"


def main(folder):
    events = Events(folder, int(os.environ.get("RANK", "0")))
    request = {}
    try:
        request = json.loads((Path(folder) / "request.json").read_text())
        check(request)
        if request["kind"] not in KINDS:
            raise refused(f"the adapter does not know the kind {request['kind']}")
        train = importlib.import_module(KINDS[request["kind"]]).train
        return train(Path(folder), request, events)
    except Failure as failure:
        events.write("failed", **{"class": failure.kind}, sentence=failure.sentence)
        return failure.code
    except Exception as error:  # the program that reads the events must hear of everything
        if is_memory(error) and request:
            events.write("failed", **{"class": "memory"}, sentence=memory_sentence(error, request))
            return 69
        events.write("failed", **{"class": "error"},
                     sentence=f"{type(error).__name__}: {error}{disk_words(folder)}")
        return 1


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.modules["launch"] = sys.modules["__main__"]
    code = main(sys.argv[1])
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of torch and DeepSpeed that are still there abort some interpreters that end.
    os._exit(code)
