"""Products with a Jacobian by hand: each right one beside the nearest wrong one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize as so
import torch
from scipy.sparse import linalg

import gradproof as gp
from gradproof import Kind, UsageError

torch.set_num_threads(1)


def normal(seed, *shape, dtype=float):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def kinds(report):
    return [finding.kind for finding in report.findings]


def message(report, kind):
    return next(f.message for f in report.findings if f.kind is kind)


def verdicts(report):
    return {block.name: str(block.verdict) for block in report.blocks}


X = normal(0, 6)
Z = X + 1j * X[::-1]
M = normal(1, 4, 6)
C = M + 1j * normal(2, 4, 6)
Y = normal(3, 4)
CX, CY = X + 1j * normal(4, 6), Y + 1j * normal(5, 4)


def vjp(x, g):
    return g * np.cos(x)


def jvp(x, v):
    return v * np.cos(x)


def times(factor, product):
    return lambda x, v: factor * product(x, v)


@pytest.mark.parametrize(
    ("product", "kind"),
    [
        (times(-1, vjp), Kind.SIGN),
        (times(1.0001, vjp), Kind.SCALE),
        (lambda x, g: vjp(x, g)[::-1], Kind.FLIP),
        (lambda x, g: 0 * g, Kind.ZERO),
    ],
    ids=["sign", "factor", "reversed", "zero"],
)
def test_a_wrong_vjp_is_named_and_the_right_one_passes(product, kind):
    assert gp.check_vjp(np.sin, vjp, X).ok
    report = gp.check_vjp(np.sin, product, X)
    assert report.verdict == "wrong"
    assert kind in kinds(report)


@pytest.mark.parametrize(
    "product",
    [
        lambda x, g: np.cos(x),
        lambda x, g: g**2 * np.cos(x),
        lambda x, g: np.abs(g) * np.cos(x),
        lambda x, g: g * np.cos(x) + 0.01,
    ],
    ids=["ignored", "squared", "absolute", "shifted"],
)
def test_a_vjp_that_is_not_linear_in_the_cotangent_is_told(product):
    report = gp.check_vjp(np.sin, product, X)
    assert report.verdict == "wrong"
    assert Kind.NOT_LINEAR in kinds(report)
    assert Kind.NOT_LINEAR not in kinds(gp.check_vjp(np.sin, times(2, vjp), X))


@pytest.mark.parametrize(
    ("product", "verdict"),
    [(jvp, "correct"), (times(1.001, jvp), "wrong"), (lambda x, v: jvp(x, v) + 1e-3, "wrong"),
     (lambda x, v: np.abs(v) * np.cos(x), "wrong")],
    ids=["right", "factor", "affine", "absolute"],
)  # fmt: skip
def test_a_jvp_is_judged_by_itself(product, verdict):
    assert gp.check_jvp(np.sin, product, X).verdict == verdict


def test_a_single_wrong_entry_of_two_thousand_is_seen_in_a_jvp():
    x = normal(7, 2000)
    assert gp.check_jvp(np.sin, jvp, x).ok
    factor = np.where(np.arange(2000) == 7, 1.5, 1.0)
    assert gp.check_jvp(np.sin, lambda x, v: jvp(x, v) * factor, x).verdict == "wrong"


@pytest.mark.parametrize(
    ("by_vjp", "by_jvp", "sentence"),
    [
        (2, 1, "The JVP is right, the VJP is wrong."),
        (1, 2, "The VJP is right, the JVP is wrong."),
        (2, 2, "The VJP and the JVP agree with each other and not with the function"),
        (2, 3, "The VJP and the JVP are both wrong, and not in the same way."),
    ],
)
def test_with_both_products_the_report_says_which_one_is_at_fault(by_vjp, by_jvp, sentence):
    report = gp.check_vjp(np.sin, times(by_vjp, vjp), X, jvp=times(by_jvp, jvp))
    assert report.verdict == "wrong"
    assert sentence in message(report, Kind.MODES)
    other = gp.check_jvp(np.sin, times(by_jvp, jvp), X, vjp=times(by_vjp, vjp))
    assert message(other, Kind.MODES) == message(report, Kind.MODES)


def test_with_both_products_right_nothing_is_said():
    report = gp.check_vjp(np.sin, vjp, X, jvp=jvp)
    assert report.ok
    assert report.findings == ()


def nested(p):
    return np.sin(p["a"]), {"z": p["a"][:2] * p["b"]}


def nested_vjp(p, g, factor=1.0):
    a = g[0] * np.cos(p["a"])
    a[:2] += g[1]["z"] * p["b"]
    return {"a": a, "b": factor * np.sum(g[1]["z"] * p["a"][:2])}


def nested_jvp(p, v, factor=1.0):
    z = v["a"][:2] * p["b"] + factor * p["a"][:2] * v["b"]
    return v["a"] * np.cos(p["a"]), {"z": z}


POINT = {"a": X, "b": 2.0}


def test_containers_come_in_and_go_out():
    assert gp.check_vjp(nested, nested_vjp, POINT, jvp=nested_jvp).ok
    assert (
        gp.check_vjp(nested, lambda p, g: nested_vjp(p, (g[0], {"z": -g[1]["z"]})), POINT).verdict
        == "wrong"
    )


def test_only_the_block_that_is_wrong_is_accused():
    report = gp.check_vjp(nested, lambda p, g: nested_vjp(p, g, 2.0), POINT)
    assert verdicts(report) == {"params['a']": "correct", "params['b']": "wrong"}
    report = gp.check_jvp(nested, lambda p, v: nested_jvp(p, v, 2.0), POINT)
    assert verdicts(report) == {"params['a']": "correct", "params['b']": "wrong"}


def product(p):
    return np.sin(p["a"]) * p["b"]


@pytest.mark.parametrize("answer", [{"b": None}, {}], ids=["None", "missing"])
def test_a_block_without_a_product_counts_as_zero_and_is_told(answer):
    partial = lambda p, g: {"a": g * np.cos(p["a"]) * p["b"], **answer}
    report = gp.check_vjp(product, partial, POINT)
    assert verdicts(report) == {"params['a']": "correct", "params['b']": "wrong"}
    assert Kind.MISSING_BLOCK in kinds(report)
    whole = lambda p, g: {**partial(p, g), "b": np.sum(g * np.sin(p["a"]))}
    assert gp.check_vjp(product, whole, POINT).ok


@pytest.mark.parametrize(
    ("product", "sentence"),
    [
        (lambda x, g: None, r"^The gradient is None"),
        (lambda x, g: {"q": g}, r"params"),
    ],
    ids=["None", "other key"],
)
def test_a_vjp_of_another_form_is_one_clear_sentence(product, sentence):
    with pytest.raises(UsageError, match=sentence):
        gp.check_vjp(np.sin, product, X)


@pytest.mark.parametrize(
    "product",
    [lambda x, v: v[:3], lambda x, v: float(v @ np.cos(x)), lambda x, v: (v, v)],
    ids=["short", "summed", "two"],
)
def test_a_jvp_of_another_shape_is_refused(product):
    with pytest.raises(UsageError, match="shape"):
        gp.check_jvp(np.sin, product, X)


def test_exceptions_name_the_argument_that_raised():
    def broken(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        gp.check_adjoint(lambda x: 2 * x, broken, X, X)
    assert "raised by At," in caught.value.__notes__[0]
    with pytest.raises(TypeError) as failed:
        gp.check(lambda x: float(x @ x), X, grad=lambda x: 2 * x, hessp=lambda v: 2 * v)
    assert "raised by hessp," in failed.value.__notes__[0]


@pytest.mark.parametrize("role", ["fun", "vjp", "jvp"])
def test_exceptions_surface_as_themselves_and_say_whose_they_are(role):
    def broken(*_):
        raise ZeroDivisionError("mine")

    given = {"fun": np.sin, "vjp": vjp, "jvp": jvp, role: broken}
    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        gp.check_vjp(given["fun"], given["vjp"], X, jvp=given["jvp"])
    assert f"raised by {role}" in caught.value.__notes__[0]


@pytest.mark.parametrize("given", [None, 3, X])
def test_a_product_that_is_no_function_is_refused(given):
    with pytest.raises(UsageError, match="vjp must be a function"):
        gp.check_vjp(np.sin, given, X)
    with pytest.raises(UsageError, match="jvp must be a function"):
        gp.check_jvp(np.sin, given, X)


def test_integer_outputs_take_no_part():
    fun = lambda x: (np.sin(x), np.arange(3))
    assert gp.check_vjp(fun, lambda x, g: vjp(x, g[0]), X).ok
    assert gp.check_vjp(fun, lambda x, g: 2 * vjp(x, g[0]), X).verdict == "wrong"
    assert gp.check_jvp(fun, lambda x, v: (jvp(x, v), np.zeros(3)), X).ok
    with pytest.raises(UsageError, match="nothing can be differentiated"):
        gp.check_vjp(lambda x: np.arange(3), vjp, X)


@pytest.mark.parametrize(
    ("fun", "right", "wrong"),
    [
        (np.sin, lambda z, g: g * np.conj(np.cos(z)), lambda z, g: g * np.cos(z)),
        (lambda z: np.abs(z) ** 2, lambda z, g: 2 * g * z, lambda z, g: 2 * g * z.conj()),
        (lambda z: np.abs(z) ** 2, lambda z, g: 2 * g * z, lambda z, g: g * z),
    ],
    ids=["holomorphic", "modulus, conjugate", "modulus, Wirtinger"],
)
def test_complex_vjps_follow_the_convention_of_ascent(fun, right, wrong):
    assert gp.check_vjp(fun, right, Z).ok
    assert gp.check_vjp(fun, wrong, Z).verdict == "wrong"


def test_complex_jvps_are_linear_over_the_reals():
    assert gp.check_jvp(np.sin, jvp, Z).ok
    assert gp.check_jvp(np.conj, lambda z, v: v.conj(), Z).ok
    assert gp.check_jvp(np.conj, lambda z, v: v, Z).verdict == "wrong"


def test_real_parameters_with_complex_outputs_have_real_gradients():
    fun = lambda x: np.exp(1j * x)
    assert gp.check_vjp(fun, lambda x, g: (np.conj(1j * fun(x)) * g).real, X).ok
    assert gp.check_vjp(fun, lambda x, g: (1j * fun(x) * g).real, X).verdict == "wrong"
    with pytest.raises(UsageError, match="params is real but its gradient is complex"):
        gp.check_vjp(fun, lambda x, g: np.conj(1j * fun(x)) * g, X)


def test_further_arguments_reach_all_three():
    fun = lambda x, a: a * np.sin(x)
    back, forth = (lambda x, v, a: a * v * np.cos(x) for _ in range(2))
    assert gp.check_vjp(fun, back, X, jvp=forth, args=(3.0,)).ok
    assert gp.check_jvp(fun, forth, X, vjp=back, kwargs={"a": 3.0}).ok
    assert gp.check_vjp(fun, lambda x, v, a: v * np.cos(x), X, args=(3.0,)).verdict == "wrong"


def test_products_may_write_into_the_vectors_that_they_get():
    into = lambda x, v: np.multiply(v, np.cos(x), out=v)
    assert gp.check_vjp(np.sin, into, X).ok
    assert gp.check_jvp(np.sin, into, X).ok


def test_at_a_kink_a_product_is_checked_beside_it():
    relu, x = (lambda x: np.maximum(x, 0)), np.array([0.0, 1.0, -1.0])
    for check in (gp.check_vjp, gp.check_jvp):
        assert check(relu, lambda x, v: v * (x > 0), x).ok
        assert check(relu, lambda x, v: v * (x <= 0), x).verdict == "wrong"


def test_the_hessian_products_of_scipy_are_right():
    x = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    assert gp.check_jvp(so.rosen_der, so.rosen_hess_prod, x).ok
    assert gp.check_vjp(so.rosen_der, so.rosen_hess_prod, x).ok  # it is symmetric
    wrong = lambda x, p: 1.01 * so.rosen_hess_prod(x, p)
    assert gp.check_jvp(so.rosen_der, wrong, x).verdict == "wrong"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_torch_products_by_hand(dtype):
    x = torch.tensor(X, dtype=dtype)
    right = lambda x, v: v * torch.cos(x)
    assert gp.check_vjp(torch.sin, right, x, jvp=right).ok
    report = gp.check_vjp(torch.sin, lambda x, g: 1.01 * g * torch.cos(x), x, jvp=right)
    assert report.verdict == "wrong"
    assert message(report, Kind.MODES) == "params: The JVP is right, the VJP is wrong."


def test_jax_products_by_hand():
    x = jnp.asarray(X, jnp.float32)
    right = lambda x, v: v * jnp.cos(x)
    assert gp.check_vjp(jnp.sin, right, x, jvp=right).ok
    report = gp.check_vjp(jnp.sin, lambda x, g: 1.01 * g * jnp.cos(x), x, jvp=right)
    assert report.verdict == "wrong"
    assert message(report, Kind.MODES) == "params: The JVP is right, the VJP is wrong."


def test_the_products_of_jax_itself_pass_as_products_by_hand():
    x = jnp.asarray(X, jnp.float32)
    back = lambda x, g: jax.vjp(jnp.sin, x)[1](g)[0]
    forth = lambda x, v: jax.jvp(jnp.sin, (x,), (v,))[1]
    assert gp.check_vjp(jnp.sin, back, x, jvp=forth).ok
    assert gp.check_jvp(jnp.sin, lambda x, v: jax.linearize(jnp.sin, x)[1](v), x).ok


def test_jax_complex_products_take_a_conjugate_on_both_sides():
    z = jnp.asarray(Z, jnp.complex64)
    back = lambda z, g: jax.vjp(jnp.sin, z)[1](g.conj())[0].conj()
    assert gp.check_vjp(jnp.sin, back, z).ok


# Adjoints


def matrix(A, conjugate=True):
    return (lambda x: A @ x), (lambda y: (A.conj().T if conjugate else A.T) @ y)


def test_an_adjoint_and_its_faults():
    A, At = matrix(M)
    assert gp.check_adjoint(A, At, X, Y).ok
    report = gp.check_adjoint(A, lambda y: 2 * At(y), X, Y)
    assert report.verdict == "wrong"
    assert "2× too large" in message(report, Kind.SCALE)
    assert message(report, Kind.MODES) == "x: A as a linear map is right, At is wrong."


def test_a_complex_adjoint_needs_its_conjugate():
    assert gp.check_adjoint(*matrix(C), CX, CY).ok
    assert gp.check_adjoint(*matrix(C, conjugate=False), CX, CY).verdict == "wrong"


def test_a_map_from_the_reals_to_complex_numbers():
    A, At = matrix(C)
    assert gp.check_adjoint(A, lambda y: At(y).real, X, CY).ok
    assert gp.check_adjoint(A, lambda y: (C.T @ y).real, X, CY).verdict == "wrong"


def test_the_inverse_of_a_fourier_transform_is_its_adjoint_up_to_the_length():
    y = CX[::-1].copy()
    assert gp.check_adjoint(np.fft.fft, lambda y: len(y) * np.fft.ifft(y), CX, y).ok
    report = gp.check_adjoint(np.fft.fft, np.fft.ifft, CX, y)
    assert report.verdict == "wrong"
    assert "6× too small" in message(report, Kind.SCALE)


def test_the_textbook_mistake_with_half_a_spectrum():
    n, y = len(X), np.fft.rfft(X[::-1])
    twice = np.array([1, 0.5, 0.5, 1])  # the entries that stand for two of the whole spectrum
    right = lambda y: n * np.fft.irfft(y * twice, n)
    assert gp.check_adjoint(np.fft.rfft, right, X, y).ok
    wrong = lambda y: n * np.fft.irfft(y, n)
    assert gp.check_adjoint(np.fft.rfft, wrong, X, y).verdict == "wrong"


def test_a_shift_the_wrong_way_and_a_transpose_forgotten():
    S = normal(8, 5, 5)
    x, y = normal(9, 5), normal(10, 5)
    assert gp.check_adjoint(lambda x: np.roll(x, 1), lambda y: np.roll(y, -1), x, y).ok
    report = gp.check_adjoint(lambda x: np.roll(x, 1), lambda y: np.roll(y, 1), x, y)
    assert report.verdict == "wrong"
    assert "rolled by 2" in message(report, Kind.PERMUTATION)
    assert gp.check_adjoint(lambda x: S @ x, lambda y: S.T @ y, x, y).ok
    assert gp.check_adjoint(lambda x: S @ x, lambda y: S @ y, x, y).verdict == "wrong"


@pytest.mark.parametrize(
    "A", [lambda x: M @ x + 1, lambda x: (M @ x) ** 2, lambda x: M @ np.abs(x)],
    ids=["affine", "quadratic", "absolute"],
)  # fmt: skip
def test_a_map_that_is_not_linear_is_wrong_itself(A):
    report = gp.check_adjoint(A, matrix(M)[1], X, Y)
    assert report.verdict == "wrong"
    told = message(report, Kind.MODES)
    assert "A as a linear map is wrong" in told or "both wrong" in told


def test_of_an_affine_map_the_adjoint_is_not_accused():
    report = gp.check_adjoint(lambda x: M @ x + 1, matrix(M)[1], X, Y)
    assert message(report, Kind.MODES) == "x: At is right, A as a linear map is wrong."


@pytest.mark.parametrize(
    "At", [lambda y: M.T @ y + 1, lambda y: M.T @ np.abs(y), lambda y: M.T @ y**3],
    ids=["affine", "absolute", "cubic"],
)  # fmt: skip
def test_an_adjoint_that_is_not_linear_is_told(At):
    report = gp.check_adjoint(matrix(M)[0], At, X, Y)
    assert report.verdict == "wrong"
    assert Kind.NOT_LINEAR in kinds(report)
    assert message(report, Kind.MODES) == "x: A as a linear map is right, At is wrong."


def test_zero_maps():
    nothing = lambda x: np.zeros(4)
    assert gp.check_adjoint(nothing, lambda y: np.zeros(6), X, Y).ok
    assert gp.check_adjoint(nothing, matrix(M)[1], X, Y).verdict == "wrong"
    assert gp.check_adjoint(matrix(M)[0], lambda y: np.zeros(6), X, Y).verdict == "wrong"


def test_a_linear_map_at_the_origin():
    A, At = matrix(M)
    assert gp.check_adjoint(A, At, np.zeros(6), np.zeros(4)).ok
    assert gp.check_adjoint(A, lambda y: 1.01 * At(y), np.zeros(6), np.zeros(4)).verdict == "wrong"


def test_adjoints_between_containers_and_numbers():
    A = lambda t: {"u": M @ t[0], "v": 2 * t[1]}
    x, y = (X, normal(11, 5)), {"u": Y, "v": normal(12, 5)}
    assert gp.check_adjoint(A, lambda d: (M.T @ d["u"], 2 * d["v"]), x, y).ok
    report = gp.check_adjoint(A, lambda d: (M.T @ d["u"], d["v"]), x, y)
    assert [b.verdict for b in report.blocks] == ["correct", "wrong"]
    assert gp.check_adjoint(lambda x: 3 * x, lambda y: 3 * y, 1.0, 2.0).ok
    assert gp.check_adjoint(lambda x: 3 * x, lambda y: 2 * y, 1.0, 2.0).verdict == "wrong"


@pytest.mark.parametrize(
    ("x", "y", "At", "sentence"),
    [
        (X, X, None, r"^A\(x\) has shape \(4,\) but y has shape \(6,\)\."),
        (X, Y, lambda y: (M.T @ y)[:5], r"^At\(y\) has shape \(5,\) but x has shape \(6,\)\."),
        (None, Y, None, r"needs x and y"),
        (np.arange(6), Y, None, r"int64"),
    ],
)
def test_shapes_that_do_not_fit_are_one_clear_sentence(x, y, At, sentence):
    with pytest.raises(UsageError, match=sentence):
        gp.check_adjoint(matrix(M)[0], At or matrix(M)[1], x, y)


def test_what_is_no_function_is_refused():
    with pytest.raises(UsageError, match=r"^A must be a function"):
        gp.check_adjoint(M, matrix(M)[1], X, Y)
    with pytest.raises(UsageError, match=r"^At must be a function"):
        gp.check_adjoint(matrix(M)[0], None, X, Y)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.complex64])
def test_linear_operators_of_scipy(dtype):
    A = (C if np.dtype(dtype).kind == "c" else M).astype(dtype)
    assert gp.check_adjoint(linalg.aslinearoperator(A)).ok
    wrong = linalg.LinearOperator(
        A.shape, matvec=lambda v: A @ v, rmatvec=lambda v: dtype(1.01) * (A.conj().T @ v),
        dtype=dtype,
    )  # fmt: skip
    report = gp.check_adjoint(wrong)
    assert report.verdict == "wrong"
    assert {block.dtype for block in report.blocks} == {np.dtype(dtype).name}


def test_a_complex_operator_without_the_conjugate_is_wrong():
    wrong = linalg.LinearOperator(
        C.shape, matvec=lambda v: C @ v, rmatvec=lambda v: C.T @ v, dtype=complex
    )
    assert gp.check_adjoint(wrong).verdict == "wrong"


def test_an_operator_without_a_type_or_of_integers_gets_real_vectors():
    whole = np.round(M)
    given = {"matvec": lambda v: whole @ v, "rmatvec": lambda v: whole.T @ v}
    assert gp.check_adjoint(linalg.LinearOperator(M.shape, **given)).ok
    assert gp.check_adjoint(linalg.LinearOperator(M.shape, **given, dtype=int)).ok


def test_an_adjoint_off_by_a_percent_in_single_precision_is_accused_for_every_seed():
    for seed in range(10):
        A = normal(seed, 30, 40, dtype=np.float32)
        x, y = normal(seed + 100, 40, dtype=np.float32), normal(seed + 200, 30, dtype=np.float32)
        report = gp.check_adjoint(
            lambda x, A=A: A @ x, lambda y, A=A: np.float32(1.01) * (A.T @ y), x, y, seed=seed
        )
        assert report.verdict == "wrong"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_transposed_convolution_of_torch_is_the_adjoint(dtype):
    kernel = torch.tensor(normal(13, 1, 1, 3, 3), dtype=dtype)
    x, y = (torch.tensor(normal(14, 1, 1, n, n), dtype=dtype) for n in (8, 6))
    A = lambda x: torch.nn.functional.conv2d(x, kernel)
    assert gp.check_adjoint(A, lambda y: torch.nn.functional.conv_transpose2d(y, kernel), x, y).ok
    flipped = lambda y: torch.nn.functional.conv_transpose2d(y, kernel.flip(2, 3))
    assert gp.check_adjoint(A, flipped, x, y).verdict == "wrong"


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.complex64])
def test_adjoints_in_jax(dtype):
    is_complex = dtype == jnp.complex64
    A = jnp.asarray(C if is_complex else M, dtype)
    x, y = (jnp.asarray(v if is_complex else v.real, dtype) for v in (CX, CY))
    assert gp.check_adjoint(*matrix(A), x, y).ok
    wrong = matrix(A, conjugate=False)[1] if is_complex else (lambda y: 1.01 * (A.T @ y))
    assert gp.check_adjoint(lambda x: A @ x, wrong, x, y).verdict == "wrong"


# Not so yet: faults of the package. The marks are strict, so they fail once a fault is mended.


def test_a_jvp_well_within_the_band_is_never_accused():
    seen = []
    for seed in range(50):
        A, E, x = normal(seed, 30, 40), normal(seed + 999, 30, 40), normal(seed + 100, 40)
        E *= 2e-8 * np.linalg.norm(A) / np.linalg.norm(E)
        forth, _ = matrix(A)
        assert gp.check_vjp(forth, lambda x, w, A=A, E=E: (A + E).T @ w, x, seed=seed).ok
        off = lambda x, v, A=A, E=E: (A + E) @ v
        seen.append(gp.check_jvp(forth, off, x, seed=seed).verdict)
    assert set(seen) == {"correct"}


@pytest.mark.parametrize(
    "sum_in_order",
    [False, True],
)
def test_exact_adjoints_in_single_precision_are_never_accused(sum_in_order):
    seen = []
    for seed in range(50):
        A = normal(seed, 30, 40, dtype=np.float32)
        x, y = normal(seed + 100, 40, dtype=np.float32), normal(seed + 200, 30, dtype=np.float32)
        forth, back = matrix(A)
        if sum_in_order:  # a rougher summation than the library's own
            forth = lambda x, A=A: np.add.accumulate(A * x, axis=1)[:, -1]
            back = lambda y, A=A: np.add.accumulate(A.T * y, axis=1)[:, -1]
        seen.append(gp.check_adjoint(forth, back, x, y, seed=seed).verdict)
    assert set(seen) <= {"correct", "undecided"}
    assert seen.count("correct") >= 45


def test_a_dict_may_be_returned_in_another_order():
    fun = lambda x: {"s": np.sin(x), "c": np.cos(x)}
    forth = lambda x, v: {"c": -v * np.sin(x), "s": v * np.cos(x)}
    assert gp.check_jvp(fun, forth, X).ok
    in_jax = lambda x: {"s": jnp.sin(x), "c": jnp.cos(x)}
    x = jnp.asarray(X, jnp.float32)
    assert gp.check_jvp(in_jax, lambda x, v: jax.jvp(in_jax, (x,), (v,))[1], x).ok


def test_a_jvp_that_returns_nothing_is_refused_in_one_sentence():
    with pytest.raises(UsageError, match="jvp"):
        gp.check_jvp(np.sin, lambda x, v: None, X)


def test_a_wrong_vjp_that_insists_on_the_type_of_its_cotangent_is_wrong():
    x = jnp.asarray(X, jnp.float32)
    wrong = lambda x, g: 1.1 * jax.vjp(jnp.tanh, x)[1](g)[0]
    assert gp.check_vjp(jnp.tanh, wrong, x).verdict == "wrong"


def test_operators_that_write_into_their_arguments_do_not_reach_the_users():
    def A(x):
        result = M @ x
        x[:] = 7
        return result

    def At(y):
        result = M.T @ y
        y[:] = 7
        return result

    x, y = X.copy(), Y.copy()
    assert gp.check_adjoint(A, At, x, y).ok
    assert (x == X).all()
    assert (y == Y).all()


def test_the_vjp_of_jax_with_an_integer_output_passes_as_one_by_hand():
    x = jnp.asarray(X, jnp.float32)
    fun = lambda x: (jnp.sin(x), jnp.arange(3))
    assert gp.check_vjp(fun, lambda x, g: jax.vjp(fun, x)[1](g)[0], x).ok
