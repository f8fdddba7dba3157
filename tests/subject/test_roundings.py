"""Half precision: claims right in float64 that lose too much of it, and what loses little."""

import pytest
import torch
from torch import nn

import gradproof as gp
import gradproof.torch as gpt

torch.set_num_threads(1)

BF16, F16 = torch.bfloat16, torch.float16


def drawn(*shape, dtype=BF16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(shape, generator=generator) + 0.5).to(dtype)


def running(terms):
    total = torch.zeros_like(terms[0])
    for row in terms:
        total = total + row
    return total


def in_pairs(terms):
    while len(terms) > 1:
        half = len(terms) // 2
        terms = torch.cat([terms[:half] + terms[half : 2 * half], terms[2 * half :]])
    return terms[0]


def wide(terms):
    return terms.double().sum(0).to(terms.dtype)


def columns(sums):
    class Columns(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            return g * w, sums(g * x)

    return Columns.apply


def asked(sums, length, dtype):
    x, w = drawn(length, 8, dtype=dtype), torch.ones(8, dtype=dtype, requires_grad=True)
    scale = 1.0 if dtype is F16 else 1.0 / length
    return lambda w: (columns(sums)(x.to(w.dtype), w) * scale).sum(), w


@pytest.mark.parametrize(
    ("dtype", "length"), [(BF16, 512), (BF16, 1024), (BF16, 2048), (F16, 4096)]
)
def test_a_running_sum_is_rejected_and_one_in_float32_is_not(dtype, length):
    for sums in (wide, in_pairs):
        report = gp.check(*asked(sums, length, dtype))
        assert report.ok, report
    fun, w = asked(running, length, dtype)
    report = gp.check(fun, w)
    assert report.verdict.rejects, report
    found = [f for f in report.findings if f.kind == "low-precision"]
    assert len(found) == 1
    assert "right in float64" in found[0].message
    with pytest.raises(gpt.GradcheckError):
        gpt.gradcheck(fun, (w,))


def test_most_of_the_sum_lost_is_wrong_and_a_little_suspect():
    assert gp.check(*asked(running, 2048, BF16)).verdict == "wrong"
    assert gp.check(*asked(running, 192, BF16)).verdict in ("suspect", "wrong")
    assert gp.check(*asked(running, 4, BF16)).ok


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        weights = (self.q(x) @ self.k(x).mT / 8**0.5).softmax(-1)
        return weights @ self.v(x)


MODULES = {
    "linear": lambda: nn.Linear(6, 3),
    "layers": lambda: nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Linear(16, 16), nn.Tanh()),
    "deep": lambda: nn.Sequential(*[m for _ in range(8) for m in (nn.Linear(6, 6), nn.Tanh())]),
    "normalised": lambda: nn.Sequential(nn.Linear(6, 16), nn.LayerNorm(16), nn.SiLU()),
    "batch": lambda: nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 1)),
    "softmax": lambda: nn.Sequential(nn.Linear(6, 10), nn.LogSoftmax(-1)),
    "attention": lambda: nn.Sequential(nn.Linear(6, 8), Attention()),
    "groups": lambda: nn.Sequential(nn.Linear(6, 8), nn.GroupNorm(2, 8), nn.Softplus()),
}


@pytest.mark.parametrize("dtype", [BF16, F16])
@pytest.mark.parametrize("loss", [None, lambda y: (y**2).mean()])
@pytest.mark.parametrize("name", MODULES)
def test_what_torch_makes_of_modules_is_not_rejected(name, dtype, loss):
    for seed in range(2):
        torch.manual_seed(seed)
        module = MODULES[name]().to(dtype)
        report = gp.check_module(module, torch.randn(12, 6).to(dtype), loss=loss)
        assert not report.verdict.rejects, report


@pytest.mark.parametrize("factor", [2.0, 1.5])
def test_a_factor_beside_a_running_sum_is_not_right_in_float64(factor):
    report = gp.check(*asked(lambda t: factor * running(t), 2048, BF16))
    assert report.verdict.rejects


class Sine(torch.autograd.Function):
    factor = 1.0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.cos() * Sine.factor


@pytest.mark.parametrize("dtype", [BF16, F16])
@pytest.mark.parametrize("factor", [1.03, 1.02, 0.98])
def test_a_flat_share_that_float64_shows_too_is_no_rounding(dtype, factor, monkeypatch):
    def loss(x):
        return Sine.apply(x).sum()

    right = gp.check(loss, drawn(64, dtype=dtype))
    assert right.verdict == "correct"
    monkeypatch.setattr(Sine, "factor", factor)
    wrong = gp.check(loss, drawn(64, dtype=dtype))
    assert wrong.verdict.rejects
    assert abs(1 / wrong.findings[0].factor - 1 / factor) < 1e-3


def test_bands_of_the_caller_are_the_last_word(monkeypatch):
    monkeypatch.setattr(Sine, "factor", 1.03)
    report = gp.check(lambda x: Sine.apply(x).sum(), drawn(64), correct_below=0.05, wrong_above=0.3)
    assert report.verdict == "correct"


@pytest.mark.parametrize("dtype", [BF16, F16])
def test_right_models_in_half_precision_stay_right(dtype):
    torch.manual_seed(0)
    layers = [nn.Linear(24, 32), nn.GELU(), nn.LayerNorm(32), nn.Linear(32, 4)]
    x, model = torch.randn(16, 24).to(dtype), nn.Sequential(*layers).to(dtype)
    report = gp.check_module(model, x, loss=lambda out: (out.float() ** 2).mean())
    assert not report.verdict.rejects, report
