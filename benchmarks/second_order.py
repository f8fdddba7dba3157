"""Hessians and their products: is every right claim accepted and every wrong one rejected?

Likelihoods, energies, small networks: each with its right second derivatives in one or more
layouts, and wrong ones beside them. ``python benchmarks/second_order.py [--json FILE]``.
The exit status is 1 where a demand is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics as summary
import time
from pathlib import Path

from curvature import mechanics, networks, statistics

import gradproof as gp

CASES = [*statistics.CASES, *mechanics.CASES, *networks.CASES]


def rows(cases=CASES, seed=0):
    """One row for each claim: what it is, what it should be, and what was said."""
    for case in cases:
        first = gp.check(case.fun, case.point, grad=case.grad, seed=seed)
        base = {"case": case.name, "gradient": first.evaluations, "first": str(first.verdict)}
        for name, claim in case.right.items():
            yield base | {"claim": name, "wrong": False} | _checked(case, claim, seed)
        for name, (claim, kind) in case.wrong.items():
            found = _checked(case, claim, seed)
            named = kind is None or kind in found["kinds"]
            yield base | {"claim": name, "wrong": True, "named": named} | found


def _checked(case, claim, seed):
    began = time.perf_counter()
    report = gp.check(case.fun, case.point, grad=case.grad, seed=seed, **claim)
    return {
        "verdict": str(report.verdict),
        "resolution": report.resolution,
        "evaluations": report.evaluations - report.inquiry,
        "inquiry": report.inquiry,
        "kinds": [str(f.kind) for f in report.findings],
        "told": [f.message for f in report.findings],
        "seconds": time.perf_counter() - began,
    }


def score(found):
    """What the demands are about."""
    right = [row for row in found if not row["wrong"]]
    wrong = [row for row in found if row["wrong"]]
    return {
        "right": len(right),
        "wrong": len(wrong),
        "wrong passed": sum(row["verdict"] == "correct" for row in wrong),
        "right rejected": sum(row["verdict"] in ("wrong", "suspect") for row in right),
        "undecided": sum(row["verdict"] == "undecided" for row in found),
        "not named": sum(not row.get("named", True) for row in wrong),
        # Those of the Hessian are evaluations of the gradient: fun's own are taken off.
        "ratio": summary.median(
            (row["evaluations"] - row["gradient"]) / row["gradient"] for row in right
        ),
        "worst ratio": max(
            (row["evaluations"] - row["gradient"]) / row["gradient"] for row in right
        ),
        "inquiry": summary.median(row["inquiry"] for row in wrong),
    }


def demands(figures):
    wanted = {"wrong passed": 0, "right rejected": 0, "undecided": 0, "not named": 0}
    found = [(name, figures[name], figures[name] <= most) for name, most in wanted.items()]
    found.append(("right claims", figures["right"], figures["right"] >= 40))
    found.append(("wrong claims", figures["wrong"], figures["wrong"] >= 40))
    found.append(("evaluations of a Hessian over those of a gradient, median",
                  round(figures["ratio"], 2), figures["ratio"] <= 2))  # fmt: skip
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="what was said of every claim")
    options = parser.parse_args()
    found = list(rows(seed=options.seed))
    for row in found:
        missed = row["wrong"] != (row["verdict"] == "wrong") or not row.get("named", True)
        if missed or row["first"] != "correct" or options.verbose:
            print(
                f"{row['case']}, {row['claim']}: {row['verdict']}, {row['evaluations']} "
                f"+ {row['inquiry']} evaluations, {row['seconds']:.2f} s; "
                f"gradient {row['first']}, {row['gradient']}"
            )
            for text in row["told"]:
                print("   ", text)
    figures = score(found)
    print(f"{figures['right']} right claims, {figures['wrong']} wrong ones")
    print(f"evaluations: {figures['inquiry']:.0f} more to explain a wrong one (median); "
          f"worst ratio {figures['worst ratio']:.2f}")  # fmt: skip
    made = demands(figures)
    for text, value, reached in made:
        print(f"{text}: {value} {'' if reached else '(missed)'}")
    if options.json:
        record = {
            "rows": found, "figures": figures,
            "demands": [{"text": t, "value": v, "reached": r} for t, v, r in made],
        }  # fmt: skip
        options.json.write_text(json.dumps(record, indent=1))
    return int(not all(reached for *_, reached in made))


if __name__ == "__main__":
    raise SystemExit(main())
