"""Faults of other people's kinds: is the family right, how many are explained, is anything false?

Each is one edit of right code (``replicas/``). Counted is the first finding of each report that
is about what is wrong: whether its kind is a true description, whether it explains more than
where the error is, and whether it says what is not so.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from replicas import REPLICAS, Replica
from rich.console import Console

import gradproof as gp

# Kinds that say where, or only that; they are no explanation, and not false either.
OPEN = ("unexplained",)
WHERE = ("entries",)
REJECTED = (gp.Verdict.WRONG, gp.Verdict.SUSPECT)


def main() -> int:
    """Run all replicas, and print the three figures."""
    options = _options()
    console = Console(width=200)
    with tempfile.TemporaryDirectory() as folder:
        rows = [run(r, folder) for r in REPLICAS if options.only in r.name]
    for row in rows:
        if options.verbose or not row["family"]:
            mark = "false " if row["false"] else "      " if row["family"] else "missed"
            told = f"{row['kind']}: {row['message']}" if not row["family"] else row["message"]
            console.print(f"{mark} {row['name']}\n         {told}", highlight=False, markup=False)
    spent = [row["inquiry"] for row in rows]
    count = len(rows)
    figures = {name: sum(row[name] for row in rows) for name in ("family", "explained", "false")}
    for name, number in figures.items():
        console.print(f"{name:10} {number:3} of {count} ({number / count:.0%})", highlight=False)
    console.print(f"right twins rejected: {sum(row['twin'] for row in rows)}")
    console.print(
        f"evaluations to explain: median {statistics.median(spent):.0f}, most {max(spent)}; "
        f"slowest {max(row['seconds'] for row in rows):.2f} s"
    )
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1))
    reached = figures["family"] >= 0.85 * count and figures["explained"] >= 0.75 * count
    return 0 if reached and not figures["false"] else 1


def run(replica: Replica, folder: str) -> dict[str, Any]:
    """One replica beside its right twin."""
    twin = replica.load(folder, wrong=False)(gp, *replica.asked)
    began = time.perf_counter()
    report = replica.load(folder, wrong=True)(gp, *replica.asked)
    seconds = time.perf_counter() - began
    first = next((f for f in report.findings if f.block is not None), None)
    kind = str(first.kind) if first else "none"
    said = not replica.says or (first is not None and any(s in first.message for s in replica.says))
    open_ = kind in OPEN or first is None
    family = kind in replica.kinds and said
    return {
        "name": replica.name,
        "twin": twin.verdict in REJECTED,
        "verdict": str(report.verdict),
        "kind": kind,
        "message": first.message if first else "",
        "line": first.line.text if first and first.line else "",
        "family": family,
        "explained": not open_ and kind not in WHERE,
        "false": not family and not open_ and kind not in WHERE,
        "inquiry": report.inquiry,
        "seconds": seconds,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only replicas whose name contains this")
    parser.add_argument("--verbose", action="store_true", help="print all, not only what is missed")
    parser.add_argument("--json", help="write all rows to this file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
