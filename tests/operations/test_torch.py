"""Which call of a torch model is at fault: each way of writing one, right and wrong."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import gradproof as gp

_spec = importlib.util.spec_from_file_location(
    "operations_models", Path(__file__).with_name("models.py")
)
models = importlib.util.module_from_spec(_spec)
sys.modules["operations_models"] = models
_spec.loader.exec_module(models)

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's own, of what it is asked to do here

# Each model with what is to be named where its fault is planted: name, path and call.
FAULTY = {
    models.Plain: ("Swish", "", 2),
    models.WithSetup: ("Setup", "", 1),
    models.Vmapped: ("Setup", "", 1),
    models.OnceOnly: ("Once", "", 1),
    models.Operator: ("gradproof_tests::swish", "", 1),
    models.Checkpointed: ("Swish", "", 2),
    models.Reentrant: ("Swish", "", 2),
    models.TensorHook: ("scaled", "", 1),
    models.ModuleHook: ("scaled", "l.1", 1),
    models.Cut: ("Block", "b.1", 1),
    models.Repeated: ("Swish", "", 3),
    models.InPlace: ("Swish", "", 1),
    models.Containers: ("Swish", "", 1),
    models.RunAgain: ("Again", "", 1),
    models.InsideRunAgain: ("Swish", "m", 1),
    models.Compiled: ("compiled", "", 1),
    models.Mixed: ("Swish", "", 1),
}


def checked(kind, k, dtype=torch.float64, **more):
    torch.manual_seed(0)
    model, x = kind(k).to(dtype), torch.randn(5, 6, dtype=dtype)
    return gp.check_operations(model, x, loss=lambda o: (o**2).mean(), **more)


def rejected(report):
    return [(o.name, o.path, o.call) for o in report.operations if o.verdict.rejects]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("kind", FAULTY, ids=lambda kind: kind.__name__)
def test_a_right_model_has_no_call_at_fault(kind, dtype):
    report = checked(kind, 1.0, dtype)
    assert report.ok, report.text()
    assert {str(o.verdict) for o in report.operations} == {"correct"}
    assert report.inquiry <= 40


@pytest.mark.parametrize(
    ("factor", "dtype"), [(1.5, torch.float32), (1.5, torch.float64), (1 + 1e-4, torch.float64)]
)
@pytest.mark.parametrize("kind", FAULTY, ids=lambda kind: kind.__name__)
def test_exactly_the_planted_call_is_named(kind, factor, dtype):
    report = checked(kind, factor, dtype)
    # A compiled function is run as it is written where float32 is evaluated in float64.
    inside = kind is models.Compiled and dtype is torch.float32
    named = ("Setup", "", 1) if inside else FAULTY[kind]
    assert rejected(report) == [named], report.text(verbose=True)
    assert report.inquiry <= 40


def test_the_line_is_the_statement_that_made_the_wrong_gradient_or_the_def():
    lines = Path(models.__file__).read_text().split("\n")
    statement, hook = "return g * (s + x * s * (1 - s) * ctx.k), None", "def scaled(g):"
    for kind, text in {
        models.Plain: statement,
        models.OnceOnly: statement,
        models.Operator: statement,
        models.TensorHook: hook,
    }.items():
        report = checked(kind, 1.5)
        wrong = next(o for o in report.operations if o.verdict.rejects)
        assert (wrong.file, lines[wrong.line - 1].strip()) == (models.__file__, text)
        if text is statement:
            assert statement in report.text()


def test_a_hook_may_make_up_for_what_was_cut_off():
    class Fixed(models.Model):
        def forward(self, x):
            x = self.l[0](x)
            with torch.no_grad():
                z = torch.zeros_like(x)
                for _ in range(100):
                    z = self.cell(z, x)
            z = self.cell(z, x)
            held = z.detach().clone().requires_grad_()
            again = self.cell(held, x)

            def solve(g):
                u = g
                for _ in range(100):
                    u = torch.autograd.grad(again, held, u, retain_graph=True)[0] * self.k + g
                return u

            if z.requires_grad:
                z.register_hook(solve)
            return self.l[2](z)

        def cell(self, z, x):
            return torch.tanh(0.3 * self.l[1](z) + x)

    assert checked(Fixed, 1.0).ok
    assert rejected(checked(Fixed, 1.05)) == [("solve", "", 1)]


def test_a_tensor_that_leaves_a_module_as_an_attribute_is_no_fault_of_it():
    class Gate(nn.Module):
        def __init__(self):
            super().__init__()
            self.l, self.load = nn.Linear(6, 3), None

        def forward(self, x):
            p = torch.softmax(self.l(x), -1)
            self.load = (p.mean(0) ** 2).sum()
            return p

    class Mixture(models.Model):
        def __init__(self, k):
            super().__init__(k)
            self.gate = Gate()

        def forward(self, x):
            p = self.gate(models.Swish.apply(self.l[0](x), self.k))
            return (p[:, :1] * self.l[1](x)).mean() + 0.1 * self.gate.load

    assert checked(Mixture, 1.0).ok
    assert rejected(checked(Mixture, 1.01)) == [("Swish", "", 1)]


def test_check_module_names_the_operation_and_what_is_wrong_because_of_it():
    torch.manual_seed(0)
    model, x = models.Plain(1.5).double(), torch.randn(5, 6, dtype=torch.float64)
    report = gp.check_module(model, x, loss=lambda o: (o**2).mean())
    assert rejected(report) == [("Swish", "", 2)]
    assert report.findings[0].kind == "operation"
    assert "models.py" in report.findings[0].message
    handed = next(f for f in report.findings if f.kind == "handed-on")
    assert "because of it" in handed.message
    assert not any(f.block in {b.name for b in report.blocks} for f in report.findings)
    assert "unlimited" not in report.text()
    assert "→  Swish, call 2" in report.text()
    assert [o.inputs for o in report.operations if o.verdict.rejects] == [("x",)]


def test_a_backward_that_reads_memory_as_if_it_were_dense():
    class Raw(torch.autograd.Function):
        dense = False

        @staticmethod
        def forward(ctx, x):
            return x * 3.0

        @staticmethod
        def backward(ctx, g):
            g = g.contiguous() if Raw.dense else g
            return torch.as_strided(g, g.shape, (g.shape[1], 1)) * 3.0

    class Net(models.Model):
        def forward(self, x):
            return self.l[1](Raw.apply(self.l[0](x)))

    report = checked(Net, 1.0)
    assert rejected(report) == [("Raw", "", 1)]
    assert any(f.kind == "memory-layout" for f in report.findings)
    Raw.dense = True
    assert checked(Net, 1.0).ok


def test_grad_and_parameters_of_the_user_stay_as_they_are():
    torch.manual_seed(0)
    model, x = models.Reentrant(1.5).double(), torch.randn(5, 6, dtype=torch.float64)
    before = [p.detach().clone() for p in model.parameters()]
    gp.check_operations(model.forward, x.requires_grad_())
    gp.check_operations(model, x)
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(p, q) for p, q in zip(before, model.parameters(), strict=True))
    assert torch.nn.Module.__call__ is not None
    assert "apply" not in vars(torch.autograd.function._SingleLevelFunction)


def test_a_report_with_operations_comes_back_from_json_and_is_drawn_as_a_tree(tmp_path):
    report = checked(models.Cut, 2.0)
    report.save(tmp_path / "report.json")
    [loaded] = [gp.load(tmp_path / "report.json")]
    loaded = loaded[0] if isinstance(loaded, list) else loaded
    assert loaded.operations == report.operations
    report.save(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert page.count('<details class="module" open>') == 3  # the root, b and b.1
    assert page.count('<details class="module"') > 3


def test_wrong_use_is_told():
    with pytest.raises(gp.UsageError, match="must be a module or a function"):
        gp.check_operations(3)
    with pytest.raises(gp.UsageError, match="no such array"):
        gp.check_operations(lambda x: x, 1.0)


class _Weighed(torch.autograd.Function):
    """A product whose weight, or input, gets a gradient that is 1.01 times too large."""

    @staticmethod
    def forward(ctx, x, w, off):
        ctx.save_for_backward(x, w)
        ctx.off = off
        return x @ w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        of_x, of_w = g @ w.T, x.T @ g
        return of_x * (1.01 if ctx.off == "x" else 1), of_w * (1.01 if ctx.off == "w" else 1), None


@pytest.mark.parametrize(("off", "spoiled"), [("w", {"b"}), ("x", {"a"}), ("", set())])
@pytest.mark.parametrize("computed", [False, True], ids=["a leaf", "computed from one"])
def test_blocks_before_an_operation_are_wrong_only_if_its_input_is(off, spoiled, computed):
    generator = torch.Generator().manual_seed(0)
    shapes = {"a": (5, 4), "b": (4, 3)}
    point = {
        k: torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for k, shape in shapes.items()
    }
    x = torch.randn(6, 5, generator=generator, dtype=torch.float64)
    weight = torch.exp if computed else torch.nn.Identity()

    def fun(p):
        return torch.tanh(_Weighed.apply(torch.tanh(x @ p["a"]), weight(p["b"]), off)).sum()

    report = gp.check(fun, point)
    assert {b.name[-3] for b in report.blocks if b.verdict.rejects} == spoiled
