"""The gradient of the largest difference where several are the largest.

Known: with both entries of the first row moved together, max(|x - 1|, |y - 1|) at 0 falls as fast
as they rise.
"""

import torch

PACKAGE = "torch"


def claim():
    x = torch.tensor([[0.0, 0.0], [1.0, 1.0]], requires_grad=True)
    torch.nn.functional.pdist(x, p=float("inf")).sum().backward()
    return x.grad[0].sum()


def truth():
    return -1.0
