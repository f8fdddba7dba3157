"""The second derivative of mish at 812 is NaN. Known: mish(x) = x to all digits there."""

import torch

PACKAGE = "torch"


def claim():
    x = torch.tensor(812.0, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.nn.functional.mish(x), x, create_graph=True)
    return torch.autograd.grad(slope, x)[0]


def truth():
    return 0.0
