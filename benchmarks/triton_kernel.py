"""A Triton kernel's backward in float32 and bfloat16, checked through its own forward kernel.

On a GPU if there is one, else in Triton's interpreter. SiLU, `x · sigmoid(x)`; the backward kernel
multiplies its result by a factor: 1 is right.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"  # has to stand before triton is imported

import triton
import triton.language as tl

import gradproof as gp

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
BLOCK = 64


@triton.jit
def forward_kernel(x_ptr, y_ptr, count, block: tl.constexpr):
    places = tl.program_id(0) * block + tl.arange(0, block)
    inside = places < count
    x = tl.load(x_ptr + places, mask=inside, other=0.0)
    wide = x.to(tl.float32)
    tl.store(y_ptr + places, (wide * tl.sigmoid(wide)).to(x.dtype), mask=inside)


@triton.jit
def backward_kernel(x_ptr, g_ptr, dx_ptr, count, factor, block: tl.constexpr):
    places = tl.program_id(0) * block + tl.arange(0, block)
    inside = places < count
    x = tl.load(x_ptr + places, mask=inside, other=0.0)
    g = tl.load(g_ptr + places, mask=inside, other=0.0).to(tl.float32)
    wide = x.to(tl.float32)
    s = tl.sigmoid(wide)
    dx = factor * g * (s + wide * s * (1 - s))
    tl.store(dx_ptr + places, dx.to(x.dtype), mask=inside)


class Silu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        x = x.contiguous()
        ctx.save_for_backward(x)
        ctx.factor = factor
        y = torch.empty_like(x)
        forward_kernel[(triton.cdiv(x.numel(), BLOCK),)](x, y, x.numel(), block=BLOCK)
        return y

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        dx, grid = torch.empty_like(x), (triton.cdiv(x.numel(), BLOCK),)
        backward_kernel[grid](x, g.contiguous(), dx, x.numel(), ctx.factor, block=BLOCK)
        return dx, None


def row(dtype: torch.dtype, factor: float, count: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(count, generator=generator).to(DEVICE, dtype)
    report = gp.check(lambda x: Silu.apply(x, factor), x)
    return {
        "dtype": str(dtype).removeprefix("torch."),
        "factor": factor,
        "verdict": str(report.verdict),
        "resolution": report.resolution,
        "evaluations": report.evaluations,
        "findings": [str(finding.kind) for finding in report.findings],
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", metavar="FILE", help="also write the rows and the demands")
    options.add_argument("--count", type=int, default=1000, help="numbers in the input")
    chosen = options.parse_args()
    print(f"triton {triton.__version__}, {'GPU' if DEVICE == 'cuda' else 'interpreter'}\n")
    print("| type | backward times | verdict | finding | resolution | evaluations |")
    print("| --- | --- | --- | --- | --- | --- |")
    rows = []
    for dtype in (torch.float32, torch.bfloat16):
        for factor in (1.0, 1.01, 2.0, -1.0):
            r = row(dtype, factor, chosen.count)
            rows.append(r)
            print(
                f"| {r['dtype']} | {factor:g} | {r['verdict']} | {', '.join(r['findings'])} | "
                f"{r['resolution']:.1e} | {r['evaluations']} |"
            )
    rejected = [r for r in rows if r["factor"] == 1 and r["verdict"] in ("wrong", "suspect")]
    passed = [
        r
        for r in rows
        if r["factor"] in ((1.01, 2.0, -1.0) if r["dtype"] == "float32" else (2.0, -1.0))
        and r["verdict"] == "correct"
    ]
    wanted = [
        (f"right backward accused: {len(rejected)}", not rejected),
        (f"wrong backward passed: {len(passed)}", not passed),
    ]
    for text, reached in wanted:
        print(f"{'reached' if reached else 'NOT REACHED':11} {text}")
    if chosen.json:
        told = [{"text": text, "reached": reached} for text, reached in wanted]
        Path(chosen.json).write_text(json.dumps({"rows": rows, "demands": told}), "utf-8")
    return int(bool(rejected or passed))


if __name__ == "__main__":
    sys.exit(main())
