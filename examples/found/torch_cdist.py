"""The gradient of the largest difference where several are the largest.

Known: with both entries moved together the distance max(|x - 1|, |y - 1|) at 0 falls as fast as
they rise.
"""

import torch

PACKAGE = "torch"


def claim():
    x = torch.zeros((1, 2), requires_grad=True)
    torch.cdist(x, torch.ones((1, 2)), p=float("inf")).sum().backward()
    return x.grad.sum()


def truth():
    return -1.0
