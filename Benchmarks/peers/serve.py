# SPDX-License-Identifier: Apache-2.0
"""Runs one peer: `serve.py WORKLOAD SETTINGS`, the settings being a JSON object."""
import importlib
import json
import sys

from channel import Channel


def main() -> None:
    workload = importlib.import_module(sys.argv[1])
    workload.serve(json.loads(sys.argv[2]), Channel())


if __name__ == "__main__":
    main()
