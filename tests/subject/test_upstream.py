"""The gradient from above in other memory layouts: who takes it for contiguous is told so."""

import numpy as np
import pytest
import torch
from torch import nn

import gradproof as gp

torch.set_num_threads(1)

F64 = torch.float64


def drawn(*shape, dtype=F64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=F64).to(dtype)


def as_it_lies(g):
    """What a pointer sees: the entries in the order of the memory."""
    return torch.as_strided(g, (g.numel(),), (1,)).reshape(g.shape)


def rows_as_they_lie(g):
    """A kernel that knows where a row begins, and takes its entries for neighbours."""
    return torch.as_strided(g, g.shape, (*g.stride()[:-1], 1))


def through_numpy(g):
    flat = g.numpy().ravel(order="K").reshape(g.shape)
    return torch.from_numpy(np.ascontiguousarray(flat))


READERS = {
    "as it lies": (as_it_lies, lambda g: as_it_lies(g.contiguous())),
    "rows as they lie": (rows_as_they_lie, lambda g: rows_as_they_lie(g.contiguous())),
    "through NumPy": (through_numpy, lambda g: through_numpy(g.contiguous())),
    "strides": (None, lambda g: torch.as_strided(g, g.shape, g.stride()).clone()),
}


def scale(reads):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            g = reads(g)
            return g * w, (g * x).sum_to_size(w.shape)

    return Scale.apply


def layouts(report):
    return [f for f in report.findings if f.kind == "layout"]


@pytest.mark.parametrize("shape", [(4, 6), (2, 3, 4), (7,), (2, 1, 3, 2)])
@pytest.mark.parametrize("name", READERS)
def test_the_memory_of_the_upstream_is_not_its_order(name, shape):
    wrong, right = READERS[name]
    point = (drawn(*shape), drawn(shape[-1], seed=1))
    report = gp.check(lambda p: scale(right)(*p), point)
    assert report.ok, report
    assert not layouts(report)
    if wrong is None or (wrong is through_numpy and len(shape) == 1):
        return  # NumPy's K follows the strides: with one axis it is right
    report = gp.check(lambda p: scale(wrong)(*p), point)
    assert report.verdict == "wrong"
    assert len(layouts(report)) == 2
    assert "contiguous" in layouts(report)[0].message


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.complex128])
def test_in_every_precision(dtype):
    point = (drawn(4, 6, dtype=dtype), drawn(6, dtype=dtype, seed=1))

    def asked(reads):
        def careful(g):
            return reads(g.resolve_conj())

        class Product(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, w):
                ctx.save_for_backward(x, w)
                return x * w

            @staticmethod
            def backward(ctx, g):
                x, w = ctx.saved_tensors
                g = careful(g)
                return g * w.conj(), (g * x.conj()).sum(0)

        return gp.check(lambda p: Product.apply(*p), point)

    assert asked(lambda g: g).ok
    report = asked(as_it_lies)
    assert report.verdict == "wrong"
    assert layouts(report)


class Layer(nn.Module):
    def __init__(self, reads):
        super().__init__()
        self.weight, self.reads = nn.Parameter(drawn(6)), reads

    def forward(self, x):
        return scale(self.reads)(x, self.weight)


@pytest.mark.parametrize("loss", [None, lambda y: (y**2).sum(), lambda y: y.relu_().sum()])
def test_the_upstream_of_a_module_with_and_without_a_loss(loss):
    assert gp.check_module(Layer(lambda g: g), drawn(4, 6), loss=loss).ok
    report = gp.check_module(Layer(as_it_lies), drawn(4, 6), loss=loss)
    assert report.verdict == "wrong"
    assert layouts(report)


def test_one_output_of_several():
    def fun(reads):
        return lambda p: (p[0].sin(), scale(reads)(*p))

    point = (drawn(4, 6), drawn(6, seed=1))
    assert gp.check(fun(lambda g: g), point).ok
    assert gp.check(fun(as_it_lies), point).verdict == "wrong"


def test_a_backward_that_refuses_another_layout_is_told_and_not_wrong():
    report = gp.check(
        lambda p: scale(lambda g: g.view(-1).view(g.shape))(*p), (drawn(4, 6), drawn(6))
    )
    assert report.ok
    assert any("contiguous" in note and "RuntimeError" in note for note in report.notes)
    assert not any(
        "contiguous" in n for n in gp.check(lambda p: p[0] * p[1], (drawn(4), drawn(4))).notes
    )


@pytest.mark.parametrize("shape", [(3, 4), (6,)])
def test_a_product_of_numpy_that_reads_memory(shape):
    x = np.random.default_rng(0).normal(size=shape)

    def by_memory(x, g):
        base = g if g.base is None else g.base
        return base.reshape(-1)[: g.size].reshape(g.shape) * np.cos(x)

    assert gp.check_vjp(np.sin, lambda x, g: g * np.cos(x), x).ok
    report = gp.check_vjp(np.sin, by_memory, x)
    assert report.verdict == "wrong"
    assert layouts(report)


def test_the_hooks_of_a_check_do_not_stay():
    kept = drawn(3).requires_grad_()
    assert gp.check(lambda x: (x.sin(), kept), drawn(3)).ok
    assert not kept._backward_hooks
    assert kept.grad is None


def test_a_check_under_a_profiler_in_c_ends():
    import cProfile

    profiler = cProfile.Profile()
    profiler.enable()
    try:
        report = gp.check(lambda x: float(x @ x), np.ones(3), grad=lambda x: 2.1 * x)
    finally:
        profiler.disable()
    assert not report.ok
