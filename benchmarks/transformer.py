"""A small transformer in float32: forward passes to a verdict, and to the block at fault.

Three networks that differ in one custom backward: right, a weight's gradient 1 % too large, and
an activation's derivative 1 % too large (which spoils every parameter before it).
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

import gradproof as gp

WIDTH, HEADS, LAYERS, WORDS, LENGTH, BATCH = 192, 6, 8, 96, 24, 4
FAULTY_LAYER = 4


class Product(torch.autograd.Function):
    """``x @ W.T + b``; the gradient of ``W`` is multiplied by ``factor``."""

    @staticmethod
    def forward(ctx, x, W, b, factor):
        ctx.save_for_backward(x, W)
        ctx.factor = factor
        return x @ W.T + b

    @staticmethod
    def backward(ctx, g):
        x, W = ctx.saved_tensors
        rows = g.reshape(-1, g.shape[-1])
        dW = ctx.factor * rows.T @ x.reshape(-1, x.shape[-1])
        return g @ W, dW, rows.sum(0), None


class Squared(torch.autograd.Function):
    """``relu(x)²``; its derivative is multiplied by ``factor``."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.save_for_backward(x)
        ctx.factor = factor
        return x.relu() ** 2

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return ctx.factor * 2 * x.relu() * g, None


class Linear(nn.Linear):
    factor = 1.0

    def forward(self, x):
        return Product.apply(x, self.weight, self.bias, self.factor)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = Linear(WIDTH, 3 * WIDTH), Linear(WIDTH, WIDTH)
        self.up, self.down = Linear(WIDTH, 4 * WIDTH), Linear(4 * WIDTH, WIDTH)
        self.factor = 1.0

    def forward(self, x):
        q, k, v = self.qkv(self.norm1(x)).chunk(3, dim=-1)
        q, k, v = (t.unflatten(-1, (HEADS, -1)).transpose(1, 2) for t in (q, k, v))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).flatten(-2))
        return x + self.down(Squared.apply(self.up(self.norm2(x)), self.factor))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm, self.head = nn.LayerNorm(WIDTH), Linear(WIDTH, WORDS)

    def forward(self, tokens):
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


def networks() -> Iterator[tuple[str, Transformer, str | None]]:
    """Each network, what is wrong with it, and the block in which the fault sits."""
    for fault in (
        "none",
        "weight gradient of layers[4].up × 1.01",
        "activation of layers[4] × 1.01",
    ):
        torch.manual_seed(0)
        network, block = Transformer(), None
        if "weight" in fault:
            network.layers[FAULTY_LAYER].up.factor = 1.01
            block = f"layers.{FAULTY_LAYER}.up.weight"
        elif "activation" in fault:
            network.layers[FAULTY_LAYER].factor = 1.01
            block = f"layers.{FAULTY_LAYER}.up.weight"
        yield fault, network, block


def check(network: Transformer) -> gp.Report:
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(WORDS, (BATCH, LENGTH + 1), generator=generator)
    targets = tokens[:, 1:].flatten()
    return gp.check_module(
        network,
        tokens[:, :-1],
        loss=lambda logits: nn.functional.cross_entropy(logits.flatten(0, 1), targets),
    )


def main() -> int:
    """Print the table; 1 where a demand is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", metavar="FILE", help="also write the rows and the demands")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    print("| fault | parameters | tensors | verdict | forward passes (+ backward) | wrong blocks |")
    print("| --- | --- | --- | --- | --- | --- |")
    rows = [row(*network) for network in networks()]
    for r in rows:
        shown = ", ".join(r["wrong"][:2])
        shown += f" and {len(r['wrong']) - 2} more" if len(r["wrong"]) > 2 else ""
        print(
            f"| {r['fault']} | {r['parameters']:,} | {r['tensors']} | {r['verdict']} | "
            f"{r['evaluations']} (+ {r['gradients']}) | {shown} |"
        )
    wanted = demands(rows)
    for text, reached in wanted:
        print(f"{'reached' if reached else 'NOT REACHED':11} {text}")
    if chosen.json:
        told = [{"text": text, "reached": reached} for text, reached in wanted]
        Path(chosen.json).write_text(json.dumps({"rows": rows, "demands": told}), "utf-8")
    return int(not all(reached for _, reached in wanted))


def row(fault: str, network: Transformer, block: str | None) -> dict[str, Any]:
    sizes = [p.numel() for p in network.parameters()]
    report = check(network)
    rejected = (gp.Verdict.WRONG, gp.Verdict.SUSPECT)
    return {
        "fault": fault,
        "parameters": sum(sizes),
        "tensors": len(sizes),
        "verdict": str(report.verdict),
        "evaluations": report.evaluations,
        "gradients": report.gradient_calls,
        "wrong": [b.name for b in report.ranked if b.verdict in rejected],
        "block": block and f"params['{block}']",
    }


def demands(rows: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    wanted = []
    for r in rows:
        most = 24 if r["block"] is None else 264
        text = f"{r['fault']}: {r['evaluations']} forward passes, at most {most}"
        wanted.append((text, r["evaluations"] <= most))
        found = r["block"] in r["wrong"] if r["block"] else r["verdict"] == "correct"
        wanted.append((f"{r['fault']}: {r['block'] or 'correct'} found", found))
    return wanted


if __name__ == "__main__":
    sys.exit(main())
