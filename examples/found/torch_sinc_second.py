"""The second derivative of sinc at 0 is NaN. Known: sin(πx)/(πx) = 1 - π² x² / 6 + …"""

import math

import torch

PACKAGE = "torch"


def claim():
    x = torch.zeros((), dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.sinc(x), x, create_graph=True)
    return torch.autograd.grad(slope, x)[0]


def truth():
    return -(math.pi**2) / 3
