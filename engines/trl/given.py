"""Completions and rewards of an earlier training, in the place of sampling and of a reward worker."""

import collections
import json

from launch import refused


class Given:
    """What a training had, by step, in the order of its batches.

    Args:
        path: a line for each completion, with its step, slot, sample, ids and reward.
    """

    def __init__(self, path):
        self.steps = collections.defaultdict(list)
        for line in path.read_text().splitlines():
            row = json.loads(line)
            self.steps[row["step"]].append(row)
        for rows in self.steps.values():
            rows.sort(key=lambda row: (row["slot"], row["sample"]))

    def check(self, steps, completions):
        counts = [len(self.steps[step]) for step in range(1, steps + 1)]
        if counts != [completions] * steps:
            raise refused(f"{steps} steps have {completions} completions each, and {counts} are given")

    def completions(self, step, first, count):
        return [row["ids"] for row in self.steps[step][first:first + count]]

    def rewards(self, requests):
        """As a worker's, for the completions that were given."""
        group = 1 + max(row["sample"] for row in self.steps[requests[0]["step"]])
        return [
            float(self.steps[asked["step"]][asked["slot"] * group + asked["sample"]]["reward"])
            for asked in requests]

    def sync(self, step):
        """There is nothing to write."""

    def close(self):
        """There is nobody to end."""
