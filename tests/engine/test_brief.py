"""What is accepted at a glance: no more than the loop accepts, and with the same report."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import gradproof as gp
from gradproof.engine import brief, examine

torch = pytest.importorskip("torch")


def tensors(*shapes, seed=0, **kind):
    generator = torch.Generator().manual_seed(seed)
    kind = {"dtype": torch.float64, **kind}
    return tuple(torch.randn(s, generator=generator, **kind).requires_grad_() for s in shapes)


def at_length(monkeypatch, *args, **kwargs):
    with monkeypatch.context() as patch:
        patch.setattr(examine, "glance", lambda _: brief.Glance())
        return gp.check(*args, **kwargs)


def at_a_glance(monkeypatch, *args, **kwargs):
    """The report, and whether it came at a glance."""
    seen = []
    with monkeypatch.context() as patch:
        patch.setattr(examine, "glance", lambda asked: seen.append(brief.glance(asked)) or seen[-1])
        return gp.check(*args, **kwargs), seen[0].run is not None


RIGHT = {
    "matrices": (lambda p: p[0] @ p[1], tensors((3, 3), (3, 3))),
    "a scalar": (lambda p: (p[0].sin() * p[1]).sum(), tensors((4,), (4,))),
    "one block": (lambda p: p[0].tanh(), tensors((2, 5))),
    "one number": (lambda p: p[0].exp(), tensors(())),
    "complex": (lambda p: p[0] @ p[0].conj().T, tensors((3, 2), dtype=torch.complex128)),
    "two outputs": (lambda p: (p[0] ** 2, p[1].cos() * p[0].sum()), tensors((3,), (3,))),
    "not contiguous": (lambda p: p[0].T @ p[1], (tensors((2, 3))[0].T, *tensors((3, 2), seed=1))),
    "a container": (lambda p: p["a"]["b"].exp() * p["c"], {
        "a": {"b": tensors((3,))[0]}, "c": tensors((3,), seed=1)[0],
    }),
    "a steep one": (lambda p: (100 * p[0]).sin(), tensors((5,))),
    "one that ignores a block": (lambda p: p[0].exp() + 0 * p[1], tensors((4,), (4,))),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_glance_measures_what_the_loop_measures(name, monkeypatch):
    fun, point = RIGHT[name]
    quick, glanced = at_a_glance(monkeypatch, fun, point)
    assert glanced
    assert quick.ok
    slow = at_length(monkeypatch, fun, point)
    assert slow.ok
    for one, other in zip(quick.blocks, slow.blocks, strict=True):
        assert (one.name, one.shape, one.dtype) == (other.name, other.shape, other.dtype)
        assert one.verdict is gp.Verdict.CORRECT
        assert one.error <= one.resolution <= one.wrong_above
    assert quick.notes == slow.notes
    assert quick.left_alone == slow.left_alone
    assert str(quick).splitlines()[0] == str(slow).splitlines()[0]


class _Backward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, change):
        ctx.change = change
        return x * x

    @staticmethod
    def backward(ctx, g):
        return ctx.change(g), None


def doubled(change, p):
    x = p[0]
    return _Backward.apply(x, lambda g: change(g, 2 * g * x.detach()))


def drawing(p):
    np.random.rand()  # noqa: NPY002 - a global generator is the point
    return p[0] ** 2


def writing(p):
    result = p[0].clone() ** 2
    with torch.no_grad():
        p[0][0] += 1.0
    return result


class Drifting:
    """Another value at the last call."""

    def __init__(self, after):
        self.calls, self.after = 0, after

    def __call__(self, p):
        self.calls += 1
        return p[0] ** 2 * (1.0 if self.calls <= self.after else 1.0 + 1e-9)


OTHER = torch.ones(5, dtype=torch.float64, requires_grad=True)
STRANGE = {
    "a wrong factor": lambda p: doubled(lambda _, d: 1.001 * d, p),
    "an entry": lambda p: doubled(lambda _, d: torch.cat([d[:1] * 1.01, d[1:]]), p),
    "not linear": lambda p: doubled(lambda g, d: d * g.abs() / (1e-30 + g.abs().max()), p),
    "upstream ignored": lambda p: doubled(lambda g, d: d / (g + 1e-300), p),
    "its layout": lambda p: doubled(lambda g, d: d * 0 + g.as_strided(g.shape, (1,)) * d / g, p),
    "random": lambda p: p[0] ** 2 + 1e-9 * torch.randn(5, dtype=torch.float64),
    "draws": drawing,
    "writes": writing,
    "another tensor": lambda p: p[0] ** 2 * OTHER,
    "stops": lambda p: p[0] * gp.stop_gradient(p[0]),
    "a kink": lambda p: (p[0] - p[0].detach() * 0 - X).abs() + p[0] ** 2,
    "steps": lambda p: (p[0] * 1e7).round() / 1e7 + p[0],
    "float32 inside": lambda p: (p[0].float() ** 2).double(),
    "raises": lambda p: p[0].no_such_thing(),
}
(X,) = (x.detach() for x in tensors((5,)))


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_out_of_the_ordinary_is_looked_at_at_length(name, monkeypatch):
    fun = STRANGE[name]
    if name == "raises":
        with pytest.raises(AttributeError, match="no_such_thing") as raised:
            gp.check(fun, tensors((5,)))
        assert any("called at the point" in note for note in raised.value.__notes__)
        return
    torch.manual_seed(0)
    quick, glanced = at_a_glance(monkeypatch, fun, tensors((5,)))
    assert not glanced
    torch.manual_seed(0)
    slow = at_length(monkeypatch, fun, tensors((5,)))
    assert quick.verdict is slow.verdict
    assert [f.kind for f in quick.findings] == [f.kind for f in slow.findings]
    assert quick.evaluations > slow.evaluations  # all of them count


@pytest.mark.parametrize("after", [1, 2, 3, 7])
def test_a_state_that_shows_at_any_call_is_seen(after):
    report = gp.check(Drifting(after), tensors((5,)))
    kinds = {finding.kind.value for finding in report.findings}
    assert kinds & {"stateful", "nondeterministic"} or not report.ok


@pytest.mark.slow
def test_two_entries_that_are_exchanged_are_seen():
    """They move alike, and hide, in one of 150 directions."""

    def fun(p):
        return doubled(lambda _, d: d[[1, 0, 2, 3, 4]], p)

    assert sum(gp.check(fun, tensors((5,)), seed=seed).ok for seed in range(60)) <= 1


def test_errors_above_the_resolution_pass_in_one_of_a_hundred(monkeypatch):
    """Faults in random patterns, just above what a pass says that it would have noticed."""
    passed, tries = 0, 100
    rng = np.random.default_rng(0)
    for seed in range(tries):
        (x,) = tensors((6,), seed=seed)
        right, glanced = at_a_glance(monkeypatch, lambda p: p[0].sin(), (x,), seed=seed)
        if not glanced:
            continue
        pattern = torch.from_numpy(rng.choice([-1.0, 0.0, 1.0], size=6) + 1e-3)
        weights = pattern / pattern.norm()
        resolution = right.resolution

        def fun(p, x=x, weights=weights, resolution=resolution):
            def backward(g):
                d = g * x.detach().cos()
                return d + 1.05 * resolution * d.norm() * weights * (g @ g) / (g @ g)

            return _Shown.apply(p[0], backward)

        found = gp.check(fun, (x,), seed=seed)
        shown = max(block.error + block.bar for block in found.blocks)
        passed += found.ok and shown < 1e-9
    assert passed <= tries // 100


class _Shown(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, backward):
        ctx.back = backward
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        return ctx.back(g), None


def test_the_report_is_written_when_it_is_read(monkeypatch):
    written = []
    compose = examine.compose
    monkeypatch.setattr(examine, "compose", lambda *a: written.append(a) or compose(*a))

    def made():
        return gp.check(lambda p: p[0] @ p[1], tensors((3, 3), (3, 3)), name="a product")

    report = made()
    assert report.ok
    assert report.verdict is gp.Verdict.CORRECT
    assert report.evaluations == 7
    report.raise_if_wrong()
    assert not written
    assert report.name == "a product"
    assert len(written) == 1
    assert report.resolution < 1e-6
    assert len(written) == 1
    assert made() == report
    assert hash(made()) == hash(report)
    assert pickle.loads(pickle.dumps(made())).blocks == report.blocks
    assert copy.deepcopy(made()).distance == report.distance
    assert dataclasses.replace(made(), name="b").name == "b"
    with pytest.raises(AttributeError, match="has no 'colour'"):
        made().colour  # noqa: B018


def test_a_report_that_nobody_has_read_does_not_follow_the_point():
    point = tensors((3, 3), (3, 3))
    report = gp.check(lambda p: p[0] @ p[1], point)
    with torch.no_grad():
        point[0].zero_()
    known = gp.check(lambda p: p[0] @ p[1], tensors((3, 3), (3, 3)))
    assert report.blocks == known.blocks
