"""Hessians and their products: each wrong claim beside its right twin."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

import gradproof as gp

rng = np.random.default_rng(18)
X = rng.normal(size=(40, 5))
Y = (rng.random(40) < 0.4) * 1.0
BETA = rng.normal(size=5)


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def loss(beta):
    return float(np.sum(np.logaddexp(0, X @ beta) - Y * (X @ beta)))


def score(beta):
    return X.T @ (sigmoid(X @ beta) - Y)


def hess(beta):
    p = sigmoid(X @ beta)
    return (X.T * (p * (1 - p))) @ X


def hessp(beta, v):
    return hess(beta) @ v


def kinds(report):
    return {finding.kind for finding in report.findings}


def checked(**claims):
    return gp.check(loss, BETA, **{"grad": score, **claims})


def test_all_three_claims_are_right():
    report = checked(hess=hess, hessp=hessp)
    assert report.ok
    assert [block.name for block in report.blocks] == ["params", "hess", "hessp"]
    assert report.resolution < 2e-7  # bars that resolve 1e-7, and gaps as large as those
    assert "hess against grad: correct" in report.notes[0]
    assert "hessp against hess: correct" in report.notes[0]


WRONG = {
    "scale": lambda H: H / 2,
    "sign": lambda H: -H,
    "triangle": np.tril,
    "zero": lambda H: H * np.kron(np.eye(2), np.ones((3, 3)))[:5, :5],
    "inverse": np.linalg.inv,
    "permutation": lambda H: H[::-1, ::-1],
    "entries": lambda H: H + 0.1 * np.outer(np.eye(5)[1], np.eye(5)[1]),
    "parameter-term": lambda H: H + 0.3 * np.eye(5),
    "sparsity": lambda H: sparse.csr_array(H * (np.abs(np.subtract.outer(range(5), range(5))) < 3)),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_hessian_is_rejected_and_named(kind):
    report = checked(hess=lambda beta: WRONG[kind](hess(beta)))
    assert report.verdict is gp.Verdict.WRONG
    assert "grad against fun: correct; hess against grad: wrong" in report.notes[0]
    assert kind in kinds(report)
    assert report.inquiry > 0


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_sparse_matrices_are_claims(form, factor):
    for kind in ("matrix", "array"):
        made = getattr(sparse, f"{form}_{kind}")
        report = checked(hess=lambda beta, made=made: made(factor * hess(beta)))
        assert report.ok is (factor == 1.0)


@pytest.mark.parametrize("factor", [1.0, -1.0])
@pytest.mark.parametrize("adjoint", [True, False])
def test_operators_are_claims(adjoint, factor):
    def operator(beta):
        H = factor * hess(beta)
        if adjoint:
            return aslinearoperator(H)
        return LinearOperator((5, 5), matvec=lambda v: H @ v, dtype=float)

    report = checked(hess=operator)
    assert report.ok is (factor == 1.0)
    assert (gp.Kind.SIGN in kinds(report)) is (factor != 1.0)
    assert checked(hess=operator(BETA)).ok is (factor == 1.0)  # a finished one


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize(
    "form",
    [
        np.asfortranarray, lambda H: H.tolist(), np.matrix,
        lambda H: np.ascontiguousarray(H[::-1])[::-1], lambda H: H.astype(np.longdouble),
    ],
)  # fmt: skip
def test_any_matrix_of_numbers_will_do(form):
    assert checked(hess=lambda beta: form(hess(beta))).ok
    assert not checked(hess=lambda beta: form(hess(beta) + 0.1)).ok


def test_a_matrix_that_must_not_be_written_to():
    def read_only(beta):
        H = hess(beta)
        H.setflags(write=False)
        return H

    assert checked(hess=read_only).ok
    assert checked(hess=read_only(BETA)).ok


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (lambda beta: hess(beta)[:2], "shape (2, 5), but the Hessian of 5 parameters has shape"),
        (lambda beta: np.diag(hess(beta)), "shape (5,), but the Hessian"),
        (lambda beta: 3.0, "shape (), but the Hessian"),
        (lambda beta: None, "hess is None"),
        ("2-point", "approximation that SciPy makes by itself"),
        (lambda beta: hess(beta) + 0j, "must hold real numbers"),
        (lambda beta: np.ma.masked_array(hess(beta)), "masked"),
        (lambda beta: LinearOperator((4, 4), matvec=lambda v: v), "shape (4, 4)"),
        (lambda beta: sparse.eye_array(4), "shape (4, 4)"),
        (lambda beta: [hess(beta)], "hess is a list of 1: a matrix of shape (5, 5) is needed"),
        (lambda beta: [hess(beta).tolist()], "shape (1, 5, 5), but the Hessian"),
        (lambda beta: {"a": 1.0}, "hess is a dict with the keys 'a': a matrix of shape (5, 5)"),
    ],
)
def test_what_is_no_hessian_gets_one_sentence(claim, says):
    with pytest.raises(gp.UsageError) as caught:
        checked(hess=claim)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (lambda beta, v: hessp(beta, v)[:2], "shape (2,) for params"),
        (lambda beta, v: 1.0, "shape () for params"),
        (lambda beta, v: None, "hessp returned None"),
        (np.eye(5), "a matrix is passed as hess="),
    ],
)
def test_what_is_no_product_gets_one_sentence(claim, says):
    with pytest.raises(gp.UsageError) as caught:
        checked(hessp=claim)
    assert says in str(caught.value)


def test_complex_parameters_are_told_apart():
    with pytest.raises(gp.UsageError, match="real parameters"):
        gp.check(lambda z: float(abs(z @ z)), BETA + 1j, grad=lambda z: z, hess=hess)


def test_a_claim_that_is_not_finite_is_wrong():
    report = checked(hess=lambda beta: hess(beta) * np.array([1, 1, np.nan, 1, 1]))
    assert report.verdict is gp.Verdict.WRONG
    (finding,) = report.findings
    assert finding.kind is gp.Kind.NOT_FINITE
    assert "5 of 25 entries" in finding.message
    assert checked(hessp=lambda beta, v: v * np.nan).verdict is gp.Verdict.WRONG


def test_products_alone_and_beside_the_matrix():
    assert checked(hessp=hessp).ok
    half = checked(hessp=lambda beta, v: hessp(beta, v) / 2)
    assert gp.Kind.SCALE in kinds(half)
    both = checked(hess=hess, hessp=lambda beta, v: hessp(beta, v) / 2)
    assert "hess against grad: correct; hessp against grad: wrong" in both.notes[0]
    assert "hessp against hess: wrong" in both.notes[0]
    assert [b.name for b in both.blocks if b.verdict.rejects] == ["hessp"]


def test_products_have_to_be_linear():
    report = checked(hessp=lambda beta, v: hessp(beta, v) / np.linalg.norm(v))
    assert gp.Kind.NOT_LINEAR in kinds(report)
    assert not report.ok


def test_one_triangle_is_told_by_its_products_too():
    report = checked(hess=lambda beta: np.triu(hess(beta)), hessp=hessp)
    assert gp.Kind.TRIANGLE in kinds(report)
    assert "hess symmetric: wrong" in report.notes[0]


# The gradient, wrong or left out


def test_beside_a_wrong_gradient_the_function_decides():
    report = checked(grad=lambda beta: 2 * score(beta), hess=hess)
    assert report.verdict is gp.Verdict.WRONG
    assert "hess against grad: wrong; hess against fun: correct" in report.notes[0]
    assert {b.name: b.verdict.rejects for b in report.blocks} == {"params": True, "hess": False}


def test_a_hessian_of_the_wrong_gradient_is_wrong():
    report = checked(grad=lambda beta: 2 * score(beta), hess=lambda beta: 2 * hess(beta))
    assert "hess against grad: correct; hess against fun: wrong" in report.notes[0]
    assert {b.name: b.verdict.rejects for b in report.blocks} == {"params": True, "hess": True}


@pytest.mark.parametrize("factor", [1.0, 1.001])
def test_without_a_gradient_the_function_decides(factor):
    report = checked(grad=None, hess=lambda beta: factor * hess(beta))
    assert report.ok is (factor == 1.0)
    assert "hess against fun" in report.notes[0]
    assert checked(grad=None, hessp=lambda beta, v: factor * hessp(beta, v)).ok is (factor == 1.0)


@pytest.mark.parametrize("kind", ["scale", "sign", "triangle", "zero", "inverse", "permutation"])
def test_without_a_gradient_the_cause_is_named_as_well(kind):
    report = checked(grad=None, hess=lambda beta: WRONG[kind](hess(beta)))
    assert report.verdict is gp.Verdict.WRONG
    assert kind in kinds(report)


def test_a_finished_gradient_cannot_be_moved():
    report = checked(grad=score(BETA), hess=hess)
    assert report.ok
    assert "grad against fun: correct; hess against fun: correct" in report.notes[0]


def test_fun_may_return_both():
    report = gp.check(lambda beta: (loss(beta), score(beta)), BETA, grad=True, hess=hess)
    assert report.ok


def test_a_gradient_of_another_shape_leaves_the_function():
    report = checked(grad=lambda beta: score(beta)[:2], hess=hess)
    assert "grad against fun: wrong; hess against fun: correct" in report.notes[0]


def test_further_arguments_reach_all_claims():
    report = gp.check(
        lambda beta, a, b=1.0: a * b * loss(beta), BETA,
        grad=lambda beta, a, b=1.0: a * b * score(beta),
        hess=lambda beta, a, b=1.0: a * b * hess(beta),
        hessp=lambda beta, v, a, b=1.0: a * b * hessp(beta, v),
        args=(2.0,), kwargs={"b": 3.0},
    )  # fmt: skip
    assert report.ok


# Points of all kinds


def quartic(x):
    return float(np.sum(np.asarray(x) ** 4))


def quartic_grad(x):
    return 4 * np.asarray(x) ** 3


def quartic_hess(x):
    x = np.asarray(x)
    return np.diag(12 * x.ravel() ** 2) if x.ndim else 12 * x**2


@pytest.mark.parametrize(
    "point",
    [
        [1.0, 2.0, -3.0], (1.0, 2.0), [1, 2, -3], [1.0, 2, 3], np.array([1, 2, -3]), np.array(2),
        2.0, 2, np.array(2.0), np.array([2.0]), np.array([[1.0, 2], [3, 4]]),
        np.asfortranarray([[1.0, 2], [3, 4]]), np.arange(1.0, 9)[::2],
    ],
    ids=str,
)  # fmt: skip
def test_points_as_scipy_takes_them(point):
    assert gp.check(quartic, point, grad=quartic_grad, hess=quartic_hess).ok
    wrong = gp.check(quartic, point, grad=quartic_grad, hess=lambda x: 1.01 * quartic_hess(x))
    assert wrong.verdict is gp.Verdict.WRONG


def test_nothing_to_differentiate():
    with pytest.raises(gp.UsageError, match="empty"):
        gp.check(quartic, np.zeros(0), grad=quartic_grad, hess=np.zeros((0, 0)))


def test_an_array_of_any_shape_has_one_of_twice_that_shape():
    point = rng.normal(size=(2, 3))
    flat = quartic_hess(point)
    for shape in (flat.shape, (2, 3, 2, 3)):
        claim = lambda x, shape=shape: quartic_hess(x).reshape(shape)
        assert gp.check(quartic, point, grad=quartic_grad, hess=claim).ok


def test_float32_has_its_own_bands():
    point = BETA.astype(np.float32)
    grad = lambda beta: score(beta).astype(np.float32)
    right = gp.check(loss, point, grad=grad, hess=lambda beta: hess(beta).astype(np.float32))
    wrong = gp.check(loss, point, grad=grad, hess=lambda beta: hess(1.1 * beta).astype(np.float32))
    assert right.ok
    assert wrong.verdict is gp.Verdict.WRONG


# Trees

TREE = {"beta": BETA[:3], "alpha": BETA[3:]}
PLACES = {"beta": slice(0, 3), "alpha": slice(3, 5)}


def flat(p):
    return np.concatenate([p["beta"], p["alpha"]])


def tree_loss(p):
    return loss(flat(p))


def tree_score(p):
    whole = score(flat(p))
    return {key: whole[place] for key, place in PLACES.items()}


def tree_hess(p):
    whole = hess(flat(p))
    return {a: {b: whole[PLACES[a], PLACES[b]] for b in PLACES} for a in PLACES}


def test_a_tree_has_a_tree_of_trees():
    for claim in (tree_hess, tree_hess(TREE), lambda p: hess(flat(p))):
        report = gp.check(tree_loss, TREE, grad=tree_score, hess=claim)
        assert report.ok
    names = {b.name for b in report.blocks}
    assert "hess[params['beta'], params['alpha']]" in names
    assert len(names) == 2 + 4


def cross_zero(p):
    found = tree_hess(p)
    found["beta"]["alpha"] *= 0
    found["alpha"]["beta"] *= 0
    return found


def cross_left_out(p):
    found = tree_hess(p)
    return {"beta": {"beta": found["beta"]["beta"]}, "alpha": {"alpha": found["alpha"]["alpha"]}}


@pytest.mark.parametrize("claim", [cross_zero, cross_left_out])
def test_the_pair_at_fault_is_named(claim):
    report = gp.check(tree_loss, TREE, grad=tree_score, hess=claim)
    wrong = {b.name for b in report.blocks if b.verdict.rejects}
    assert wrong == {
        "hess[params['beta'], params['alpha']]", "hess[params['alpha'], params['beta']]",
    }  # fmt: skip
    assert gp.Kind.ZERO in kinds(report)


def test_a_mirror_image_left_zero_is_a_triangle():
    def claim(p):
        found = tree_hess(p)
        found["alpha"]["beta"] *= 0
        return found

    report = gp.check(tree_loss, TREE, grad=tree_score, hess=claim)
    assert [b.name for b in report.blocks if b.verdict.rejects] == [
        "hess[params['alpha'], params['beta']]"
    ]
    assert gp.Kind.TRIANGLE in kinds(report)


def test_a_pair_of_the_wrong_shape():
    def claim(p):
        found = tree_hess(p)
        found["alpha"]["beta"] = found["beta"]["alpha"]
        return found

    with pytest.raises(gp.UsageError, match=r"hess\[params\['alpha'\], params\['beta'\]\] has"):
        gp.check(tree_loss, TREE, grad=tree_score, hess=claim)


def many(blocks, spread):
    """A function of so many blocks, whose sizes are far apart, and its Hessian."""
    generator = np.random.default_rng(blocks)
    sizes = np.repeat(10.0 ** generator.uniform(-spread, spread, size=blocks), 3)
    start = generator.normal(size=3 * blocks) * sizes
    A = generator.normal(size=(3 * blocks + 5, 3 * blocks)) / sizes / (3 * blocks) ** 0.5
    point = {f"p{i}": start[3 * i : 3 * i + 3] for i in range(blocks)}
    row = lambda p: np.concatenate(list(p.values()))
    tree = lambda r: {key: r[3 * i : 3 * i + 3] for i, key in enumerate(point)}
    fun = lambda p: float(np.sum(np.log(np.cosh(A @ row(p)))))
    grad = lambda p: tree(A.T @ np.tanh(A @ row(p)))
    hess = lambda p: (A.T * (1 - np.tanh(A @ row(p)) ** 2)) @ A
    return fun, point, grad, hess


@pytest.mark.parametrize("blocks", [2, 8, 11])
def test_no_pair_hides_behind_another(blocks):
    fun, point, grad, hess = many(blocks, 3)
    assert gp.check(fun, point, grad=grad, hess=hess).ok

    def claim(p):
        H = hess(p)
        H[:3, 3:6] *= 1.001
        H[3:6, :3] *= 1.001
        return H

    report = gp.check(fun, point, grad=grad, hess=claim)
    wrong = {b.name for b in report.blocks if b.verdict.rejects}
    assert wrong == {
        "hess[params['p0'], params['p1']]", "hess[params['p1'], params['p0']]",
    }  # fmt: skip
    assert gp.Kind.SCALE in kinds(report)


# Functions with habits


def test_a_hessian_that_spoils_its_argument():
    def claim(beta):
        H = hess(beta)
        beta *= 2
        return H

    report = checked(hess=claim)
    assert report.ok
    assert gp.Kind.MUTATION in kinds(report)


def test_a_hessian_that_is_not_repeatable_is_undecided():
    noise = np.random.default_rng(0)
    report = checked(hess=lambda beta: hess(beta) + 1e-3 * noise.normal(size=(5, 5)))
    assert report.verdict is gp.Verdict.UNDECIDED
    assert gp.Kind.NONDETERMINISTIC in kinds(report)


def bent(x):
    return float(np.sum(np.where(x < 1, x**2, (x**4 + 1) / 2)))


def bent_grad(x):
    return np.where(x < 1, 2 * x, 2 * x**3)


def bent_hess(x):
    return np.diag(np.where(x < 1, 2.0, 6 * x**2))


def test_at_a_kink_of_the_gradient_the_check_goes_on_beside_it():
    point = np.array([1.0, 0.3, 2.0])
    report = gp.check(bent, point, grad=bent_grad, hess=bent_hess)
    assert report.ok
    assert gp.Kind.KINK in kinds(report)
    assert not gp.check(bent, point, grad=bent_grad, hess=lambda x: 2 * bent_hess(x)).ok
    # A finished matrix is known at the kink only, where each side will do.
    fixed = gp.check(bent, point, grad=bent_grad, hess=bent_hess(point))
    assert not fixed.verdict.rejects
    assert not gp.check(bent, point, grad=bent_grad, hess=4 * bent_hess(point)).ok


def test_what_the_user_raises_is_the_users():
    def claim(beta):
        raise RuntimeError("my own")

    with pytest.raises(RuntimeError, match="my own"):
        checked(hess=claim)


def test_a_report_is_saved_and_read_again(tmp_path):
    report = checked(hess=lambda beta: np.tril(hess(beta)), hessp=hessp)
    path = tmp_path / "report.json"
    report.save(path)
    assert gp.load(path).findings == report.findings
    assert "only its lower triangle" in report.text()


# Many parameters


def chain(n):
    """Springs in a row, that stiffen: a tridiagonal Hessian."""

    def fun(x):
        d = np.diff(x)
        return float(np.sum(d**2 / 2 + d**4 / 4) + x[0] ** 2)

    def grad(x):
        force, found = np.diff(x) + np.diff(x) ** 3, np.zeros(n)
        found[1:] += force
        found[:-1] -= force
        found[0] += 2 * x[0]
        return found

    def hess(x):
        k, main = 1 + 3 * np.diff(x) ** 2, np.zeros(n)
        main[1:] += k
        main[:-1] += k
        main[0] += 2
        return sparse.diags_array([main, -k, -k], offsets=[0, 1, -1]).tocsr()

    return fun, np.random.default_rng(n).normal(size=n), grad, hess


def one_entry(H, mirror):
    H = H.tolil()
    H[100, 101] *= 1.5
    if mirror:
        H[101, 100] *= 1.5
    return H.tocsr()


@pytest.mark.parametrize("n", [300, 5000])
def test_of_many_parameters_the_entry_is_found(n):
    fun, point, grad, hess = chain(n)
    right = gp.check(fun, point, grad=grad, hess=hess, hessp=lambda x, v: hess(x) @ v)
    assert right.ok
    assert right.evaluations <= 40
    for mirror in (True, False):
        wrong = lambda x, mirror=mirror: one_entry(hess(x), mirror)
        for claim in ({"hess": wrong}, {"hessp": lambda x, v, wrong=wrong: wrong(x) @ v}):
            report = gp.check(fun, point, grad=grad, **claim)
            assert report.verdict is gp.Verdict.WRONG
            assert "[100, 101]" in " ".join(f.message for f in report.findings)


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda H: 2 * H, "scale"), (lambda H: sparse.tril(H).tocsr(), "triangle"),
        (lambda H: sparse.diags_array(H.diagonal()), "sparsity"),
    ],
)  # fmt: skip
def test_of_many_parameters_the_cause_is_named(spoil, kind):
    fun, point, grad, hess = chain(300)
    report = gp.check(fun, point, grad=grad, hess=lambda x: spoil(hess(x)))
    assert kind in kinds(report)
    assert "where it was looked at" in report.findings[0].message
