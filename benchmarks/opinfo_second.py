"""Second derivatives of the operators of torch: gradproof's gradgradcheck beside torch's own.

The operators and inputs are those that torch tests itself with (OpInfo), in float64 on the CPU,
where torch says that the second derivative is supported. Both are run on the same function, ours
on its defaults, torch's in its fast mode.

    python benchmarks/opinfo_second.py [--samples 1] [--ops REGEX] [--seconds 600]
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections import Counter
from pathlib import Path

import opinfo
import torch
from torch.autograd.gradcheck import GradcheckError, gradgradcheck

import gradproof.torch as gpt


def ours(case):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            gpt.gradgradcheck(case.fun, case.inputs)
        except gpt.GradcheckError as error:
            return "rejected", str(error)
    doubts = [str(w.message) for w in caught if str(w.message).startswith("gradproof:")]
    return ("undecided", doubts[0]) if doubts else ("pass", "")


def theirs(case):
    def fun(*inputs):
        if case.is_random:
            opinfo.reseed(0)
        return case.fun(*inputs)

    try:
        gradgradcheck(fun, case.inputs, fast_mode=True)
    except GradcheckError as error:
        return "rejected", str(error)
    return "pass", ""


def asked(contestant, case):
    began = time.perf_counter()
    try:
        said, detail = contestant(case)
    except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
        said, detail = "raised", f"{type(error).__name__}: {error}"
    return said, time.perf_counter() - began, " ".join(detail.split())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--ops", default="")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--every", type=int, default=1, help="only every so many operators")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    began, rows, counts, spent = time.perf_counter(), [], Counter(), Counter()
    operators = [op for op in opinfo.operators(options.ops) if op.supports_gradgrad]
    for op in operators[:: options.every]:
        if time.perf_counter() - began > options.seconds:
            break
        try:
            cases = list(opinfo.cases(op, options.samples))
        except Exception:  # noqa: BLE001 - samples that cannot be made say nothing of a checker
            counts["no sample"] += 1
            continue
        for case in cases:
            one, seconds, detail = asked(ours, case)
            other, torch_seconds, torch_detail = asked(theirs, case)
            counts[one, other] += 1
            spent["ours"] += seconds
            spent["theirs"] += torch_seconds
            rows.append([case.operator, case.sample, one, other, seconds, torch_seconds, detail,
                         torch_detail])  # fmt: skip
            if one != other:
                print(f"{case.operator}[{case.sample}]: {one}, torch {other}")
                print("   ", detail[:300] or "-", "\n   ", torch_detail[:200] or "-", flush=True)
    for (one, other), count in sorted(counts.items(), key=str):
        print(f"ours {one}, torch's {other}: {count}")
    print(f"seconds: ours {spent['ours']:.1f}, torch's {spent['theirs']:.1f}")
    if options.json:
        options.json.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
