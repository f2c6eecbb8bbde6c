# SPDX-License-Identifier: Apache-2.0
"""The table in Markdown, and all raw figures as JSON."""
import dataclasses
import json
import statistics
from typing import Any

from .machine import sentence
from .rounds import DISTURBED, Measured
from .sides import OwnSide, Row, Side

Results = list[tuple[list[Row], Measured]]


def markdown(context: dict[str, Any], results: Results) -> str:
    """The table, under a line on when and where it was measured."""
    versions = ", ".join(f"{name} {version}" for name, version in context["versions"].items())
    lines = [
        f"Measured on {context['date']}: {sentence(context['machine'])}; "
        f"{context['threads']} threads, {context['pairs']} pairs. {versions}.",
        *(["**Tiny sizes (--smoke): the figures mean nothing.**"] if context["smoke"] else []),
        *context["notes"],
        disturbance(results),
        "",
        "| work | warmup | peer | ratio: median (min..max) | aim |",
        "|---|---|---|---|---|",
    ]
    for rows, measured in results:
        lines += [line(row, measured) for row in rows]
    return "\n".join(lines) + "\n"


def disturbance(results: Results) -> str:
    shares = [share for _, measured in results for share in measured.foreign_shares()]
    disturbed = sum(share > DISTURBED for share in shares)
    return (f"Other programs took more than {DISTURBED:.0%} of the processors in {disturbed} of "
            f"{len(shares)} measurements.")


def line(row: Row, measured: Measured) -> str:
    ratios = measured.ratios(row)
    ratio, aim = "not measured", "" if row.aim is None else f"{row.aim:g}"
    if ratios:
        median = statistics.median(ratios)
        ratio = f"**{median:.2f}** ({min(ratios):.2f}..{max(ratios):.2f})"
        if row.aim is not None:
            aim += ": reached" if median >= row.aim else ": not reached"
    others = "; ".join(shown(side, row, measured) for side in row.others)
    return f"| {row.title} | {shown(row.own, row, measured)} | {others} | {ratio} | {aim} |"


def shown(side: Side, row: Row, measured: Measured) -> str:
    """A side's name with its median, and the dtype that it really used."""
    if side in measured.failures:
        return f"{side.label}: failed"
    median = measured.median(side, row.figure.name)
    figure = "no figure" if median is None else row.figure.show(median)
    if not isinstance(side, OwnSide):
        return f"{side.label}: {figure}"
    dtypes = {measured_round[side]["dtype"] for measured_round in measured.rounds
              if side in measured_round}
    threads = "1 thread" if side.threads == 1 else f"{side.threads} threads"
    return f"{figure} ({', '.join(sorted(dtypes))}, {threads})"


def raw(context: dict[str, Any], results: Results) -> str:
    groups = [group(rows, measured) for rows, measured in results]
    return json.dumps({**context, "groups": groups}, indent=1) + "\n"


def group(rows: list[Row], measured: Measured) -> dict[str, Any]:
    sides = list(dict.fromkeys(side for row in rows for side in row.sides))
    numbers = {side: number for number, side in enumerate(sides)}
    return {
        "sides": [
            {**dataclasses.asdict(side), "label": side.label, "details": measured.details.get(side),
             "failure": measured.failures.get(side),
             "rounds": [figures.get(side) for figures in measured.rounds]}
            for side in sides
        ],
        "rows": [
            {"name": row.name, "title": row.title, "figure": row.figure.name, "aim": row.aim,
             "own": numbers[row.own], "others": [numbers[side] for side in row.others],
             "ratios": measured.ratios(row)}
            for row in rows
        ],
    }
