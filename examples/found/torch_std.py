"""The gradient of a standard deviation of equal numbers does not add up to 0.

Known: nothing changes where all of them are moved together.
"""

import torch

PACKAGE = "torch"


def claim():
    x = torch.full((3,), 1e-8, dtype=torch.float64, requires_grad=True)
    torch.std(x).backward()
    return x.grad.sum()


def truth():
    return 0.0
