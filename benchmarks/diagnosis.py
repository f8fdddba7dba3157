"""Planted faults of many kinds: are they found, located, explained, and is nobody else accused?

Each fault stands beside its right twin. Counted are: verdicts, blocks, entries (named exactly,
or none where the whole block is at fault), the kind of the first finding of each faulty block,
and evaluations.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from faults import ALL, ALL_FAULTS
from rich.console import Console
from rich.table import Table

import gradproof as gp

REJECTED = (gp.Verdict.WRONG, gp.Verdict.SUSPECT)


def main() -> int:
    """Run all faults and print the tables."""
    options = _options()
    console = Console()
    rows = [run(fault, options.seed) for fault in ALL_FAULTS if options.only in fault.name]
    if options.verbose:
        for row in rows:
            if not row["perfect"]:
                console.print(row, highlight=False)
    console.print(f"seed {options.seed}; gradproof {gp.__version__}, numpy {np.__version__}")
    console.print(_by_kind(rows))
    spent = [row["evaluations"] for row in rows]
    middle, mean = statistics.median(spent), statistics.mean(spent)
    console.print(f"evaluations: median {middle:.0f}, mean {mean:.0f}, most {max(spent)}")
    demands = _demands(rows)
    for text, reached in demands:
        console.print(f"{'reached    ' if reached else 'not reached'} {text}", highlight=False)
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1))
    return 0 if all(reached for _, reached in demands) else 1


def run(fault: Any, seed: int) -> dict[str, Any]:
    """One fault and its right twin."""
    right = gp.check(fault.fun, fault.point, grad=fault.right, args=fault.args, seed=seed)
    wrong = gp.check(fault.fun, fault.point, grad=fault.wrong, args=fault.args, seed=seed)
    rejected = {b.name for b in wrong.blocks if b.verdict in REJECTED}
    blocks = [judge_block(fault, name, wrong) for name in fault.blocks]
    untracked = rejected - set(fault.blocks)
    return {
        "name": fault.name,
        "family": fault.family,
        "kinds": {name: list(kinds) for name, kinds in fault.kinds.items()},
        "twin": str(right.verdict),
        "verdict": str(wrong.verdict),
        "found": wrong.verdict in REJECTED,
        "blocks right": rejected == set(fault.blocks),
        "strangers": sorted(untracked),
        "blocks": blocks,
        "evaluations": wrong.evaluations,
        "perfect": right.ok
        and rejected == set(fault.blocks)
        and all(b["kind right"] and b["entries right"] for b in blocks),
    }


def judge_block(fault: Any, name: str, report: gp.Report) -> dict[str, Any]:
    """What the first finding about a block says, against what is true."""
    findings = [f for f in report.findings if f.block == name]
    first = findings[0] if findings else None
    truth = fault.blocks[name]
    named = None if first is None or first.entries is None else set(first.entries)
    whole = truth is ALL
    false = set() if whole or named is None else named - set(truth)
    return {
        "block": name,
        "kind": str(first.kind) if first else None,
        "kind right": first is not None and str(first.kind) in fault.kinds[name],
        "entries right": (named is None) if whole else named == set(truth),
        "named": named is not None,
        "false entries": len(false),
        "message": first.message if first else "",
    }


def _by_kind(rows: list[dict[str, Any]]) -> Table:
    table = Table(title=f"{len(rows)} planted faults")
    columns = ("kind", "blocks", "kind right", "entries right", "false entries")
    for column in columns:
        table.add_column(column, justify="left" if column == "kind" else "right")
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        for block in row["blocks"]:
            kind = row["kinds"][block["block"]][0]
            count = counts.setdefault(kind, Counter())
            count["blocks"] += 1
            count["kind right"] += block["kind right"]
            count["entries right"] += block["entries right"]
            count["false entries"] += block["false entries"]
    for kind, count in sorted(counts.items()):
        table.add_row(
            kind,
            *(str(count[c]) for c in ("blocks", "kind right", "entries right", "false entries")),
        )
    return table


def _demands(rows: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    blocks = [block for row in rows for block in row["blocks"]]
    total, faulty = len(rows), len(blocks)
    found = sum(row["found"] for row in rows)
    rejected = sum(row["twin"] in ("wrong", "suspect") for row in rows)
    right_blocks = sum(row["blocks right"] for row in rows)
    entries = sum(block["entries right"] for block in blocks)
    kinds = sum(block["kind right"] for block in blocks)
    false = sum(block["false entries"] for block in blocks)
    return [
        (f"at least 80 faults: {total}", total >= 80),
        (f"found: {found} of {total}", found == total),
        (f"right twins rejected: {rejected}", rejected == 0),
        (f"exactly the right blocks: {right_blocks} of {total}", right_blocks == total),
        (f"entries named exactly: {entries} of {faulty} (95 %)", entries >= 0.95 * faulty),
        (f"first finding of the right kind: {kinds} of {faulty} (90 %)", kinds >= 0.9 * faulty),
        (f"entries named that are right: {false}", false == 0),
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only faults whose name contains this")
    parser.add_argument("--verbose", action="store_true", help="print what is not explained")
    parser.add_argument("--json", help="write all rows to this file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
