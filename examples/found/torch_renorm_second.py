"""The second derivative of renorm at 0 is NaN. Known: short rows stay as they are."""

import torch

PACKAGE = "torch"


def claim():
    x = torch.zeros((1, 2), requires_grad=True)
    (slope,) = torch.autograd.grad(torch.renorm(x, 3, 0, 1.0).sum(), x, create_graph=True)
    return torch.autograd.grad(slope.sum(), x)[0][0, 0]


def truth():
    return 0.0
