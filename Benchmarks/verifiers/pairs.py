# SPDX-License-Identifier: Apache-2.0
"""Pairs of a reference answer and a completion, made from the files in WARMUP_DATA."""
import gzip
import json
import random
import re
from pathlib import Path


def make_pairs(data: Path) -> list[dict]:
    """All pairs, in an order that is always the same."""
    draw = random.Random(5)
    pairs = [*model_outputs(data, draw), *math_solutions(data, draw)]
    for number, pair in enumerate(pairs):
        pair["id"] = f"{pair['kind']}/{number}"
    return pairs


def pair(kind: str, gold: str, completion: str) -> dict:
    return {"kind": kind, "gold": gold, "completion": completion}


def rows(file: Path) -> list[dict]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def last_box(text: str) -> str | None:
    """What the last \\boxed{…} or \\fbox{…} that is closed holds."""
    found = None
    for match in re.finditer(r"\\(?:boxed|fbox)\s*\{", text):
        depth = 0
        for place in range(match.end() - 1, len(text)):
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            if depth == 0:
                found = text[match.end():place]
                break
    return found


def last_formula(text: str) -> str | None:
    """The last formula before </think>, from its last equals sign on."""
    formulas = re.findall(
        r"\\\[(.+?)\\\]|\\\((.+?)\\\)|\$([^$\n]+)\$", text.split("</think>")[0], re.S)
    formulas = [next(part for part in parts if part).strip() for parts in formulas if any(parts)]
    if not formulas:
        return None
    formula = formulas[-1].rstrip(".,").strip()
    return formula if "begin" in formula else formula.split("=")[-1].strip()


def model_outputs(data: Path, draw: random.Random):
    outputs = rows(data / "longcot/qwen2.5-3b-rlft_think.jsonl.gz")
    boxes = [last_box(row["response"]) for row in outputs]
    for number, (row, box) in enumerate(zip(outputs, boxes)):
        if box is None:
            continue
        formula = last_formula(row["response"])
        if formula and len(formula) < 200:
            yield pair("output, its last formula", formula, row["response"])
        others = [other for other in range(len(outputs))
                  if outputs[other]["source"] == row["source"] and boxes[other] and other != number]
        yield pair("output, another one's box", boxes[draw.choice(others)], row["response"])
        yield pair("output, its own box", box, row["response"])
    for row in rows(data / "longcot/thought_anchors_r1_distill.jsonl.gz"):
        box = last_box(row["response"])
        if box:
            yield pair("output, its own box", box, row["response"])


def math_solutions(data: Path, draw: random.Random):
    problems = [row for name in ("train", "test")
                for row in rows(data / f"math/math_lighteval_{name}.jsonl.gz")]
    golds = [last_box(row["solution"]) for row in problems]
    known = [number for number, gold in enumerate(golds) if gold]
    for number in draw.sample(known, 3000):
        yield pair("solution, its own answer", golds[number], problems[number]["solution"])
    for number in draw.sample(known, 1500):
        yield pair("solution, another one's answer", golds[draw.choice(known)],
                   problems[number]["solution"])
    yield from same_shapes(golds, known, draw)
    whole = [number for number in known if re.fullmatch(r"-?\d+", golds[number])]
    other = [number for number in known if not re.fullmatch(r"-?\d+", golds[number])]
    for number in draw.sample(other, 1100) + draw.sample(whole, 250):
        for text in rewrites(golds[number], draw):
            if text != golds[number]:
                yield pair("rewritten answer", golds[number],
                           f"Therefore the answer is $\\boxed{{{text}}}$.")


def same_shapes(golds: list, known: list[int], draw: random.Random):
    """Answers that differ in their numbers alone."""
    shapes: dict[str, list[int]] = {}
    for number in known:
        if not re.fullmatch(r"-?\d+", golds[number]):
            shapes.setdefault(re.sub(r"[0-9]+", "0", golds[number]), []).append(number)
    for members in shapes.values():
        for _ in range(min(4, len(members)) if len(members) > 1 else 0):
            first, second = draw.sample(members, 2)
            yield pair("same shape, other numbers", golds[second],
                       f"so $\\boxed{{{golds[first]}}}$.")


def rewrites(gold: str, draw: random.Random):
    """The answer written in other ways; some of them mean something else."""
    yield gold.replace("\\frac", "\\dfrac")
    yield gold.replace("\\left", "").replace("\\right", "")
    yield " " + gold.replace(",", ", ") + " "
    yield "$" + gold + "$"
    yield f"\\text{{{gold}}}" if re.fullmatch(r"[A-Za-z ]+", gold) else "x = " + gold
    yield gold + "\\text{ cm}"
    yield from rewritten_fraction(gold)
    yield from rewritten_integer(gold)
    yield from rewritten_list(gold)
    if "+" in gold and "begin" not in gold:
        first, _, second = gold.partition("+")
        yield f"{second}+{first}"
    digits = [match.start() for match in re.finditer(r"\d", gold)]
    if digits:
        place = draw.choice(digits)
        yield gold[:place] + str((int(gold[place]) + 1) % 10) + gold[place + 1:]


def rewritten_fraction(gold: str):
    match = re.fullmatch(r"(-?)\\d?frac\{(\d+)\}\{(\d+)\}", gold)
    if not match or int(match[3]) == 0:
        return
    sign, top, bottom = match[1], int(match[2]), int(match[3])
    yield f"{sign}{top}/{bottom}"
    yield f"{sign}{top / bottom:.10g}"
    yield f"{sign}{top / bottom:.3g}"
    yield f"\\frac{{{sign}{3 * top}}}{{{3 * bottom}}}"
    if top > bottom:
        yield f"{sign}{top // bottom}\\frac{{{top % bottom}}}{{{bottom}}}"


def rewritten_integer(gold: str):
    if not re.fullmatch(r"-?\d+", gold):
        return
    number = int(gold)
    yield from (gold + ".0", gold + "\\%", "\\$" + gold, gold + "^\\circ", str(number + 1),
                f"{number:,}", f"{float(number):.3e}", f"\\frac{{{2 * number}}}{{2}}")


def rewritten_list(gold: str):
    if "," not in gold or gold.startswith("\\begin"):
        return
    parts = [part.strip() for part in gold.strip("()[]\\{} ").split(",")]
    yield ", ".join(reversed(parts))
    yield "\\{" + ", ".join(parts) + "\\}"
    yield "(" + ", ".join(parts) + ")"
    yield "(" + ", ".join(reversed(parts)) + ")"
    yield " \\text{ and } ".join(parts)
