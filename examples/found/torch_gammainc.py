"""The derivative of gammainc(1, x) = 1 - exp(-x) at 0 is NaN. Known: 1."""

import torch

PACKAGE = "torch"


def claim():
    x = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    one = torch.tensor(1.0, dtype=torch.float64)
    return torch.autograd.grad(torch.special.gammainc(one, x), x)[0]


def truth():
    return 1.0
