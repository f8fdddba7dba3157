"""The derivative of Laplace.icdf at 1/2 is 0. Known: it is 1 over the density, twice the scale."""

import torch

PACKAGE = "torch"


def claim():
    x = torch.tensor(0.5, requires_grad=True)
    torch.distributions.Laplace(0.0, 0.5).icdf(x).backward()
    return x.grad


def truth():
    return 1.0
