"""Which rule in a JAX function is at fault: each way of writing one, right and wrong."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import gradproof as gp

jax = pytest.importorskip("jax")
jnp = jax.numpy

_spec = importlib.util.spec_from_file_location(
    "jax_models", Path(__file__).with_name("jax_models.py")
)
models = importlib.util.module_from_spec(_spec)
sys.modules["jax_models"] = models
_spec.loader.exec_module(models)

DTYPES = ["float64", pytest.param("float32", marks=pytest.mark.slow)]
X = np.linspace(-1.0, 1.0, 4)


@pytest.fixture(params=DTYPES)
def dtype(request):
    """x64 is on for float64 only, as people have it."""
    with jax.enable_x64(request.param == "float64"):
        yield request.param


@pytest.fixture
def double():
    with jax.enable_x64(True):
        yield


def checked(function, dtype="float64", **more):
    return gp.check_operations(
        function, models.weights(4, dtype=dtype), models.inputs(dtype), **more
    )


def rejected(report):
    return [(o.name, o.path, o.call) for o in report.operations if o.verdict.rejects]


@pytest.mark.parametrize("kind", models.FAULTY, ids=lambda kind: kind.__name__)
def test_a_right_function_has_no_call_at_fault(kind, dtype):
    report = checked(kind(1.0), dtype)
    assert report.ok, report.text()
    assert {str(o.verdict) for o in report.operations} == {"correct"}
    assert len(report.operations) > 1
    assert report.inquiry <= 40


@pytest.mark.parametrize("kind", models.FAULTY, ids=lambda kind: kind.__name__)
def test_exactly_the_planted_rule_is_named(kind, dtype):
    report = checked(kind(1.5), dtype)
    assert rejected(report) == [models.FAULTY[kind]], report.text(verbose=True)
    assert report.inquiry <= 40
    [operation] = [o for o in report.operations if o.verdict.rejects]
    if kind is not models.gradient_by_hand:  # whose wrapper is JAX's
        assert Path(operation.file).name == "jax_models.py"


@pytest.mark.parametrize("k", [0, 2, 4, 6])
def test_one_wrong_layer_of_eight_however_small_the_fault_is(double, k):
    ws, x = models.weights(8), models.inputs()
    layers = [models.swish_with(1.0)] * 8

    def model(layers):
        def run(ws, x):
            for swish, w in zip(layers, ws, strict=True):
                x = jax.vmap(lambda w, row, swish=swish: row + swish(row @ w), (None, 0))(w, x)
            return jnp.mean(jax.nn.softmax(x) ** 2)

        return run

    layers[5] = models.swish_with(1 + 10.0**-k)
    assert rejected(gp.check_operations(model(layers), ws, x)) == [("swish", "<lambda>", 6)]
    layers[5] = models.swish_with(1.0)
    assert gp.check_operations(model(layers), ws, x).ok


def at_fault(report):
    return [o for o in report.operations if o.verdict.rejects]


def messages(report, kind):
    return [f.message for f in report.findings if f.kind == kind]


def of_rules(fwd, bwd):
    """A model of two rules, one with a fwd and a bwd that may be wrong."""

    @jax.custom_vjp
    def sine(x):
        return jnp.sin(x)

    def sine_fwd(x):
        return fwd(jnp.sin(x)), x

    def sine_bwd(x, g):
        return (bwd(g, jnp.cos(x)),)

    sine.defvjp(sine_fwd, sine_bwd)
    swish = models.swish_with(1.0)
    return lambda ws, x: jnp.mean(swish(sine(x @ ws[0]) @ ws[1]) ** 2)


def times(value, cos):
    return value * cos


@pytest.mark.parametrize(("factor", "verdict"), [(1.01, "wrong"), (1 + 1e-6, "suspect")])
def test_a_fwd_that_returns_another_value_is_a_fault_of_its_own(double, factor, verdict):
    assert checked(of_rules(lambda y: y, times)).ok
    report = checked(of_rules(lambda y: y * factor, times))
    [operation] = at_fault(report)  # and not the one after it, which gets that value
    assert (operation.name, str(operation.verdict)) == ("sine", verdict)
    assert operation.error == pytest.approx(factor - 1, rel=1e-6)
    [message] = messages(report, "operation")
    assert "sine_fwd" in message
    assert "another value" in message


def test_both_faults_of_one_rule_are_told(double):
    report = checked(of_rules(lambda y: y * 1.01, lambda g, cos: g * cos * 1.5))
    [operation] = at_fault(report)
    assert operation.inputs == ("x",)
    one, other = messages(report, "operation")
    assert "sine_fwd" in one
    assert "sine_bwd" in other


def test_a_value_that_is_computed_in_another_way_is_no_fault(double):
    assert checked(of_rules(lambda y: (y / 3 + 1 - 1) * 3, times)).ok


def test_a_jvp_rule_that_returns_another_value(double):
    def model(factor):
        @jax.custom_jvp
        def sine(x):
            return jnp.sin(x)

        @sine.defjvp
        def sine_jvp(primals, tangents):
            return factor * jnp.sin(primals[0]), tangents[0] * jnp.cos(primals[0])

        return lambda ws, x: jnp.mean(sine(x @ ws[0]) ** 2)

    assert checked(model(1.0)).ok
    report = checked(model(1.01))
    assert rejected(report) == [("sine", "", 1)]
    assert "sine_jvp" in messages(report, "operation")[0]


@pytest.mark.parametrize(
    "bwd", [lambda g, cos: g * 0 + cos, lambda g, cos: g * jnp.abs(g) * cos, times]
)
def test_a_bwd_that_is_not_linear_in_the_gradient_from_above(double, bwd):
    right = bwd is times

    @jax.custom_vjp
    def total(x):
        return jnp.sin(x).sum()

    total.defvjp(lambda x: (total(x), x), lambda x, g: (bwd(g, jnp.cos(x)),))
    report = checked(lambda ws, x: total(x @ ws[0]))  # where that gradient is 1
    assert rejected(report) == ([] if right else [("total", "", 1)])
    assert len(messages(report, "not-linear")) == (not right)
    by_check = gp.check(lambda ws: total(models.inputs() @ ws[0]), models.weights(1))
    assert rejected(by_check) == ([] if right else [("total", "", 1)])


def test_a_nonlinear_bwd_in_a_scan_is_not_blamed_on_what_comes_before(double):
    right = models.swish_with(1.0)

    @jax.custom_vjp
    def clipped(x):
        return x

    clipped.defvjp(lambda x: (x, None), lambda _, g: (jnp.sign(g) * jnp.abs(g) ** 2 / 0.1,))

    def model(ws, x):
        x = jax.lax.scan(lambda y, _: (right(y @ ws[0]), None), x, length=3)[0]
        return jnp.mean(right(clipped(x)) ** 2)

    assert rejected(checked(model)) == [("clipped", "", 1)]


def test_a_cut_is_told_unless_it_is_meant(double):
    swish = models.swish_with(1.0)

    def cut(stop):
        return lambda ws, x: jnp.mean(swish(stop(swish(x @ ws[0])) @ ws[1]) ** 2)

    report = checked(cut(jax.lax.stop_gradient))
    assert rejected(report) == [("stop_gradient", "", 1)]
    assert "gp.stop_gradient" in messages(report, "cut")[0]
    assert checked(cut(gp.stop_gradient)).ok


def test_straight_through_is_right_where_it_is_meant(double):
    def rounded(stop):
        return lambda ws, x: jnp.mean((x @ ws[0] + stop(jnp.round(x @ ws[0]) - x @ ws[0])) ** 2)

    assert rejected(checked(rounded(jax.lax.stop_gradient))) == [("stop_gradient", "", 1)]
    assert checked(rounded(gp.stop_gradient)).ok


def until(k):
    sine = models.sine_with(k)

    @jax.jit
    def model(ws, x):
        def step(state):
            return state[0] + 1, sine(state[1] @ ws[0])

        return jnp.mean(jax.lax.while_loop(lambda s: s[0] < 3, step, (0, x))[1] ** 2)

    return model


def test_a_while_loop_has_forward_mode_only(double):
    report = checked(until(1.0))
    assert report.ok
    assert report.modes == ("forward",)
    assert [o.name for o in report.operations] == ["sine"]
    report = checked(until(1.5))
    assert rejected(report) == [("sine", "step", 1)]
    assert "sine_jvp" in messages(report, "operation")[0]
    assert report.inquiry <= 40
    report = gp.check(lambda ws: until(1.5)(ws, models.inputs()), models.weights(1))
    assert rejected(report) == [("sine", "model.step", 1)]


def test_forward_mode_through_scans_branches_and_vmap(double):
    for k in (1.0, 1.5):
        sine = models.sine_with(k)

        @jax.jit
        def model(ws, x, sine=sine):
            def step(y, w):
                y = jax.lax.cond(y[0, 0] < 100.0, lambda y: jax.vmap(sine)(y @ w), lambda y: y, y)
                return y, None

            def body(state):
                return state[0] + 1, jax.lax.scan(step, state[1], jnp.stack(ws))[0]

            return jnp.mean(jax.lax.while_loop(lambda s: s[0] < 2, body, (0, x))[1] ** 2)

        found = [name for name, _, _ in rejected(checked(model))]
        assert found == ([] if k == 1 else ["sine"])


def test_a_while_loop_that_carries_nothing_that_moves_stays_as_it_is(double):
    for k in (1.0, 1.5):
        swish = models.swish_with(k)

        def model(ws, x, swish=swish):
            count = jax.lax.while_loop(lambda c: c < 3, lambda c: c + 1, 0)
            return jnp.mean(swish(x @ ws[0]) * count)

        assert rejected(checked(model)) == ([] if k == 1 else [("swish", "", 1)])


def test_what_cannot_be_looked_into_is_told(double):
    mesh = jax.sharding.Mesh(jax.devices()[:1], ("a",))
    spec = jax.sharding.PartitionSpec("a")
    for k in (1.0, 1.5):
        swish = models.swish_with(k)

        def model(ws, x, swish=swish):
            spread = jax.shard_map(swish, mesh=mesh, in_specs=spec, out_specs=spec)
            return jnp.mean(spread(x @ ws[0]) ** 2)

        report = checked(model)
        assert rejected(report) == ([] if k == 1 else [("model", "", 1)])
    assert "inside of shard_map" in messages(report, "operation")[0]


def test_every_call_of_a_wrong_rule_is_named_by_its_number(double):
    assert checked(models.checkpointed(1.0)).ok
    report = checked(models.checkpointed(1.5))
    assert rejected(report) == [("swish", "block.layer", k) for k in (1, 2, 3, 4)]


def test_the_line_is_the_statement_that_made_the_wrong_gradient_or_the_def(double):
    lines = Path(models.__file__).read_text().split("\n")
    for kind, text in {
        models.chain: "return (g * (s + x * s * (1 - s) * k),)",
        models.scanned: "return (g * (s + x * s * (1 - s) * k),)",
        models.mapped: "def swish_bwd(x, g):",  # it gets batches, not arrays
        models.jvp_rule: "@sine.defjvp",
        models.transposed_primitive: "def times_transpose(ct, s, t):",
        models.solver: "def transposed(_, b):",
    }.items():
        [operation] = at_fault(checked(kind(1.5)))
        assert lines[operation.line - 1].strip() == text


def test_forward_and_reverse_rules_are_told_apart(double):
    for kind, words in {
        models.chain: "the bwd rule of swish",
        models.jvp_rule: "the jvp rule of sine, from which both modes come",
        models.primitive: "the jvp rule of the primitive cube, from which both modes come",
        models.transposed_primitive: "times_transpose",
        models.transposed_call: "by which the derivative of linear_call is transposed",
    }.items():
        assert words in messages(checked(kind(1.5)), "operation")[0]


def test_the_argument_is_named_whose_gradient_is_wrong(double):
    for kind, inputs in {
        models.trees: ("params['b']",),
        models.integers: ("table",),
        models.several_jvps: ("y",),
        models.static_arguments: ("x",),
    }.items():
        [operation] = at_fault(checked(kind(1.5)))
        assert operation.inputs == inputs


def test_check_names_the_rule_and_what_is_wrong_because_of_it(double):
    x = models.inputs()
    assert gp.check(lambda ws: models.chain(1.0)(ws, x), models.weights(4)).ok
    report = gp.check(lambda ws: models.chain(1.5)(ws, x), models.weights(4))
    assert rejected(report) == [("swish", "model.layer", 3)]
    assert report.findings[0].kind == "operation"
    assert "swish_bwd" in report.findings[0].message
    handed = next(f for f in report.findings if f.kind == "handed-on")
    assert handed.message.startswith("params[0], params[1], params[2] come before")
    assert not any(f.block in {b.name for b in report.blocks} for f in report.findings)


def test_outputs_of_any_kind(double):
    for k in (1.0, 1.5):
        swish = models.swish_with(k)

        def model(ws, x, swish=swish):
            return {"y": swish(x @ ws[0]), "count": jnp.arange(3), "name": "model"}

        assert rejected(checked(model)) == ([] if k == 1 else [("swish", "", 1)])


def test_a_loss_and_keyword_arguments(double):
    for k in (1.0, 1.5):
        swish = models.swish_with(k)

        def model(ws, x, *, scale, swish=swish):
            return scale * swish(x @ ws[0])

        report = checked(model, loss=lambda y: (y**2).mean(), kwargs={"scale": 2.0})
        assert rejected(report) == ([] if k == 1 else [("swish", "", 1)])


def test_no_rule_of_the_users_at_all(double):
    report = checked(lambda ws, x: jnp.sum(jnp.tanh(x @ ws[0])))
    assert report.ok
    assert len(report.operations) == 1


def test_a_function_that_cannot_be_traced_is_refused_as_jax_refuses_it(double):
    swish = models.swish_with(1.5)

    def model(ws, x):
        return jnp.sum(swish(x @ ws[0])) if ws[0].sum() > -100 else x.sum()

    with pytest.raises(jax.errors.TracerBoolConversionError):
        checked(model)
    report = gp.check(lambda ws: model(ws, models.inputs()), models.weights(1))
    assert report.verdict.rejects  # with the blocks, and why there are no operations
    assert any("could not be looked at" in note for note in report.notes)
    assert not report.operations


def test_what_the_library_holds_is_given_back(double):
    ws, x = models.weights(4), models.inputs()
    before = [w.copy() for w in ws]
    assert not gp.check_operations(models.chain(1.5), ws, x)
    assert all(bool((w == b).all()) for w, b in zip(ws, before, strict=True))


def test_a_layer_that_starts_at_zero_is_looked_at_too(double):
    for k in (1.0, 1.5):
        slope = models.times_with(k)
        report = gp.check_operations(
            lambda w, x, slope=slope: jnp.sum(jnp.sin(x) + slope(x @ w)),
            jnp.zeros((4, 4)),
            jnp.asarray(X),
        )
        assert rejected(report) == ([] if k == 1 else [("triple", "", 1)])


def test_a_rule_that_returns_what_is_no_number(double):
    def model(least):
        @jax.custom_vjp
        def root(x):
            return jnp.sqrt(x)

        root.defvjp(
            lambda x: (root(x), x), lambda x, g: (g / (2 * jnp.sqrt(jnp.maximum(x, least))),)
        )
        return lambda w: jnp.sum(jnp.where(jnp.arange(4) == 2, 0.0, root(jnp.sin(w))))

    w = jnp.array([0.5, 1.0, 0.0, 2.0])
    report = gp.check_operations(model(0.0), w)
    assert rejected(report) == [("root", "", 1)]
    assert "returns NaN or infinity" in messages(report, "not-finite")[0]


def test_a_nan_of_jaxs_own_is_told_as_such(double):
    swish = models.swish_with(1.0)

    def model(least):
        return lambda w: jnp.sum(swish(jnp.where(w > 0, jnp.sqrt(jnp.maximum(w, least)), 0.0)))

    w = jnp.array([0.5, 1.0, -1.0, 2.0])
    assert gp.check_operations(model(1e-3), w).ok
    report = gp.check_operations(model(0.0), w)
    assert [o.name.partition(" at ")[0] for o in at_fault(report)] == ["lambda"]
    assert "no rule of yours" in messages(report, "not-finite")[0]


def test_a_low_precision_inside_widens_the_bands_of_what_is_between_the_calls(double):
    swish = models.swish_with(1.0)

    def model(ws, x):
        return jnp.sum(swish((x @ ws[0]).astype(jnp.bfloat16)).astype(x.dtype) ** 2)

    assert not rejected(checked(model))


def test_rules_of_jaxs_own_are_operations_that_nobody_repairs(double):
    def model(k):
        def run(ws, x):
            a = ws[0] @ ws[0].T + 4 * jnp.eye(4)
            solve = lambda f, y: jnp.linalg.solve(a, x[0])
            tangent = lambda g, y: k * jnp.linalg.solve(jax.jacobian(g)(y), y)
            y = jax.lax.custom_root(lambda y: a @ y - x[0], jnp.zeros(4), solve, tangent)
            return jnp.sum(y**2)

        return run

    assert checked(model(1.0)).ok
    report = checked(model(1.5))
    [operation] = at_fault(report)
    assert "custom_root" in operation.name
    assert Path(operation.file).name == "test_jax.py"  # where it was called
    assert [f.kind for f in report.findings] == ["operation"]


def test_a_transpose_inside_a_jvp_rule(double):
    def model(k):
        @jax.custom_jvp
        def sine(x):
            return jnp.sin(x)

        @sine.defjvp
        def sine_jvp(primals, tangents):
            forth = lambda x, v: v * jnp.cos(x)
            back = lambda x, g: k * g * jnp.cos(x)
            tangent = jax.custom_derivatives.linear_call(forth, back, primals[0], tangents[0])
            return jnp.sin(primals[0]), tangent

        return lambda x: jnp.sum(sine(x) ** 2)

    assert gp.check(model(1.0), jnp.asarray(X)).ok
    report = gp.check(model(2.0), jnp.asarray(X))
    assert rejected(report) == [("sine", "", 1)]
    assert "forward mode is right" in messages(report, "operation")[0]
    assert "The JVP is right, the VJP is wrong" in messages(report, "modes")[0]


def test_compiled_functions_run_as_they_are_written(double):
    with jax.disable_jit():
        assert checked(models.scanned(1.0)).ok
        found = rejected(checked(models.scanned(1.5)))
    assert found == [("swish", "step", k) for k in (1, 2, 3)]  # no loop is left


@pytest.mark.parametrize(("off", "spoiled"), [("w", {"b"}), ("x", {"a"}), ("", set())])
@pytest.mark.parametrize("scanned", [False, True], ids=["once", "in a scan"])
def test_blocks_before_a_rule_are_wrong_only_if_its_input_is(double, off, spoiled, scanned):
    @jax.custom_vjp
    def weighed(x, w):
        return x @ w

    def bwd(kept, g):
        x, w = kept
        return g @ w.T * (1.01 if off == "x" else 1), x.T @ g * (1.01 if off == "w" else 1)

    weighed.defvjp(lambda x, w: (x @ w, (x, w)), bwd)
    rng = np.random.default_rng(0)
    point = {k: jnp.asarray(rng.standard_normal((4, 4))) for k in "ab"}
    x = jnp.asarray(rng.standard_normal((6, 4)))

    def fun(p):
        inner, weight = jnp.tanh(x @ p["a"]), jnp.exp(p["b"])
        if not scanned:
            return jnp.tanh(weighed(inner, weight)).sum()
        step = lambda total, row: (total + jnp.tanh(weighed(row[None], weight)).sum(), None)
        return jax.lax.scan(step, 0.0, inner)[0]

    report = gp.check(fun, point)
    assert {b.name[-3] for b in report.blocks if b.verdict.rejects} == spoiled
