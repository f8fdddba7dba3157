"""Tensors, JAX arrays, modules and layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import gradproof as gp

pytestmark = pytest.mark.slow


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, wrong):
        ctx.save_for_backward(x)
        ctx.wrong = wrong
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        slope = 3 * x**2
        return g * (torch.where(x < -2, -slope, slope) if ctx.wrong else slope), None


@pytest.mark.parametrize("wrong", [True, False])
def test_torch_functions(wrong):
    def fun(x, scale=1.0):
        return torch.sum(scale * Cube.apply(x, wrong))

    hunt = gp.hunt(fun, gp.arrays(2), scale=gp.one_of(1.0, 2.0), tries=80)
    assert hunt.ok is not wrong, hunt


@pytest.mark.parametrize("wrong", [True, False])
def test_torch_modules(wrong):
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(2, dtype=torch.float64))

        def forward(self, x):
            return Cube.apply(self.weight * x, wrong)

    hunt = gp.hunt(Net(), gp.arrays(("n", 2)), tries=60)
    assert hunt.ok is not wrong, hunt


@pytest.mark.parametrize("wrong", [True, False])
def test_jax_functions(wrong):
    @jax.custom_vjp
    def root(x):
        return jnp.sqrt(x**2 + 1)

    def forward(x):
        return root(x), x

    def backward(x, g):
        slope = x / jnp.sqrt(x**2 + 1)
        return (g * (jnp.abs(slope) if wrong else slope),)

    root.defvjp(forward, backward)
    with jax.enable_x64(True):
        hunt = gp.hunt(lambda x: jnp.sum(root(x)), gp.arrays(2), tries=40)
    assert hunt.ok is not wrong, hunt


@pytest.mark.parametrize("wrong", [True, False])
def test_layers(wrong):
    class Bias:
        def __init__(self):
            self.b = np.zeros(2)

        def forward(self, x):
            self.rows = len(x)
            return x + self.b

        def backward(self, dout):
            self.db = dout[0] if wrong else dout.sum(axis=0)
            return dout

    hunt = gp.hunt(Bias(), gp.arrays(("n", 2)), tries=25)
    assert hunt.ok is not wrong, hunt
    if wrong:
        assert hunt.found[0].values["point"].shape == (2, 2)
