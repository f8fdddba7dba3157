"""The derivative of gammaincc(1, x) at 0 is NaN. Known: the function is exp(-x)."""

import torch

PACKAGE = "torch"


def claim():
    x = torch.zeros((), dtype=torch.float64, requires_grad=True)
    torch.special.gammaincc(torch.ones_like(x), x).backward()
    return x.grad


def truth():
    return -1.0
