"""The program that rewards completions: JSON lines to its input, one answer to each from its output."""

import json
import os
import queue
import subprocess
import threading

from launch import Failure

# Sums and squares of greater ones are not finite in float32, of which TRL would make an advantage of 0.
LARGEST = 1e15


class Worker:
    """One reward worker. Whatever it does but answer is a Failure, never a reward.

    Args:
        command: the program and its words.
        patience: how many seconds may pass without an answer.
        rank: whose completions it rewards; it finds this in the variable RANK.
    """

    def __init__(self, command, patience, rank):
        self.patience, self.asked, self.answers = patience, 0, queue.Queue()
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
                errors="replace", env={**os.environ, "RANK": str(rank)})
        except OSError as error:
            raise Failure(70, "worker", f"the reward worker cannot be started: {error}") from error
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _failure(self, sentence):
        """Kills it, too: a worker that reads nothing would hold up whoever closes its input."""
        self.process.kill()
        return Failure(70, "worker", f"the reward worker {sentence}")

    def _read(self):
        with self.process.stdout as output:
            for line in output:
                self.answers.put(line)
        self.answers.put(None)

    def _write(self, lines):
        try:
            self.process.stdin.write(lines)
            self.process.stdin.flush()
        except (OSError, ValueError):
            pass  # it has ended, which its output tells

    def _send(self, messages):
        """Does not wait for it to be read: a worker that reads nothing must not go unnoticed."""
        lines = "".join(json.dumps(message) + "\n" for message in messages)
        threading.Thread(target=self._write, args=(lines,), daemon=True).start()

    def _answer(self, missing):
        try:
            line = self.answers.get(timeout=self.patience)
        except queue.Empty:
            raise self._failure(f"said nothing for {self.patience} seconds; {missing}") from None
        if line is None:
            raise self._failure(f"ended with status {self._status()}; {missing}")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise self._failure(f"said something that is not an answer: {line[:200]!r}")
        return answer

    def _status(self):
        try:
            return self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return None  # it has closed its output alone

    def rewards(self, requests):
        """The rewards of completions, in their order.

        Args:
            requests: what is asked, without the ids, which are given here.
        """
        first, self.asked = self.asked, self.asked + len(requests)
        self._send([{"id": first + i, **request} for i, request in enumerate(requests)])
        rewards = [None] * len(requests)
        for answered in range(len(requests)):
            answer = self._answer(f"{len(requests) - answered} completions have no reward")
            number, reward = answer.get("id"), answer.get("reward")
            known = type(number) is int and 0 <= number - first < len(requests)
            if not known or rewards[number - first] is not None:
                raise self._failure(f"answered what was not asked, or twice: id {number!r}")
            if type(reward) not in (int, float) or not abs(reward) <= LARGEST:  # nor is NaN below it
                raise self._failure(f"gave the reward {reward!r:.40}, no number of at most {LARGEST:.0e}")
            if not isinstance(answer.get("outcome"), str):
                raise self._failure(f"gave no outcome of id {number}")
            rewards[number - first] = float(reward)
        return rewards

    def sync(self, step):
        """Has what it wrote of the steps until this one on the disk."""
        self._send([{"sync": step}])
        answer = self._answer(f"step {step} is not on the disk")
        if answer != {"synced": step}:
            raise self._failure(f"was to say that step {step} is on the disk, and said {answer!r}")

    def close(self):
        """Ends it: gently by the end of its input, by force if that is not heard."""
        try:
            self.process.stdin.close()
            self.process.wait(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.reader.join(timeout=5)
