"""A Function that keeps what it computed: the first order is right, the second wrong."""

import pytest

torch = pytest.importorskip("torch")

import gradproof as gp  # noqa: E402

POINT = torch.tensor([0.3, -0.7, 1.1], dtype=torch.float64)
NOTE = "which autograd takes for a constant"


class Recomputed(torch.autograd.Function):
    """exp(x²), from its saved input."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.exp(x * x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 2 * x * torch.exp(x * x)


class Attribute(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.r = torch.exp(x * x)
        ctx.save_for_backward(x)
        return ctx.r.clone()

    @staticmethod
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0] * ctx.r


class Saved(torch.autograd.Function):
    """An intermediate result is no input and no output: saving it makes it a constant too."""

    @staticmethod
    def forward(ctx, x):
        slope = 2 * x * torch.exp(x * x)
        ctx.save_for_backward(slope)
        return torch.exp(x * x)

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


class Output(torch.autograd.Function):
    """The output itself, saved as such: autograd knows where it comes from."""

    @staticmethod
    def forward(ctx, x):
        y = torch.exp(x * x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * 2 * x * y


class Unread(Recomputed):
    """It keeps what it computed, and its backward makes no use of it."""

    @staticmethod
    def forward(ctx, x):
        ctx.r = torch.exp(x * x)
        return Recomputed.forward(ctx, x)


class Linear(torch.autograd.Function):
    """What it keeps comes from no input: a fixed scale."""

    @staticmethod
    def forward(ctx, x):
        ctx.scale = torch.full_like(x, 3.0)
        return ctx.scale * x

    @staticmethod
    def backward(ctx, g):
        return g * ctx.scale


class Once(Attribute):
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0] * ctx.r


def closed():
    kept = {}

    class Closure(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            kept["r"] = torch.exp(x * x)
            ctx.save_for_backward(x)
            return kept["r"].clone()

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0] * kept["r"]

    return Closure


def notes(report):
    return [note for note in report.notes if NOTE in note]


@pytest.mark.parametrize(
    ("function", "read"),
    [
        (Attribute, "Attribute reads ctx.r"),
        (Saved, "Saved reads ctx.saved_tensors[0]"),
        (closed(), "Closure reads kept['r']"),
    ],
)
def test_what_was_computed_in_forward_is_noted_once(function, read):
    report = gp.check(lambda x: function.apply(x).sum(), POINT)
    assert report.ok
    (note,) = notes(report)
    assert read in note
    assert not gp.check(lambda x: function.apply(x).sum(), POINT, order=2).ok


@pytest.mark.parametrize("function", [Recomputed, Output, Unread, Linear])
def test_where_the_second_order_is_right_nothing_is_noted(function):
    report = gp.check(lambda x: function.apply(x).sum(), POINT)
    assert report.ok
    assert not notes(report)
    assert gp.check(lambda x: function.apply(x).sum(), POINT, order=2).ok


def test_where_torch_refuses_the_second_order_nothing_is_noted():
    report = gp.check(lambda x: Once.apply(x).sum(), POINT)
    assert report.ok
    assert not notes(report)


def test_a_wrong_first_order_is_told_alone():
    class Wrong(Attribute):
        @staticmethod
        def backward(ctx, g):
            return g * 3 * ctx.saved_tensors[0] * ctx.r

    report = gp.check(lambda x: Wrong.apply(x).sum(), POINT)
    assert not report.ok
    assert not notes(report)


@pytest.mark.parametrize(("function", "noted"), [(Attribute, 1), (Recomputed, 0)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_in_a_module(function, noted, dtype):
    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(POINT.to(dtype).clone())

        def forward(self, x):
            return function.apply(self.weight * x)

    report = gp.check_module(Layer(), torch.ones(3, dtype=dtype) * 0.8)
    assert report.ok
    assert len(notes(report)) == noted
