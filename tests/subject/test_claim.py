"""The claimed gradient: every form in which a user may hand it over, and its own noise."""

import dataclasses
from collections import OrderedDict, namedtuple
from types import MappingProxyType

import numpy as np
import optree
import pytest

import gradproof as gp
from gradproof import Kind, UsageError, Verdict
from gradproof.space.point import Point
from gradproof.subject import claim as claims

A, B = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0])

Layer = namedtuple("Layer", "W b")
Gradients = namedtuple("Gradients", "dW db")


@optree.dataclasses.dataclass(namespace="tests of gradproof")
class Dense:
    """A layer as a dataclass, with a field that is no parameter."""

    W: np.ndarray
    b: np.ndarray
    name: str = optree.dataclasses.field(default="dense", pytree_node=False)


@dataclasses.dataclass
class Plain:
    """What a backward pass may return: no pytree, but with fields of the right names."""

    W: np.ndarray
    b: np.ndarray


def cost(W, b):
    return float(np.sum(W**2) + np.sum(b**3))


def dW(W):
    return 2 * W


def db(b):
    return 3 * b**2


def verdicts(report):
    return {block.name: block.verdict for block in report.blocks}


# Forms: a point, the function of it, its gradient from the two parts, and the name of ``b``

BY_KEY = lambda p: cost(p["W"], p["b"])
BY_FIELD = lambda p: cost(p.W, p.b)
BY_INDEX = lambda p: cost(*p)

FORMS = {
    "dict": ({"W": A, "b": B}, BY_KEY, lambda W, b: {"W": W, "b": b}, "params['b']"),
    "other order": ({"W": A, "b": B}, BY_KEY, lambda W, b: {"b": b, "W": W}, "params['b']"),
    "dW": ({"W": A, "b": B}, BY_KEY, lambda W, b: {"dW": W, "db": b}, "params['b']"),
    "half dW": ({"W": A, "b": B}, BY_KEY, lambda W, b: {"dW": W, "b": b}, "params['b']"),
    "OrderedDict": (
        OrderedDict(W=A, b=B), BY_KEY, lambda W, b: OrderedDict(db=b, dW=W), "params['b']",
    ),
    "read-only mapping": (
        {"W": A, "b": B}, BY_KEY, lambda W, b: MappingProxyType({"W": W, "b": b}), "params['b']",
    ),
    "surplus": (
        {"W": A, "b": B}, BY_KEY,
        lambda W, b: {"dW": W, "db": b, "dA0": object(), "W": -A, "b": -B, "cache": None},
        "params['b']",
    ),
    "dataclass for dict": ({"W": A, "b": B}, BY_KEY, Plain, "params['b']"),
    "namedtuple for dict": ({"W": A, "b": B}, BY_KEY, Gradients, "params['b']"),
    "list": ([A, B], BY_INDEX, lambda W, b: [W, b], "params[1]"),
    "tuple for list": ([A, B], BY_INDEX, lambda W, b: (W, b), "params[1]"),
    "longer list": ([A, B], BY_INDEX, lambda W, b: [W, b, 1, None], "params[1]"),
    "tuple": ((A, B), BY_INDEX, lambda W, b: (W, b), "params[1]"),
    "namedtuple for tuple": ((A, B), BY_INDEX, Gradients, "params[1]"),
    "namedtuple": (Layer(A, B), BY_FIELD, Layer, "params.b"),
    "namedtuple dW": (Layer(A, B), BY_FIELD, Gradients, "params.b"),
    "dict for namedtuple": (
        Layer(A, B), BY_FIELD, lambda W, b: {"dW": W, "db": b}, "params.b",
    ),
    "dataclass": (Dense(A, B), BY_FIELD, Dense, "params.b"),
    "dict for dataclass": (Dense(A, B), BY_FIELD, lambda W, b: {"W": W, "b": b}, "params.b"),
    "nested": (
        {"net": [Layer(A, 1), {"b": (B,)}]},
        lambda p: cost(p["net"][0].W, p["net"][1]["b"][0]),
        lambda W, b: {"dnet": (Layer(W, None), {"db": [b]})},
        "params['net'][1]['b'][0]",
    ),
}  # fmt: skip


def parts(point):
    """The two parameters in a point of any form."""
    W, b = (leaf for leaf in Point(point).tree.leaves if isinstance(leaf, np.ndarray))
    return W, b


@pytest.mark.parametrize(("point", "fun", "assemble", "name"), FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("way", ["function", "finished", "with the value"])
def test_forms_of_a_gradient(point, fun, assemble, name, way):
    def check(factor):
        def grad(p):
            W, b = parts(p)
            return assemble(dW(W), factor * db(b))

        if way == "function":
            return gp.check(fun, point, grad=grad)
        if way == "finished":
            return gp.check(fun, point, grad=grad(point))
        return gp.check(lambda p: (fun(p), grad(p)), point, grad=True)

    assert check(1.0).ok
    wrong = check(1.001)
    assert [b.name for b in wrong.blocks if b.verdict is Verdict.WRONG] == [name]
    assert [b.name for b in wrong.blocks if b.verdict is Verdict.CORRECT] == [wrong.blocks[0].name]


@pytest.mark.parametrize("form", [lambda g: g, list, tuple, np.asfortranarray, lambda g: g[:]])
def test_forms_of_one_array(form):
    def fun(x):
        return float(np.sum(x**2))

    assert gp.check(fun, A, grad=lambda x: form(2 * x)).ok
    assert gp.check(fun, A, grad=form(2 * A)).ok
    assert not gp.check(fun, A, grad=form(2.001 * A)).ok


def test_an_array_for_a_list_of_numbers():
    assert gp.check(lambda p: p[0] ** 2 + p[1] ** 3, [1.0, 2.0], grad=np.array([2.0, 12.0])).ok
    assert not gp.check(lambda p: p[0] ** 2 + p[1] ** 3, [1.0, 2.0], grad=np.array([2.0, 9.0])).ok


def test_value_and_gradient_may_come_in_a_list():
    assert gp.check(lambda x: [float(x @ x), 2 * x], A, grad=True).ok
    assert not gp.check(lambda x: [float(x @ x), 3 * x], A, grad=True).ok


# The names dW1 for W1


def test_a_parameter_that_is_itself_called_dW():
    def fun(p):
        return cost(p["W"], p["dW"])

    point = {"W": A, "dW": B}
    for right in ({"W": dW(A), "dW": db(B)}, {"W": dW(A), "ddW": db(B)}):
        assert gp.check(fun, point, grad=right).ok
    swapped = gp.check(fun, {"W": A, "dW": A}, grad={"W": db(A), "dW": dW(A)})
    assert set(verdicts(swapped).values()) == {Verdict.WRONG}
    # Here dW is the gradient of the parameter dW, and W has none.
    short = gp.check(fun, {"W": A, "dW": A}, grad={"dW": dW(A)})
    assert [f.block for f in short.findings if f.kind is Kind.MISSING_BLOCK] == ["params['W']"]


def test_dW_is_meant_where_both_are_there():
    """The other is the parameter, which travels along in a cache."""
    right = gp.check(BY_KEY, {"W": A, "b": B}, grad={"W": A, "dW": dW(A), "b": B, "db": db(B)})
    assert right.ok
    wrong = gp.check(BY_KEY, {"W": A, "b": B}, grad={"W": dW(A), "dW": A, "b": db(B), "db": B})
    assert set(verdicts(wrong).values()) == {Verdict.WRONG}


def test_a_shorter_list_lacks_a_block():
    report = gp.check(BY_INDEX, [A, B], grad=lambda p: [dW(p[0])])
    assert verdicts(report) == {"params[0]": Verdict.CORRECT, "params[1]": Verdict.WRONG}
    assert (Kind.MISSING_BLOCK, "params[1]") in {(f.kind, f.block) for f in report.findings}


def test_attributes_of_arrays_and_lists_are_no_entries():
    """``T`` and ``copy`` name parameters here, and an array has a ``.T``."""
    with pytest.raises(UsageError, match="no entry"):
        gp.check(lambda p: float(np.sum(p["T"])), {"T": A}, grad=np.ones(3))
    with pytest.raises(UsageError, match="no entry"):
        gp.check(lambda p: float(np.sum(p["copy"])), {"copy": A}, grad=[np.ones(3)])


# Matching, by itself


def test_match_knows_norms_and_what_is_missing():
    point = Point({"W": A, "b": B, "n": 3})
    claim = claims.match(point, {"W": np.array([3.0, 0.0, 4.0])})
    assert claim.norms == (5.0, 0.0)
    assert list(claim.missing) == [1]
    assert claim.finite(0)
    assert not claims.match(point, {"W": A * np.nan, "b": B}).finite(0)


def test_match_does_not_change_the_precision_of_a_claim():
    point = Point({"W": A})
    for dtype in (np.float16, np.float32, np.float64, np.longdouble):
        (gradient,) = claims.match(point, {"W": A.astype(dtype)}).gradients
        assert gradient.dtype == dtype
    (gradient,) = claims.match(point, {"W": np.array([1, 2, 3])}).gradients
    assert gradient.dtype == np.float64


def test_match_gives_complex_claims_to_complex_parameters():
    point = Point({"z": A + 1j * A})
    (gradient,) = claims.match(point, {"z": A}).gradients
    assert gradient.dtype == np.complex128
    assert np.array_equal(gradient, A)


def test_the_convention_for_complex_parameters():
    z = A + 1j * A[::-1]

    def fun(z):
        return float(np.sum(z.real**2 + 3 * z.imag))

    assert gp.check(fun, z, grad=lambda z: 2 * z.real + 3j).ok
    assert gp.check(fun, z, grad=lambda z: 2 * z.real - 3j).verdict is Verdict.WRONG


def sketched(point, gradient):
    return claims.sketch(claims.match(point, gradient), point.blocks)


def test_sketches_tell_one_bit_and_which_block_it_is_in():
    point = Point({"W": A, "b": B})
    one = sketched(point, {"W": A, "b": B})
    assert np.array_equal(one, sketched(point, {"W": A.copy(), "b": B[::-1].copy()[::-1]}))
    other = sketched(point, {"W": A, "b": np.nextafter(B, 9)})
    distances = claims.distance(one, other)
    assert distances[0] == 0
    assert 0 < distances[1] < 1e-14


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_sketches_tell_how_far_two_claims_are_apart(count):
    point = Point(np.ones(count))
    rng = np.random.default_rng(count)
    for error in (np.eye(1, count)[0], rng.normal(size=count), np.ones(count)):
        (told,) = claims.distance(
            sketched(point, np.ones(count)), sketched(point, np.ones(count) + error)
        )
        assert 0.2 < told / np.linalg.norm(error) < 3


def test_claims_that_are_not_finite_are_no_different_from_themselves():
    point = Point({"W": A, "b": B})
    broken = sketched(point, {"W": A * np.nan, "b": B})
    assert claims.distance(broken, broken) == (0.0, 0.0)
    fixed = claims.distance(broken, sketched(point, {"W": A, "b": B}))
    assert not fixed[0] < 1
    assert fixed[1] == 0


LARGE = np.random.default_rng(5).normal(size=(70, 70))


def test_a_claim_of_its_own_does_not_follow_the_users_arrays():
    point, given = Point({"W": LARGE}), LARGE.copy()
    followed = claims.match(point, {"W": given})
    owned = claims.owned(followed)
    given += 1
    assert np.array_equal(owned.gradients[0], LARGE)
    assert np.array_equal(followed.gradients[0], LARGE + 1)


def test_arrays_that_somebody_holds_are_noticed():
    point, buffer = Point({"W": LARGE}), LARGE.copy()

    def still_held(make):
        return claims.watched(claims.match(point, {"W": make()}))()

    assert still_held(lambda: buffer)
    assert still_held(lambda: buffer[:])
    assert not still_held(LARGE.copy)


def test_a_small_claim_is_copied_at_once_whole():
    point, given = Point({"W": A, "b": B}), {"W": A.copy(), "b": B.copy()}
    claim = claims.match(point, given)
    given["W"] += 1
    assert claims.owned(claim) is claim
    assert not claims.watched(claim)()
    assert np.array_equal(claim.whole, [*A.ravel(), *B.ravel()])
    assert np.shares_memory(claim.gradients[1], claim.whole)
    assert claim.norms == pytest.approx([np.linalg.norm(A), np.linalg.norm(B)], rel=1e-15)


def test_small_claims_are_compared_to_the_last_bit():
    point = Point({"W": A, "b": B})
    before = claims.remembered(claims.match(point, {"W": A, "b": B}), point.blocks)
    same = claims.changed(before, claims.match(point, {"W": A.copy(), "b": B}), point)
    other = claims.changed(before, claims.match(point, {"W": A, "b": np.nextafter(B, 9)}), point)
    assert same == (0.0, 0.0)
    assert other[0] == 0 < other[1]
