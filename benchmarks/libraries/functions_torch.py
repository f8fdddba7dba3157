"""Autograd Functions, as model libraries have them."""

import torch

torch.set_num_threads(1)


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * (s + x * s * (1 - s))


class RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        rms = torch.sqrt((x**2).mean(-1, keepdim=True) + 1e-6)
        ctx.save_for_backward(x, weight, rms)
        return x / rms * weight

    @staticmethod
    def backward(ctx, g):
        x, weight, rms = ctx.saved_tensors
        xhat = x / rms
        gx = g * weight
        dweight = (g * xhat).sum(0)
        dx = (gx - xhat * (gx * xhat).mean(-1, keepdim=True)) / rms
        return dx, dweight


class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.T + bias

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.T @ x, g.sum(0)


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return torch.log1p(torch.exp(beta * x)) / beta

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * torch.sigmoid(ctx.beta * x), None


class Sine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.sin(30 * x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 30 * g * torch.cos(30 * x)


torch.manual_seed(0)
INPUT = torch.randn(6, 4, dtype=torch.float64)
POINT = {
    "x": torch.randn(6, 4, dtype=torch.float64),
    "weight": torch.rand(4, dtype=torch.float64) + 0.5,
    "W": torch.randn(3, 4, dtype=torch.float64),
    "b": torch.randn(3, dtype=torch.float64),
}


def model(p):
    h = RMSNorm.apply(p["x"], p["weight"])
    h = Swish.apply(Linear.apply(h, p["W"], p["b"]))
    h = Softplus.apply(h, 2.0) + Sine.apply(h / 40)
    return (h**2).sum()


CASES = {"model": (model, POINT, None)}
