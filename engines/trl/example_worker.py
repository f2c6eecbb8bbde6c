"""A reward worker for tests: python example_worker.py FOLDER [FAULT].

It rewards a completion by a sum over its tokens and keeps what it was asked in rollouts.rankN.jsonl.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path


def reward(ids):
    """Differs between most completions, and needs no rounding in float32."""
    return sum((place + 1) * token for place, token in enumerate(ids)) % 13 / 8


def cut(path, step):
    """Forgets what was rewarded after the checkpoint that training resumes from."""
    lines = path.read_text().splitlines() if path.exists() else []
    kept = [line for line in lines if json.loads(line)["step"] < step]
    path.write_text("".join(line + "\n" for line in kept))


def say(message):
    print(message if isinstance(message, str) else json.dumps(message), flush=True)


def main(folder, fault=""):
    path = Path(folder) / f"rollouts.rank{os.environ['RANK']}.jsonl"
    waiting, first = [], True
    for line in sys.stdin:
        asked = json.loads(line)
        if "sync" in asked:
            say({"synced": -1 if fault == "sync" else asked["sync"]})
            continue
        if first:
            cut(path, asked["step"])
            first = False
        if fault == "dies" and asked["step"] == 2:
            sys.exit(3)
        if fault == "kills" and asked["step"] == 3:
            os.kill(os.getppid(), signal.SIGKILL)
        if fault == "silent":
            time.sleep(60)
        answer = {"id": asked["id"], "reward": reward(asked["ids"]), "outcome": "wrong"}
        with open(path, "a") as file:
            file.write(json.dumps({**asked, "reward": answer["reward"]}) + "\n")
        answer.update({
            "unknown": {"id": 10**6}, "twice": {"id": 0}, "nan": {"reward": float("nan")},
            "none": {"reward": None}, "outcome": {"outcome": None}, "huge": {"reward": 10**400}}.get(fault, {}))
        # Answers come in another order than questions.
        waiting.append("rubbish" if fault == "rubbish" else answer)
        if len(waiting) == 2:
            for answer in reversed(waiting):
                say(answer)
            waiting = []


if __name__ == "__main__":
    main(*sys.argv[1:])
