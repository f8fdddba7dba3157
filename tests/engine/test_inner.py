"""Which value of a backward is at fault: the kind, the statement, and nothing false."""

import time

import numpy as np
import pytest

import gradproof as gp
from suspects import values

X, Y = values((9, 4), 1), values((9, 3), 2)
W = {"W": 0.3 * values((4, 3), 3), "b": 0.2 * values(3, 4)}
MASK = (np.arange(27).reshape(9, 3) % 4 != 0) * 1.0
SIGMA = np.linspace(0.5, 2.0, 9)


def cost(p):
    A = np.tanh(X @ p["W"] + p["b"])
    return float(np.sum(MASK * ((A - Y) / SIGMA[:, None]) ** 2)) / len(X)


def right(p):
    A = np.tanh(X @ p["W"] + p["b"])
    d = 2 * MASK * (A - Y) / SIGMA[:, None] ** 2 / len(X)
    dz = d * (1 - A**2)
    return {"W": X.T @ dz, "b": dz.sum(0)}


def dropped(p):
    A = np.tanh(X @ p["W"] + p["b"])
    d = 2 * MASK * (A - Y) / SIGMA[:, None] ** 2 / len(X)
    dz = d
    return {"W": X.T @ dz, "b": dz.sum(0)}


def at_the_output(p):
    A = np.tanh(X @ p["W"] + p["b"])
    d = 2 * MASK * (A - Y) / SIGMA[:, None] ** 2 / len(X)
    dz = d * (1 - np.tanh(A) ** 2)
    return {"W": X.T @ dz, "b": dz.sum(0)}


def without_mask(p):
    A = np.tanh(X @ p["W"] + p["b"])
    d = 2 * (A - Y) / SIGMA[:, None] ** 2 / len(X)
    dz = d * (1 - A**2)
    return {"W": X.T @ dz, "b": dz.sum(0)}


def complement(p):
    A = np.tanh(X @ p["W"] + p["b"])
    d = 2 * (1 - MASK) * (A - Y) / SIGMA[:, None] ** 2 / len(X)
    dz = d * (1 - A**2)
    return {"W": X.T @ dz, "b": dz.sum(0)}


def sigma_once(p):
    A = np.tanh(X @ p["W"] + p["b"])
    d = 2 * MASK * (A - Y) / SIGMA[:, None] / len(X)
    dz = d * (1 - A**2)
    return {"W": X.T @ dz, "b": dz.sum(0)}


def first_row(p):
    A = np.tanh(X @ p["W"] + p["b"])
    d = 2 * MASK * (A - Y) / SIGMA[:, None] ** 2 / len(X)
    dz = d * (1 - A**2)
    return {"W": X.T @ dz, "b": dz[0]}


def another(p):
    A = np.tanh(X @ p["W"] + p["b"])
    d = 2 * MASK * (A - X[:, :3]) / SIGMA[:, None] ** 2 / len(X)
    dz = d * (1 - A**2)
    return {"W": X.T @ dz, "b": dz.sum(0)}


@pytest.mark.parametrize(
    ("grad", "kind", "says", "line"),
    [
        (dropped, "activation", "lacks the derivative of an activation", "dz = d"),
        (at_the_output, "activation", "1 - A**2", "dz = d * (1 - np.tanh(A) ** 2)"),
        (without_mask, "entry-factor", "MASK", "d"),
        (complement, "complement", "MASK", "d = 2"),
        (sigma_once, "entry-factor", "SIGMA", "d"),
        (another, "other-tensor", "Y` belongs", "d = 2"),
    ],
)
def test_one_value_explains_all_wrong_blocks(grad, kind, says, line):
    assert gp.check(cost, W, grad=right).ok
    report = gp.check(cost, W, grad=grad)
    assert report.verdict is gp.Verdict.WRONG
    assert {f.block for f in report.findings} == {"params['W']", "params['b']"}
    for found in report.findings:
        assert found.kind == kind, found.message
        assert says in found.message
        assert found.line.text.startswith(line)
        assert found.line.function == grad.__name__


def gain(p):
    return float(np.sum(np.tanh(p["x"] * p["g"])))


def handed_on(p):
    d = 1 - np.tanh(p["x"] * p["g"]) ** 2
    dx = 1.0 * d
    dg = d * p["x"]
    return {"x": dx, "g": dg}


def test_the_statement_that_computed_it_is_named_and_not_the_return():
    point = {"x": values((3, 4), 5), "g": 1 + 0.1 * values((3, 4), 6)}
    (found,) = gp.check(gain, point, grad=handed_on).findings
    assert found.kind == "entry-factor"
    assert found.line.text == "dx = 1.0 * d"


def annotated(p):
    d: np.ndarray = np.ones_like(p["x"]) * p["g"]
    return {"x": d, "g": p["x"] * (1 - np.tanh(p["x"] * p["g"]) ** 2)}


def test_values_of_variables_that_are_declared_with_a_type_are_looked_at():
    point = {"x": values((3, 4), 5), "g": 1 + 0.1 * values((3, 4), 6)}
    (found,) = gp.check(gain, point, grad=annotated).findings
    assert found.kind == "entry-factor"
    assert found.line.text.startswith("d: np.ndarray")


def test_a_sum_of_which_only_the_first_row_was_taken():
    (found,) = gp.check(cost, W, grad=first_row).findings
    assert found.kind == "missing-accumulation"
    assert "the sum of `dz` over axis 0" in found.message


def test_the_users_functions_are_what_they_were():
    before = dropped.__code__
    assert not gp.check(cost, W, grad=dropped)
    assert dropped.__code__ is before
    assert not [name for name in globals() if "gradproof_hook" in name]


class Stateful:
    def backward(self, p):
        A = np.tanh(X @ p["W"] + p["b"])
        d = 2 * MASK * (A - Y) / SIGMA[:, None] ** 2 / len(X)
        self.grads = {"W": X.T @ d, "b": d.sum(0)}
        return self.grads


def test_what_a_backward_leaves_behind_is_its_own():
    layer = Stateful()
    claimed = layer.backward(W)["W"].copy()
    (first, _) = gp.check(cost, W, grad=layer.backward).findings
    assert first.kind == "activation"
    assert np.array_equal(layer.grads["W"], claimed)


def test_what_the_backward_prints_is_printed_by_its_own_calls_only(capsys):
    def loud(p):
        print("called")
        return dropped(p)

    assert not gp.check(cost, W, grad=loud)
    assert capsys.readouterr().out.count("called") <= 4


# A number that is wrong


def energy(x):
    return float(np.sum(23.0599 * (x - 1) ** 2 / 2 + np.exp(-x)) + 0.35 * np.sum(x**2))


def other_constant(x):
    spring = 23.02 * (x - 1)
    return spring - np.exp(-x) + 0.7 * x


def twice_one_term(x):
    return 23.0599 * (x - 1) - 2 * np.exp(-x) + 0.7 * x


def wrong_sign_of_one_term(x):
    return 23.0599 * (x - 1) + np.exp(-x) + 0.7 * x


def one_term_more(x):
    return 23.0599 * (x - 1) - np.exp(-x) + 0.7 * x + np.cos(3 * x)


@pytest.mark.parametrize(
    ("grad", "kind", "factor"),
    [
        (other_constant, "constant", 23.02 / 23.0599),
        (twice_one_term, "term", 2.0),
        (wrong_sign_of_one_term, "sign", -1.0),
        (one_term_more, "term", 0.0),
    ],
)
def test_a_number_in_one_term(grad, kind, factor):
    report = gp.check(energy, values(7), grad=grad)
    (found,) = report.findings
    assert found.kind == kind, found.message
    assert found.factor == pytest.approx(factor, abs=1e-7)
    assert found.factor_bar < 1e-6


def test_an_arbitrary_factor_is_no_explanation():
    def grad(x):
        a = 23.0599 * (x - 1)
        return a - 1.2345678 * np.exp(-x) + 0.7 * x

    (found,) = gp.check(energy, values(7), grad=grad).findings
    assert found.kind in {"unexplained", "term"}
    if found.kind == "term":
        assert found.factor == pytest.approx(1.2345678)


def test_what_is_wrong_in_a_part_names_its_entries():
    def grad(x):
        out = 23.0599 * (x - 1) - np.exp(-x) + 0.7 * x
        extra = np.where(np.arange(x.size) < 2, np.sin(x), 0.0)
        return out + extra

    (found,) = gp.check(energy, values(7), grad=grad).findings
    assert set(found.entries) == {(0,), (1,)}


# Products with a cotangent


def softmax(z):
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


def whole(z, g):
    s = softmax(z)
    return s * (g - np.sum(g * s, axis=-1, keepdims=True))


def only_the_diagonal(z, g):
    s = softmax(z)
    return g * s * (1 - s)


def enlarged(x):
    return x.repeat(2, 0).repeat(3, 1)


def summed(x, g):
    return g.reshape(x.shape[0], 2, x.shape[1], 3).sum((1, 3))


def sampled(x, g):
    return g[::2, ::3]


M = values((4, 3), 5) + 1j * values((4, 3), 6)


def linear(x):
    return M @ x


def adjoint(x, g):
    return M.conj().T @ g


def transposed_only(x, g):
    return M.T @ g


@pytest.mark.parametrize(
    ("fun", "vjp", "wrong", "point", "kind"),
    [
        (softmax, whole, only_the_diagonal, values((3, 4), 1), "diagonal"),
        (enlarged, summed, sampled, values((3, 4), 1), "block-sum"),
        (linear, adjoint, transposed_only, values(3) + 1j * values(3, 2), "conjugate"),
    ],
)
def test_products_with_a_jacobian(fun, vjp, wrong, point, kind):
    assert gp.check_vjp(fun, vjp, point).ok
    (found,) = gp.check_vjp(fun, wrong, point).findings
    assert found.kind == kind, found.message


# Loops


def states(p):
    h = [np.zeros(3)]
    for x in X[:5]:
        h.append(np.tanh(p["W"].T @ x + p["b"] * h[-1]))
    return h


def unrolled(p):
    return float(np.sum(states(p)[-1] ** 2))


def backwards(p, add=True):
    h, dW, db = states(p), np.zeros((4, 3)), np.zeros(3)
    dh = 2 * h[-1]
    for t in reversed(range(5)):
        dz = dh * (1 - h[t + 1] ** 2)
        dW += np.outer(X[t], dz)
        db += dz * h[t]
        dh = dz * p["b"]
    return {"W": dW, "b": db}


def overwritten(p):
    h, dW, db = states(p), np.zeros((4, 3)), np.zeros(3)
    dh = 2 * h[-1]
    for t in reversed(range(5)):
        dz = dh * (1 - h[t + 1] ** 2)
        dW = np.outer(X[t], dz)
        db += dz * h[t]
        dh = dz * p["b"]
    return {"W": dW, "b": db}


def test_a_sum_over_time_that_is_overwritten():
    assert gp.check(unrolled, W, grad=backwards).ok
    (found,) = gp.check(unrolled, W, grad=overwritten).findings
    assert found.kind == "missing-accumulation"
    assert found.line.text == "dW = np.outer(X[t], dz)"


# Running sums


E = values(6, 11)


def summed(x):
    return float(np.sum(E * np.cumsum(x) ** 2))


def from_the_first(x):
    return np.cumsum(2 * E * np.cumsum(x))


def not_at_all(x):
    return 2 * E * np.cumsum(x)


@pytest.mark.parametrize(
    ("grad", "kind", "says"),
    [
        (from_the_first, "flip", "sums up from the wrong end along axis 0"),
        (not_at_all, "missing-accumulation", "from the last entry on"),
    ],
)
def test_running_sums(grad, kind, says):
    (found,) = gp.check(summed, values(6, 12), grad=grad).findings
    assert found.kind == kind
    assert says in found.message
    fix = gp.suggest_fixes(gp.check(summed, values(6, 12), grad=grad), most=1)[0]
    assert "[::-1]" in fix.what


# A number that nothing is called, and one number alone


def weighted(x):
    return float(SIGMA @ np.sin(x) / np.linalg.norm(SIGMA) + np.sum(x**2))


def another_norm(x):
    return SIGMA / SIGMA.sum() * np.cos(x) + 2 * x


def test_a_norm_that_is_another_one():
    (found,) = gp.check(weighted, values(9, 13), grad=another_norm).findings
    assert found.kind == "term"
    assert found.factor == pytest.approx(np.linalg.norm(SIGMA) / SIGMA.sum())


def dispersed(r):
    return float(np.sum(np.log(r + SIGMA) - np.sqrt(r) * SIGMA))


def minus_for_plus(r):
    return np.sum(-1 / (r + SIGMA) - SIGMA / (2 * np.sqrt(r)))


def test_one_number_is_explained_by_what_is_wrong_on_the_way():
    (found,) = gp.check(dispersed, 1.7, grad=minus_for_plus).findings
    assert found.kind == "sign"
    assert "-1 / (r + SIGMA)" in found.message


def charged(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            total += 1 / abs(x[i] - x[j])
    return total


def power_too_low(x):
    out = np.zeros_like(x)
    for i in range(len(x)):
        for j in range(i):
            d = x[i] - x[j]
            f = -np.sign(d) / abs(d)
            out[i] += f
            out[j] -= f
    return out


def test_a_factor_of_single_numbers_in_a_loop():
    x = np.array([0.0, 1.1, 2.5, 3.2])
    (found,) = gp.check(charged, x, grad=power_too_low).findings
    assert found.kind == "entry-factor"
    assert "1 / " in found.message


# One statement for several blocks


def centred(p):
    z = X @ p["W"] + p["b"]
    return float(np.sum(np.tanh(z - z.mean(axis=0)) * Y)) / len(X)


def undivided(p):
    z = X @ p["W"] + p["b"]
    d = Y * (1 - np.tanh(z - z.mean(axis=0)) ** 2)
    d = d - d.mean(axis=0)
    return {"W": X.T @ d, "b": d.sum(axis=0)}


def softened(p):
    return float(np.sum(np.tanh(X @ p["W"] + p["b"]) * Y)) / len(X)


def never_divided(p):
    d = Y * (1 - np.tanh(X @ p["W"] + p["b"]) ** 2)
    dW = X.T @ d
    db = d.sum(axis=0)
    return {"W": dW, "b": db}


def test_of_blocks_with_one_factor_the_statement_that_they_share_is_named():
    findings = gp.check(softened, W, grad=never_divided).findings
    assert [found.kind for found in findings] == ["scale", "scale"]
    for found in findings:
        assert found.factor == pytest.approx(9)
        assert found.line.text.startswith("d = Y")


def test_a_gradient_that_is_round_off_of_zero_does_not_keep_a_fault_from_being_seen():
    report = gp.check(centred, W, grad=undivided)
    (found,) = report.findings
    assert found.block == "params['W']"
    assert found.factor == pytest.approx(9)


def test_every_call_of_the_gradient_is_counted():
    called = [0, 0]

    def fun(x):
        called[0] += 1
        return float(np.sum(np.tanh(x)))

    def grad(x):
        called[1] += 1
        return 1 - np.tanh(x)

    report = gp.check(fun, np.array([0.3, 0.8, 1.2]), grad=grad)
    assert report.verdict == "wrong"
    assert [report.evaluations, report.gradient_calls] == called
    assert called[1] > 3  # it was looked into


def test_a_gradient_that_waits_is_not_called_for_long(monkeypatch):
    monkeypatch.setattr("gradproof.diagnose.inner.search._WAITED", 0.2)
    called = [0]

    def grad(x):
        called[0] += 1
        time.sleep(0.02)
        return 1.17 - np.tanh(x) ** 2.3 + 0.1 * np.sin(np.exp(x)) * np.cos(x)

    report = gp.check(lambda x: float(np.sum(np.tanh(x))), np.array([0.3, 0.8, 1.2]), grad=grad)
    assert report.verdict == "wrong"
    assert called[0] <= 40
