"""The derivative of xlogy(0, y) in y at 0 is NaN. Known: the function is 0 for every y."""

import torch

PACKAGE = "torch"


def claim():
    y = torch.zeros((), requires_grad=True)
    torch.special.xlogy(torch.zeros(()), y).backward()
    return y.grad


def truth():
    return 0.0
