"""The derivative of hardshrink with lambd=0 at 0. Known: the function is x then."""

import torch

PACKAGE = "torch"


def claim():
    x = torch.zeros((), requires_grad=True)
    torch.nn.functional.hardshrink(x, 0.0).backward()
    return x.grad


def truth():
    return 1.0
