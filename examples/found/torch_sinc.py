"""The derivative of sinc cancels at small arguments, in float32 by more than its own size.

Known: its series, -π² x / 3.
"""

import math

import torch

PACKAGE = "torch"


def claim():
    x = torch.tensor(1e-4, dtype=torch.float32, requires_grad=True)
    return torch.autograd.grad(torch.sinc(x), x)[0]


def truth():
    return -(math.pi**2) * 1e-4 / 3
