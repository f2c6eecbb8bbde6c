# SPDX-License-Identifier: Apache-2.0
"""Asks two Python graders about each pair that stands on a line of standard input.

They are math-verify (the reference first) and the grader of PRM800K as verl ships it
(`prime_math`), which is imported without the rest of verl. Runs inside the environment."""
import contextlib
import importlib.util
import io
import json
import logging
import signal
import sys
import time
import types
from pathlib import Path

from math_verify import parse, verify

from pairs import last_box

LONGEST_SECONDS = 4


class Late(BaseException):
    """Not an Exception, since graders catch those."""


@contextlib.contextmanager
def no_limit(*_, **__):
    """In place of verl's own, which needs threads; serves as a decorator, too."""
    yield


def import_prime_math() -> types.ModuleType:
    """verl itself needs a machine with graphics cards; this part of it does not."""
    folder = Path(importlib.util.find_spec("verl").submodule_search_locations[0])
    for name in ("verl", "verl.utils", "verl.utils.reward_score"):
        package = types.ModuleType(name)
        package.__path__ = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
    helpers = types.ModuleType("verl.utils.py_functional")
    helpers.timeout_limit = no_limit
    sys.modules["verl.utils.py_functional"] = helpers
    return importlib.import_module("verl.utils.reward_score.prime_math")


def asked_prime(prime: types.ModuleType, answer: str | None, gold: str) -> bool | None:
    """None where there is no answer, or no verdict in time."""
    if answer is None:
        return None
    signal.alarm(LONGEST_SECONDS)
    try:
        return bool(prime.grade_answer(answer, gold) or prime.math_equal(answer, gold))
    except Late:
        return None
    except Exception:
        return False
    finally:
        signal.alarm(0)


def asked_math_verify(completion: str, gold: str) -> bool | None:
    try:
        return bool(verify(parse(f"\\boxed{{{gold}}}"), parse(completion)))
    except BaseException:
        return None


def main() -> None:
    logging.disable(logging.CRITICAL)
    prime = import_prime_math()

    def alarm(*_):
        raise Late

    for line in sys.stdin:
        pair = json.loads(line)
        with contextlib.redirect_stdout(io.StringIO()):
            start = time.perf_counter()
            first = asked_math_verify(pair["completion"], pair["gold"])
            seconds = time.perf_counter() - start
            signal.signal(signal.SIGALRM, alarm)  # math-verify sets a handler of its own
            second = asked_prime(prime, last_box(pair["completion"]), pair["gold"])
        print(json.dumps({"id": pair["id"], "math_verify": first, "prime_math": second,
                          "seconds": seconds}), flush=True)


main()
