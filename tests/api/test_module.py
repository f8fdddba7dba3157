"""Modules: every parameter is a block, and the module is as before."""

import copy

import pytest
import torch
from torch import nn
from torch.autograd import Function

import gradproof as gp
from gradproof.errors import UsageError

# Small tensors: on a busy machine threads would only wait for each other.
torch.set_num_threads(1)

F64, F32, BF16 = torch.float64, torch.float32, torch.bfloat16


def drawn(*shape, dtype=F32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=F64).to(dtype)


class Pass(Function):
    """The identity, whose backward multiplies."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return g * ctx.factor, None


class Fault(nn.Module):
    """A layer that does nothing but spoil what comes back through it."""

    def __init__(self, factor=1.01):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return Pass.apply(x, self.factor)


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        yield


def picture(module):
    """All that a check must not change."""
    return {
        "state": {name: value.clone() for name, value in module.state_dict().items()},
        "grad": [p.grad for p in module.parameters()],
        "needs": [p.requires_grad for p in module.parameters()],
        "same": [id(p) for p in module.parameters()],
        "versions": [p._version for p in module.parameters()],
        "buffers": [id(b) for b in module.buffers()],
        "modes": [m.training for m in module.modules()],
        "generator": torch.get_rng_state(),
    }


def untouched(module, before):
    now = picture(module)
    assert all(torch.equal(now["state"][n], value) for n, value in before.pop("state").items())
    assert torch.equal(now["generator"], before.pop("generator"))
    assert {key: now[key] for key in before} == before


def check(module, *inputs, **more):
    """The report, and a look at whether the module is as before."""
    before = picture(module)
    report = gp.check_module(module, *inputs, **more)
    untouched(module, before)
    return report


def verdicts(report):
    return {b.name.removeprefix("params['").removesuffix("']"): b.verdict for b in report.blocks}


def wrong(report):
    return [name for name, verdict in verdicts(report).items() if verdict != "correct"]


def kinds(report):
    """What is said of a fault, besides the operation that it is in and those before it."""
    told = ("operation", "handed-on")
    return [finding.kind for finding in report.findings if finding.kind not in told]


class Then(nn.Module):
    """A module, a fault or none, and a layer that takes the last axis of what comes out."""

    def __init__(self, first, width, factor):
        super().__init__()
        self.first, self.fault, self.last = first, Fault(factor), nn.Linear(width, 2)

    def forward(self, *inputs, **kwargs):
        found = self.first(*inputs, **kwargs)
        found = found[0] if isinstance(found, tuple) else found
        return self.last(self.fault(found).tanh())


SEQUENCE = drawn(2, 5, 4)
IMAGES = drawn(2, 3, 6, 6)
TOKENS = torch.tensor([[0, 1], [1, 4]])
LAYERS = {
    "Linear": (lambda: nn.Linear(4, 3), 3, (drawn(6, 4),)),
    "Bilinear": (lambda: nn.Bilinear(4, 4, 3), 3, (drawn(6, 4), drawn(6, 4, seed=1))),
    "Conv": (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(2)), 16, (IMAGES,)),
    "ConvTranspose": (lambda: nn.ConvTranspose2d(3, 2, 3, stride=2), 13, (IMAGES,)),
    "LSTM": (lambda: nn.LSTM(4, 3, batch_first=True), 3, (SEQUENCE,)),
    "GRU": (lambda: nn.GRU(4, 3, bidirectional=True, batch_first=True), 6, (SEQUENCE,)),
    "Attention": (lambda: nn.MultiheadAttention(4, 2, batch_first=True), 4, (SEQUENCE,) * 3),
    "Encoder": (
        lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True), 4, (SEQUENCE,),
    ),
    "Embedding": (lambda: nn.Embedding(5, 3), 3, (TOKENS,)),
    "sparse Embedding": (lambda: nn.Embedding(5, 3, sparse=True), 3, (TOKENS,)),
    "EmbeddingBag": (lambda: nn.EmbeddingBag(5, 3), 3, (TOKENS,)),
    "LayerNorm": (lambda: nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 3)), 3, (SEQUENCE,)),
    "GroupNorm": (lambda: nn.Sequential(nn.GroupNorm(3, 3), nn.PReLU(3)), 6, (IMAGES,)),
    "weight_norm": (
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), 3, (drawn(6, 4),),
    ),
    "orthogonal": (
        lambda: nn.utils.parametrizations.orthogonal(nn.Linear(4, 4)), 4, (drawn(6, 4),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize(("made", "width", "inputs"), LAYERS.values(), ids=LAYERS)
def test_a_layer_is_right_and_wrong_before_a_fault(made, width, inputs, dtype):
    inputs = [x.to(dtype) if x.is_floating_point() else x for x in inputs]
    module = Then(made(), width, 1.0).to(dtype)
    report = check(module, *inputs)
    assert report.ok, report.text()
    assert list(verdicts(report)) == [name for name, _ in module.named_parameters()]
    module.fault.factor = 1.01
    report = check(module, *inputs)
    assert report.verdict == "wrong", report.text()
    after = {"last.weight", "last.bias"}
    assert set(wrong(report)) <= set(verdicts(report)) - after
    assert {"scale"} <= set(kinds(report))


def test_a_fault_in_one_layer_names_the_blocks_before_it_and_no_other():
    module = nn.Sequential(nn.Linear(4, 5), Fault(), nn.Tanh(), nn.Linear(5, 3))
    report = check(module, drawn(6, 4))
    assert wrong(report) == ["0.weight", "0.bias"]
    assert [o.where for o in report.operations if o.verdict == "wrong"] == ["Pass in 1"]
    assert {f.block for f in report.findings} == {"Pass.inputs['x']", None}
    assert kinds(report) == ["scale"]
    assert report.findings[0].factor == pytest.approx(1.01, abs=1e-5)
    with pytest.raises(gp.GradientError, match=r"0\.weight"):
        report.raise_if_wrong()


def test_a_factor_of_three_is_wrong_in_bfloat16_too():
    def made(factor):
        torch.manual_seed(1)
        layers = nn.Linear(4, 5), nn.Tanh(), Fault(factor), nn.Linear(5, 3)
        return nn.Sequential(*layers).to(BF16)

    right = check(made(1.0), drawn(6, 4, dtype=BF16))
    assert right.ok
    assert any("bfloat16 parameters" in note for note in right.notes)
    report = check(made(3.0), drawn(6, 4, dtype=BF16))
    assert wrong(report) == ["0.weight", "0.bias"]


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_batch_normalisation_keeps_its_statistics(mode, momentum):
    norm = nn.BatchNorm1d(5, momentum=momentum)
    module = nn.Sequential(nn.Linear(4, 5), norm, Fault(1.0), nn.Tanh(), nn.Linear(5, 2))
    module(drawn(6, 4, seed=2))
    module.train(mode)
    x = drawn(6, 4)
    assert check(module, x).ok
    assert int(norm.num_batches_tracked) == 1
    module[2].factor = 1.01
    assert set(wrong(check(module, x))) <= {"0.weight", "0.bias", "1.weight", "1.bias"}
    assert "1.weight" in wrong(check(module, x))


def test_dropout_is_reseeded_and_told_in_training_and_absent_in_evaluation():
    module = nn.Sequential(nn.Linear(4, 5), Fault(1.0), nn.Dropout(), nn.Linear(5, 2))
    report = check(module, drawn(6, 4))
    assert report.ok
    assert kinds(report) == ["nondeterministic"]
    module[1].factor = 1.01
    assert wrong(check(module, drawn(6, 4))) == ["0.weight", "0.bias"]
    module[1].factor = 1.0
    assert not check(module.eval(), drawn(6, 4)).findings


def test_the_loss_is_what_is_checked_where_there_is_one():
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    entropy = lambda out: nn.functional.cross_entropy(out, labels)
    assert check(module, drawn(6, 4), loss=entropy).ok
    faulty = lambda out: nn.functional.cross_entropy(Pass.apply(out, 1.01), labels)
    report = check(module, drawn(6, 4), loss=faulty)
    assert wrong(report) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_keyword_arguments_and_names_are_passed_on():
    class Scaled(nn.Linear):
        def forward(self, x, *, scale, fault=None):
            found = super().forward(x) * scale
            return found if fault is None else Pass.apply(found, fault)

    module = Scaled(4, 3)
    assert check(module, drawn(6, 4), kwargs={"scale": 2.0}).name == "Scaled"
    assert check(module, drawn(6, 4), kwargs={"scale": drawn(3)}, name="mine").name == "mine"
    kwargs = {"scale": 2.0, "fault": 1.01}
    assert check(module, drawn(6, 4), kwargs=kwargs, seed=3).verdict == "wrong"
    x, mask = drawn(2, 5, 4), torch.zeros(2, 5, dtype=torch.bool)
    mask[0, 3:] = True
    attention = nn.MultiheadAttention(4, 2, batch_first=True)
    assert check(attention, x, x, x, kwargs={"key_padding_mask": mask}).ok


def test_a_submodule_with_two_names_keeps_its_parameters():
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh()).double()
    module.append(module[0])
    before = dict(module.named_parameters())
    assert gp.check_module(module, torch.randn(2, 3).double()).ok
    after = dict(module.named_parameters())
    assert list(before) == list(after)
    assert all(before[name] is after[name] for name in before)


def test_a_shared_parameter_is_one_block_under_its_first_name():
    class Tied(nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.embed, self.fault = nn.Embedding(5, 3), Fault(factor)
            self.out = nn.Linear(3, 5, bias=False)
            self.out.weight = self.embed.weight

        def forward(self, tokens):
            return self.out(self.fault(self.embed(tokens)).tanh())

    report = check(Tied(1.0), TOKENS)
    assert report.ok
    assert [b.name for b in report.blocks] == ["params['embed.weight']"]
    assert "params['embed.weight'] is shared with out.weight: one parameter." in report.notes
    assert check(Tied(1.01), TOKENS).verdict == "wrong"


def test_frozen_parameters_are_left_alone_and_named():
    module = nn.Sequential(nn.Linear(4, 5), Fault(), nn.Tanh(), nn.Linear(5, 2))
    module[0].weight.requires_grad_(False)
    report = check(module, drawn(6, 4))
    assert list(verdicts(report)) == ["0.bias", "3.weight", "3.bias"]
    assert wrong(report) == ["0.bias"]
    assert dict(report.left_alone) == {"params['0.weight']": "is frozen (requires no grad)"}
    module.requires_grad_(False)
    with pytest.raises(UsageError, match="frozen"):
        gp.check_module(module, drawn(6, 4))


def test_an_unused_parameter_is_named_and_a_detached_one_is_wrong():
    class Loose(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused, self.cut = (nn.Linear(4, 2) for _ in range(3))

        def forward(self, x):
            return self.used(x) * self.cut(x).detach()

    report = check(Loose(), drawn(6, 4))
    assert wrong(report) == ["cut.weight", "cut.bias"]
    named = [f.block for f in report.findings if f.kind == "missing-block"]
    assert set(named) == {
        f"params['{m}.{p}']" for m in ("unused", "cut") for p in ("weight", "bias")
    }


def test_tensors_that_are_plain_attributes_stay_what_they_are():
    class Plain(nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.weight, self.factor = nn.Parameter(torch.ones(4)), factor
            self.table = {"c": torch.arange(4.0) + 0.1}

        def forward(self, x):
            return Pass.apply(x * self.weight * self.table["c"], self.factor).tanh()

    for dtype in (F32, BF16):
        module = Plain(1.0).to(dtype)
        before = module.table["c"].clone()
        assert check(module, drawn(6, 4, dtype=dtype)).ok
        assert module.table["c"].dtype is F32
        assert torch.equal(module.table["c"], before)
        assert check(Plain(3.0).to(dtype), drawn(6, 4, dtype=dtype)).verdict == "wrong"


@pytest.mark.parametrize("in_place", [True, False])
def test_a_state_in_buffers_starts_anew_at_every_call(in_place):
    class Running(nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.weight, self.fault = nn.Parameter(torch.ones(4)), Fault(factor)
            self.register_buffer("mean", torch.ones(4))

        def forward(self, x):
            fresh = x.detach().mean(0)
            if in_place:
                self.mean.mul_(0.5).add_(fresh)
            else:
                self.mean = self.mean * 0.5 + fresh
            return self.fault(x * self.weight * self.mean).tanh()

    report = check(Running(1.0), drawn(6, 4))
    assert report.ok
    assert not report.findings
    assert check(Running(1.01), drawn(6, 4)).verdict == "wrong"


class Counter(nn.Module):
    def __init__(self, share):
        super().__init__()
        self.weight, self.calls, self.share = nn.Parameter(torch.ones(4)), 0, share

    def forward(self, x):
        self.calls += 1
        return (x * self.weight).tanh() * (1 + self.share * self.calls)


def test_a_state_outside_buffers_is_told_if_it_matters():
    assert check(Counter(0.0), drawn(6, 4)).ok
    report = check(Counter(0.1), drawn(6, 4))
    assert report.verdict == "undecided"
    assert "nondeterministic" in kinds(report)


def test_hooks_of_modules_are_part_of_the_module():
    def hooked(factor):
        module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))
        module[1].register_full_backward_hook(lambda mod, above, _: (above[0] * factor,))
        module[1].register_forward_hook(lambda mod, given, out: out * 2)
        return module

    assert check(hooked(1.0), drawn(6, 4)).ok
    assert wrong(check(hooked(1.5), drawn(6, 4))) == ["0.weight", "0.bias"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_old_weight_norm_works_as_well():
    module = nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 3)), Fault(1.0))
    report = check(module, drawn(6, 4))
    assert report.ok
    assert list(verdicts(report)) == ["0.bias", "0.weight_g", "0.weight_v"]
    module[1].factor = 1.01
    assert check(module, drawn(6, 4)).verdict == "wrong"


def test_parameters_in_lists_and_dictionaries_have_their_names():
    class Listed(nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.fault = Fault(factor)
            self.p = nn.ParameterList([nn.Parameter(torch.ones(4)) for _ in range(2)])
            self.d = nn.ParameterDict({"a": nn.Parameter(torch.ones(()))})

        def forward(self, x):
            return self.fault(x * self.p[0]).tanh() * self.p[1] * self.d["a"]

    assert list(verdicts(check(Listed(1.0), drawn(6, 4)))) == ["p.0", "p.1", "d.a"]
    assert wrong(check(Listed(1.01), drawn(6, 4))) == ["p.0"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_module_is_checked_as_compiled():
    class Cuts(nn.Linear):
        def forward(self, x):
            return super().forward(x) * self.bias.detach()

    assert check(torch.compile(nn.Linear(4, 3), backend="eager"), drawn(6, 4)).ok
    report = check(torch.compile(Cuts(4, 3), backend="eager"), drawn(6, 4))
    assert [name.rpartition(".")[2] for name in wrong(report)] == ["bias"]


def test_inputs_that_require_grad_are_told_and_left_alone():
    x = drawn(6, 4).requires_grad_()
    report = check(nn.Linear(4, 3), x)
    assert report.ok
    assert any("shape (6, 4)" in note for note in report.notes)
    assert x.grad is None


def test_inputs_that_a_module_changes_are_told_and_as_before():
    class Writes(nn.Linear):
        def forward(self, x):
            x.add_(1)
            return super().forward(x)

    x = drawn(6, 4)
    before = x.clone()
    report = check(Writes(4, 3), x)
    assert report.ok
    assert "mutation" in kinds(report)
    assert torch.equal(x, before)


def test_gradients_that_are_there_stay():
    module = nn.Linear(4, 3)
    module(drawn(6, 4)).sum().backward()
    kept = copy.deepcopy([p.grad for p in module.parameters()])
    gp.check_module(module, drawn(6, 4))
    assert all(torch.equal(p.grad, g) for p, g in zip(module.parameters(), kept, strict=True))


class Boom(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 5, 9])
def test_an_exception_surfaces_as_itself_and_the_module_is_as_before(after):
    class Fails(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.norm, self.calls = nn.Linear(4, 3), nn.BatchNorm1d(3), 0

        def forward(self, x):
            self.calls += 1
            found = self.norm(self.inner(x)).tanh()
            if self.calls > after:
                raise Boom(after)
            return found

    module = Fails()
    before = picture(module)
    with pytest.raises(Boom) as caught:
        gp.check_module(module, drawn(6, 4))
    assert caught.value.args == (after,)
    assert caught.value.__notes__[0].startswith("gradproof: raised by")
    untouched(module, before)
    assert torch.get_default_dtype() is F32
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("given", [3, None, nn.functional.relu, torch.ones(2), "Linear"])
def test_what_is_no_module_is_refused(given):
    with pytest.raises(UsageError, match=r"must be a torch\.nn\.Module"):
        gp.check_module(given, drawn(6, 4))


def test_a_module_without_parameters_is_refused():
    with pytest.raises(UsageError, match=r"ReLU.*no parameters"):
        gp.check_module(nn.ReLU(), drawn(6, 4))


def test_keyword_arguments_that_are_no_mapping_are_refused():
    with pytest.raises(UsageError, match="kwargs must be a mapping"):
        gp.check_module(nn.Linear(4, 3), drawn(6, 4), kwargs=3)


def test_parameters_without_numbers_are_refused_by_name():
    with pytest.raises(UsageError, match=r"params\['weight'\] is a meta tensor"):
        gp.check_module(nn.Linear(4, 3, device="meta"), drawn(6, 4))


def test_torchs_own_errors_surface():
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        gp.check_module(nn.Linear(4, 3))
    with pytest.raises(RuntimeError, match="same dtype"):
        gp.check_module(nn.Linear(4, 3).double(), drawn(6, 4))


def test_the_same_seed_gives_the_same_report():
    module = nn.Sequential(nn.Linear(4, 5), nn.Dropout(), nn.Linear(5, 2))
    facts = [check(module, drawn(6, 4), seed=s).to_dict() for s in (3, 3, 4)]
    for fact in facts:
        fact.pop("seconds")
    assert facts[0] == facts[1] != facts[2]
