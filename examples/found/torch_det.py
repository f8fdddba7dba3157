"""The gradient of a determinant is 0 at a singular matrix. Known: it is the matrix of cofactors.

With ``create_graph=True`` it is right.
"""

import torch

PACKAGE = "torch"


def claim():
    x = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64, requires_grad=True)
    torch.linalg.det(x).backward()
    return x.grad[0, 0]


def truth():
    return 4.0
