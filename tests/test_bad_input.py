"""Bad input: each kind gets one clear sentence that names the block and says what to do."""

import dataclasses
import warnings
from array import array
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import scipy.sparse

import gradproof as gp
from gradproof import Kind, UsageError, Verdict

X = np.array([1.0, -2.0, 3.0, 0.5])
PAIR = {"W": X, "b": X + 1}


def fun(x):
    return float(np.sum(x**2))


def grad(x):
    return 2 * x


def fun_of_dict(p):
    return float(sum(np.sum(v**2) for v in p.values()))


def grad_of_dict(p):
    return {name: 2 * value for name, value in p.items()}


def sentence(*args, **kwargs):
    """What the user reads: the message of the UsageError that a check raises."""
    with pytest.raises(UsageError) as caught:
        gp.check(*args, **kwargs)
    message = str(caught.value)
    assert message.endswith((".", "?")), message
    assert not message.endswith(("?.", "..", "!.")), message
    assert "\n" not in message
    return message


def kinds(report):
    return {(finding.kind, finding.block) for finding in report.findings}


def test_the_same_input_without_the_fault_passes():
    assert gp.check(fun, X, grad=grad).ok
    assert gp.check(fun_of_dict, PAIR, grad=grad_of_dict).ok
    assert not gp.check(fun, X, grad=lambda x: 3 * x).ok


# Shapes and structure of the gradient


@pytest.mark.parametrize(
    ("point", "claim", "shape"),
    [
        (X, np.ones(3), "(3,)"),
        (X, 1.0, "()"),
        (X.reshape(4, 1), np.ones(4), "(4,)"),
        (X.reshape(4, 1), np.ones((1, 4)), "(1, 4)"),
        (np.array([2.0]), 4.0, "()"),
        (X, [1.0, 2.0], "(2,)"),
    ],
)
def test_shapes_that_differ(point, claim, shape):
    report = gp.check(fun, point, grad=claim)
    assert report.verdict is Verdict.WRONG
    (found,) = report.findings
    assert found.kind is Kind.SHAPE
    assert f"The gradient of params has shape {shape} and needs {point.shape}" in found.message


def test_shapes_that_differ_in_one_block():
    claim = lambda p: {"dW": 2 * p["W"], "db": np.ones((4, 4))}
    report = gp.check(fun_of_dict, PAIR, grad=claim)
    assert [str(b.verdict) for b in report.blocks] == ["correct", "wrong"]
    assert kinds(report) == {(Kind.SHAPE, "params['b']")}
    assert "no sum of it is right" in report.findings[0].message


@pytest.mark.parametrize("claim", [{"W": 2 * X}, {"W": 2 * X, "b": None}], ids=["absent", "None"])
def test_a_missing_block_is_told_and_taken_for_zero(claim):
    report = gp.check(fun_of_dict, PAIR, grad=claim)
    assert (Kind.MISSING_BLOCK, "params['b']") in kinds(report)
    assert {b.name: b.verdict for b in report.blocks} == {
        "params['W']": Verdict.CORRECT,
        "params['b']": Verdict.WRONG,
    }


def test_a_missing_block_that_is_zero_is_right_and_told():
    report = gp.check(lambda p: fun(p["W"]), PAIR, grad={"W": 2 * X})
    assert report.ok
    assert (Kind.MISSING_BLOCK, "params['b']") in kinds(report)
    assert not gp.check(lambda p: fun(p["W"]), PAIR, grad={**PAIR, "W": 2 * X}).ok


@pytest.mark.parametrize(
    ("claim", "seen"),
    [({"V": X}, "V"), ({}, "W"), ([X, X], "list"), (np.ones(8), "shape (8,)"), (1.0, "float")],
)
def test_all_blocks_missing(claim, seen):
    message = sentence(fun_of_dict, PAIR, grad=lambda p: claim)
    assert "params['W'], params['b']" in message
    assert seen in message
    assert "dW1 for W1" in message


def test_a_dict_for_a_list():
    assert "params[0]" in sentence(lambda p: fun(p[0]), [X], grad=lambda p: {"W": X})


def test_a_dict_for_an_array():
    message = sentence(fun, X, grad=lambda x: {"W": 2 * x})
    assert "gradient of params" in message
    assert "dict" in message


def test_a_gradient_that_is_none():
    message = sentence(fun, X, grad=lambda x: None)
    assert "None" in message
    assert "params" in message


@pytest.mark.parametrize("claim", [None, False])
def test_no_gradient_at_all(claim):
    assert "grad=" in sentence(fun, X, grad=claim)
    assert "grad=" in sentence(fun, X)


@pytest.mark.parametrize(
    "claim",
    [
        X.astype(object), np.array(list("abcd")), "abcd", b"abcd", object(), {1.0, 2.0},
        [[1.0, 2.0], [3.0]], (value for value in X), np.array(["2020-01-01"] * 4, dtype="M8[D]"),
    ],
    ids=["object", "letters", "str", "bytes", "instance", "set", "ragged", "generator", "dates"],
)  # fmt: skip
def test_a_gradient_that_is_no_array_of_numbers(claim):
    message = sentence(fun, X, grad=lambda x: claim)
    assert "gradient of params" in message


def test_a_complex_gradient_of_a_real_parameter():
    message = sentence(fun, X, grad=lambda x: 2 * x + 3j)
    assert "params is real" in message
    assert "3" in message
    assert gp.check(fun, X, grad=lambda x: 2 * x + 0j).ok
    assert not gp.check(fun, X, grad=lambda x: 3 * x + 0j).ok


@pytest.mark.parametrize(
    ("bad", "entries"), [(np.nan, [[1, 2]]), (np.inf, [[0, 1]]), (-np.inf, [[0, 0], [2, 3]])]
)
def test_a_claim_that_is_not_finite(bad, entries):
    x = np.linspace(1, 2, 12).reshape(3, 4)

    def broken(x):
        out = 2 * x
        for entry in entries:
            out[tuple(entry)] = bad
        return out

    report = gp.check(fun, x, grad=broken)
    assert report.verdict is Verdict.WRONG
    (finding,) = report.findings
    assert (finding.kind, finding.block) == (Kind.NOT_FINITE, "params")
    assert f"{len(entries)} of 12" in finding.message
    assert all(str(entry) in finding.message for entry in entries)
    assert gp.check(fun, x, grad=grad).ok


def test_a_claim_that_is_not_finite_in_one_block_spoils_no_other():
    report = gp.check(fun_of_dict, PAIR, grad=lambda p: {"W": 2 * p["W"], "b": p["b"] * np.nan})
    assert [b.verdict for b in report.blocks] == [Verdict.CORRECT, Verdict.WRONG]


# The point


MIXED = {
    "W": X,
    "layers": 3,
    "bias": True,
    "mask": np.array([True, False]),
    "index": np.arange(3),
    "name": "relu",
    "raw": b"x",
    "nothing": None,
    "empty": np.zeros((0, 3)),
}


def test_leaves_that_do_not_move_are_named():
    report = gp.check(lambda p: fun(p["W"]), MIXED, grad=lambda p: {"W": 2 * p["W"]})
    assert report.ok
    left = dict(report.left_alone)
    assert list(left) == [f"params[{name!r}]" for name in MIXED if name != "W"]
    assert "int64" in left["params['index']"]
    assert "bool" in left["params['mask']"]
    assert "(0, 3)" in left["params['empty']"]
    text = report.text(200)
    assert all(name in text for name in list(left)[:6])
    broken = gp.check(lambda p: fun(p["W"]), MIXED, grad=lambda p: {"W": 3 * p["W"]})
    assert not broken.ok


def test_leaves_that_do_not_move_reach_fun_as_they_are():
    def picky(p):
        assert p["name"] == "relu"
        assert p["nothing"] is None
        assert type(p["layers"]) is int
        assert p["bias"] is True
        return fun(p["W"]) * p["layers"]

    assert gp.check(picky, MIXED, grad=lambda p: {"W": 6 * p["W"]}).ok
    assert not gp.check(picky, MIXED, grad=lambda p: {"W": 2 * p["W"]}).ok


@pytest.mark.parametrize(
    "point",
    [np.array([True]), True, None, "abc", np.zeros(0), {"a": None, "b": 1}, [None]],
    ids=repr,
)
def test_nothing_to_differentiate(point):
    message = sentence(fun, point, grad=grad)
    assert message.startswith("Nothing in the point can be differentiated: params")


@pytest.mark.parametrize("point", [{}, [], (), {"a": {}}])
def test_an_empty_point(point):
    assert "no parameters" in sentence(fun, point, grad=grad)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_point_that_is_not_finite(bad):
    x = np.array([[1.0, 2.0], [bad, 3.0]])
    message = sentence(fun_of_dict, {"a": X, "W": x}, grad=grad_of_dict)
    assert "params['W'] has 1 of 4 entries that are not finite" in message
    assert "[1, 0]" in message


@pytest.mark.parametrize("point", [float("nan"), np.float32("inf"), np.array(np.nan)])
def test_a_number_that_is_not_finite(point):
    message = sentence(fun, point, grad=grad)
    assert "params" in message
    assert "not finite" in message
    assert "[]" not in message


class Parameters:
    """A class that optree does not know."""


@dataclasses.dataclass
class Layer:
    """A dataclass that nobody registered."""

    W: np.ndarray


@pytest.mark.parametrize(
    "leaf",
    [Parameters(), Layer(X), {1.0, 2.0}, Decimal("1.5")],
    ids=["instance", "dataclass", "set", "Decimal"],
)
def test_a_leaf_of_an_unknown_type(leaf):
    message = sentence(fun, {"theta": leaf}, grad=grad)
    assert message.startswith("params['theta']")
    assert type(leaf).__name__ in message
    assert "optree" in message


@pytest.mark.parametrize(
    "leaf",
    [
        X.astype(object),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.zeros(2, dtype=[("a", float)]),
        np.array(["a"]),
    ],
    ids=["object", "dates", "records", "letters"],
)
def test_an_array_of_no_numbers(leaf):
    message = sentence(fun, {"theta": leaf}, grad=grad)
    assert message.startswith("params['theta']")
    assert str(leaf.dtype) in message


def test_a_masked_array():
    masked = np.ma.array(X, mask=[True, False, False, False])
    assert "params" in sentence(fun, masked, grad=grad)
    assert "masked" in sentence(fun, masked, grad=grad)
    assert "masked" in sentence(fun, X, grad=lambda x: np.ma.array(2 * x, mask=masked.mask))


def test_a_matrix():
    """``*`` means another product there, and the function would get an array."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        matrix = np.matrix(X)
        message = sentence(lambda x: float((x * x.T)[0, 0]), matrix, grad=grad)
    assert "params" in message
    assert "matrix" in message


def test_a_point_that_contains_itself():
    point = [X]
    point.append(point)
    assert "itself" in sentence(fun, point, grad=grad)


# Things that are no arrays are named as what they are


def a_named_function(x):
    return x


async def waiting(x):
    return fun(x)


async def waiting_gradient(x):
    return grad(x)


def yielding(x):
    yield fun(x)


class Cost:
    """A cost and its gradient as methods."""

    def value(self, x):
        return fun(x)


SPARSE = scipy.sparse.csr_array(np.eye(4))

STRANGE = [
    (lambda: SPARSE, "a SciPy sparse matrix (csr_array)", ".toarray()"),
    (lambda: partial(a_named_function, X), "a functools.partial of a_named_function", "call it"),
    (lambda: lambda: X, "a lambda at test_bad_input.py:", "call it"),
    (lambda: np.tanh, "the function tanh", "call it"),
    (lambda: waiting(X), "a coroutine (waiting)", "def for async def"),
    (lambda: (v for v in X), "a generator", "np.array(list(...))"),
    (lambda: Cost, "the class Cost", "make an instance"),
]
STRANGE_IDS = ["sparse", "partial", "lambda", "ufunc", "coroutine", "generator", "class"]


@pytest.mark.parametrize(("made", "kind", "advice"), STRANGE, ids=STRANGE_IDS)
def test_a_strange_leaf_is_named(made, kind, advice):
    message = sentence(fun_of_dict, {"theta": made()}, grad=grad)
    assert message.startswith(f"params['theta'] is {kind}")
    assert advice in message


@pytest.mark.parametrize(("made", "kind", "advice"), STRANGE, ids=STRANGE_IDS)
def test_a_strange_gradient_is_named(made, kind, advice):
    message = sentence(fun, X, grad=lambda x: made())
    assert message.startswith(f"The gradient of params is {kind}")
    assert advice in message


@pytest.mark.parametrize(("made", "kind", "advice"), STRANGE[1:5], ids=STRANGE_IDS[1:5])
def test_a_strange_value_is_named(made, kind, advice):
    message = sentence(lambda x: made(), X, grad=grad)
    assert message.startswith(f"fun must return a real scalar, but returned {kind}")
    assert advice in message


def test_what_pandas_and_autograd_hold_is_named():
    """Neither is needed for these tests: the name of the module and of the class says it."""
    frame = type("DataFrame", (), {"__module__": "pandas.core.frame"})()
    assert "is a pandas DataFrame, and no array" in sentence(fun, frame, grad=grad)
    assert ".to_numpy()" in sentence(fun, frame, grad=grad)
    box = type("ArrayBox", (), {"__module__": "autograd.numpy.numpy_boxes"})()
    for message in (sentence(fun, box, grad=grad), sentence(fun, X, grad=lambda x: box)):
        assert "a value that autograd is tracing (ArrayBox)" in message
        assert "outside autograd.grad" in message


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (waiting, "is the async function waiting: write def for async def"),
        (partial(waiting), "is the async function waiting"),
        (yielding, "is the generator function yielding: write return for yield"),
        (Cost, "is the class Cost, and no function: pass an instance"),
    ],
    ids=["async", "partial", "generator", "class"],
)
def test_functions_that_return_no_value(function, says):
    assert f"fun {says}" in sentence(function, X, grad=grad)
    assert f"grad {says}" in sentence(fun, X, grad=function)


def test_a_class_that_has_an_apply():
    class Cube:
        apply = staticmethod(fun)
        backward = staticmethod(grad)

    assert "or Cube.apply" in sentence(Cube, X, grad=grad)
    assert gp.check(Cube.apply, X, grad=grad).ok
    assert gp.check(Cost().value, X, grad=grad).ok


@pytest.mark.parametrize("point", [fun, partial(fun, X), Cost, np.sum, lambda: X])
def test_a_function_where_the_point_belongs(point):
    message = sentence(fun, point, grad=X)
    assert message.startswith("point must hold the parameters, but is ")
    assert "gp.check(fun, point, grad=...)" in message


def test_text_where_the_gradient_belongs():
    assert "but is the text '2-point'" in sentence(fun, X, grad="2-point")


def both(x):
    return fun(x), grad(x)


def test_a_function_that_returns_both_passed_as_grad():
    """``jax.value_and_grad`` and ``autograd.value_and_grad`` do."""
    message = sentence(fun, X, grad=both)
    assert "grad returned a pair" in message
    assert "gp.check(value_and_grad, point, grad=True)" in message
    pair = lambda p: (fun_of_dict(p), grad_of_dict(p))
    assert "grad=True" in sentence(fun_of_dict, PAIR, grad=pair)
    assert gp.check(both, X, grad=True).ok
    assert not gp.check(lambda x: (fun(x), 3 * x), X, grad=True).ok


def test_a_gradient_with_something_beside_it():
    """``jax.grad`` with ``has_aux=True`` does, and ``jax.grad`` for several arguments."""
    for more in ({"steps": 3}, X, None):
        message = sentence(fun, X, grad=lambda x, more=more: (grad(x), more))
        assert "return that part alone" in message
    beside = lambda x: ((fun(x), "cache"), grad(x))
    assert "grad=True" in sentence(fun, X, grad=beside)


def test_two_numbers_are_no_value_with_a_gradient():
    product = lambda p: p[0] * p[1]
    assert gp.check(product, (2.0, 3.0), grad=lambda p: (p[1], p[0])).ok
    assert not gp.check(product, (2.0, 3.0), grad=lambda p: (p[0], p[1])).ok


@pytest.mark.parametrize(
    ("wrong", "right"), [("bais", "bias"), ("dbais", "bias"), ("Bias", "bias"), ("biases", "bias")]
)
def test_a_misspelt_block(wrong, right):
    point = {"W": X, "bias": X + 1}
    report = gp.check(fun_of_dict, point, grad=lambda p: {"W": 2 * p["W"], wrong: 2 * p["bias"]})
    assert report.verdict is Verdict.WRONG
    said = [f.message for f in report.findings if f.kind is Kind.MISSING_BLOCK]
    assert f"it has {wrong!r}: did you mean {right!r}?" in said[0]
    unlike = gp.check(fun_of_dict, point, grad=lambda p: {"W": 2 * p["W"], "cache": X})
    assert "did you mean" not in str(unlike)


def test_every_block_misspelt():
    assert "did you mean 'W'?" in sentence(fun_of_dict, PAIR, grad=lambda p: {"w": X, "B": X})


# What fun returns


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (None, "returned None"),
        (np.ones(3), "shape (3,)"),
        (np.zeros(0), "shape (0,)"),
        ([1.0, 2.0], "list"),
        (1 + 2j, "complex"),
        (np.complex128(1), "complex128"),
        ("1.0", "str"),
        ({"loss": 1.0}, "dict"),
        ((1.0, X), "grad=True"),
        ((1.0, {"A": X}), "grad=True"),
        ((1.0, 2.0, 3.0), "tuple"),
        (object(), "object"),
        (np.array(1.0, dtype=object), "object"),
        (Fraction(1, 2), "Fraction"),
        (True, "bool"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_fun_returns_no_real_scalar(returned, told):
    message = sentence(lambda x: returned, X, grad=grad)
    assert message.startswith("fun must return a real scalar, but returned")
    assert told in message


def test_a_cache_beside_the_value_is_no_sum():
    """Three things returned are no vector whose sum would help."""
    assert "sum" not in sentence(lambda x: (1.0, X, {}), X, grad=grad)


def test_fun_returns_something_else_later():
    calls = []

    def forgetful(x):
        calls.append(1)
        return fun(x) if len(calls) < 5 else None

    assert "returned None" in sentence(forgetful, X, grad=grad)


@pytest.mark.parametrize("returned", [[5.0], np.full((1, 1), 5.0), np.array(5.0), np.float32(5), 5])
def test_a_number_in_any_dress_is_a_number(returned):
    report = gp.check(lambda x: returned, X, grad=np.zeros_like)
    assert report.ok
    assert gp.check(lambda x: returned, X, grad=grad).verdict is Verdict.WRONG


@pytest.mark.parametrize(
    "returned", [1.0, None, (1.0, X, X), np.array([1.0, 2.0]), {"value": 1.0}], ids=repr
)
def test_grad_true_without_a_gradient(returned):
    message = sentence(lambda x: returned, X, grad=True)
    assert "grad=True" in message
    assert "(value, gradient)" in message
    assert "return both" in message or "grad=" in message.replace("grad=True", "")


def test_grad_true_the_other_way_round():
    message = sentence(lambda x: (grad(x), fun(x)), X, grad=True)
    assert "the value comes first" in message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [float, np.float32])
def test_a_value_that_is_not_finite(value, dtype):
    report = gp.check(lambda x: dtype(value), X.astype(dtype), grad=grad)
    assert report.verdict is Verdict.UNDECIDED
    assert (Kind.NOT_FINITE, None) in kinds(report)
    assert str(value) in report.findings[0].message
    assert not any("changes" in note for note in report.notes)
    report.raise_if_wrong()


# The other arguments


def test_swapped_arguments():
    message = sentence(X, fun, grad=grad)
    assert "array" in message
    assert "gp.check(fun, point" in message


@pytest.mark.parametrize("args", [X, 3, "ab", None, {"a": 1}], ids=lambda a: type(a).__name__)
def test_args_that_are_no_tuple(args):
    message = sentence(fun, X, grad=grad, args=args)
    said = {np.ndarray: "an array", type(None): "None"}
    assert said.get(type(args), type(args).__name__) in message
    assert "args=(X,)" in message


@pytest.mark.parametrize("kwargs", [[("a", 1)], 3, np.ones((2, 2))], ids=["list", "int", "array"])
def test_kwargs_that_are_no_mapping(kwargs):
    assert "kwargs must be a mapping" in sentence(fun, X, grad=grad, kwargs=kwargs)


def test_kwargs_whose_names_are_no_names():
    assert "kwargs must be a mapping" in sentence(fun, X, grad=grad, kwargs={1: 1})


@pytest.mark.parametrize("seed", [-1, 1.0, True, None, "a", np.float64(2)])
def test_seeds(seed):
    assert repr(seed) in sentence(fun, X, grad=grad, seed=seed)
    assert gp.check(fun, X, grad=grad, seed=np.uint8(7)).seed == 7


@pytest.mark.parametrize("effort", ["fast", "", None, 3, ["standard"]])
def test_efforts(effort):
    message = sentence(fun, X, grad=grad, effort=effort)
    assert repr(effort) in message
    assert "standard" in message
    assert "sweep" in message


@pytest.mark.parametrize(
    "limits",
    [
        {"correct_below": 1e-3, "wrong_above": 1e-5},
        {"correct_below": -1.0},
        {"wrong_above": -1.0},
        {"correct_below": 0.0},
        {"wrong_above": 0.0},
        {"correct_below": np.nan},
        {"wrong_above": np.nan},
        {"correct_below": np.inf},
        {"wrong_above": np.inf},
        {"correct_below": "1e-7"},
        {"wrong_above": [1e-5]},
    ],
    ids=str,
)
def test_bands(limits):
    message = sentence(fun, X, grad=grad, **limits)
    assert all(name in message for name in limits)


def test_bands_that_were_not_given_follow():
    assert gp.check(fun, X, grad=grad, wrong_above=1e-9).blocks[0].correct_below <= 1e-9
    assert gp.check(fun, X, grad=grad, correct_below=1e-3).blocks[0].wrong_above >= 1e-3
    slightly = gp.check(fun, X, grad=lambda x: 2.0002 * x, correct_below=1e-3)
    assert slightly.ok
    assert not gp.check(fun, X, grad=lambda x: 2.0002 * x).ok


def test_a_surrogate_that_is_no_function():
    assert "surrogate must be a function" in sentence(fun, X, grad=grad, surrogate="smooth")


@pytest.mark.parametrize(
    "point",
    [range(3), map(float, "12"), zip("a", "b", strict=True), PAIR.values(), array("d", [1])],
    ids=["range", "map", "zip", "values", "array"],
)
def test_things_to_iterate_over(point):
    message = sentence(fun, point, grad=grad)
    assert message.startswith(f"params is a{'n' * isinstance(point, array)} ")
    assert "write list(...) around it" in message


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda r: gp.load(None), "path must be the name of a file, but is None"),
        (lambda r: r.save(3), "path must be the name of a file, but is an int"),
        (lambda r: r.text("a"), "width must be a number of columns, but is 'a'"),
        (lambda r: r.text(0), "width must be a number of columns, but is 0"),
        (lambda r: gp.case(3), "gp.case marks a function"),
        (lambda r: gp.scipy.check_grad(fun, X, grad), "grad must be a function, but is an array"),
        (lambda r: gp.scipy.check_grad(fun, grad, fun), "x0 is the function fun, and no array"),
        (lambda r: gp.textbook.gradient_check(None, X, X), "fun must be a function of the point"),
        (lambda r: gp.textbook.gradient_check(fun, X, X, epsilon="1"), "epsilon is '1'"),
        (lambda r: gp.textbook.gradient_check(fun, X, X, args=3), "write args=(X,)"),
        (lambda r: gp.hunt(fun, gp.arrays(3), grad="g"), "but is the text 'g'"),
        (lambda r: gp.check_jvp(np.sin, lambda x, v: None, X), "jvp returned None"),
    ],
)
def test_other_calls(call, says):
    with pytest.raises(UsageError) as caught:
        call(gp.check(fun, X, grad=grad))
    assert says in str(caught.value)
    assert not getattr(caught.value, "__notes__", [])


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no such folder"):
        gp.check(fun, X, grad=grad).save(tmp_path / "nowhere" / "report.txt")


def test_a_name_that_gradproof_does_not_have():
    with pytest.raises(AttributeError, match=r"no attribute 'chek': did you mean check\?"):
        gp.chek  # noqa: B018 - it raises


# Exceptions of the user's code surface as themselves, and tell where


class Boom(Exception):
    """An exception that nobody else raises."""


def failing(after, error, function=fun):
    calls = []

    def fails(x, *args):
        calls.append(1)
        if len(calls) > after:
            raise error
        return function(x)

    return fails


def notes(error):
    return " ".join(getattr(error, "__notes__", ()))


def test_fun_raises_at_the_point():
    error = Boom("no")
    with pytest.raises(Boom) as caught:
        gp.check(failing(0, error), X, grad=grad)
    assert caught.value is error
    assert "fun" in notes(error)
    assert "at the point" in notes(error)


def test_fun_raises_later():
    error = Boom("no")
    with pytest.raises(Boom) as caught:
        gp.check(failing(3, error), X, grad=grad, seed=5)
    assert caught.value is error
    said = ("fun", "params", "moved by", "random direction", "seed 5")
    assert all(word in notes(error) for word in said)


def test_fun_raises_where_one_block_of_several_moved():
    error = Boom("no")
    calls = []

    def fails(p):
        calls.append(1)
        if not np.array_equal(p["b"], PAIR["b"]) and np.array_equal(p["W"], PAIR["W"]):
            raise error
        return fun_of_dict(p)

    with pytest.raises(Boom):
        gp.check(fails, PAIR, grad=lambda p: {"W": 2 * p["W"], "b": 3 * p["b"]})
    assert "params['b']" in notes(error)


def test_grad_raises():
    error = Boom("no")
    with pytest.raises(Boom) as caught:
        gp.check(fun, X, grad=failing(0, error, grad))
    assert caught.value is error
    assert "grad" in notes(error)
    assert "at the point" in notes(error)


def test_grad_raises_at_its_second_call():
    error = Boom("no")
    with pytest.raises(Boom):
        gp.check(fun, X, grad=failing(1, error, grad))
    assert "raised by grad" in notes(error)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("after", [0, 1, 4])
def test_an_interruption_surfaces(interruption, after):
    with pytest.raises(interruption):
        gp.check(failing(after, interruption()), X, grad=grad)


def test_an_interruption_surfaces_even_where_float64_is_tried():
    """The third evaluation of a float32 point is the first one in float64."""
    for after in range(6):
        with pytest.raises(KeyboardInterrupt):
            gp.check(failing(after, KeyboardInterrupt()), X.astype(np.float32), grad=grad)


def test_the_wrong_number_of_arguments_is_the_functions_own_error():
    with pytest.raises(TypeError, match="positional argument") as caught:
        gp.check(fun, X, grad=grad, args=(1,))
    assert "fun" in notes(caught.value)


def test_a_list_where_the_function_takes_an_array():
    assert gp.check(fun, [1.0, 2.0], grad=grad).ok
    with pytest.raises(TypeError) as caught:
        gp.check_vjp(lambda x: x**2, lambda x, g: 2 * x * g, [1.0, 2.0])
    assert "pass np.array(point)" in notes(caught.value)


def test_warnings_of_the_users_code_are_theirs():
    def warns(x):
        warnings.warn("mind the step", UserWarning, stacklevel=1)
        return fun(x)

    with pytest.warns(UserWarning, match="mind the step"):
        assert gp.check(warns, X, grad=grad).ok


def test_gradproof_itself_warns_of_nothing():
    """Overflow and NaN along the way are outcomes; every warning here would be an error."""
    huge = gp.check(lambda x: float(np.exp(1000 * x).sum()), X, grad=grad)
    assert huge.verdict is not Verdict.CORRECT
    for claim in (np.full(4, 1e308), np.full(4, np.inf), np.array([np.inf, -np.inf, np.nan, 0])):
        assert gp.check(fun, X, grad=claim).verdict is Verdict.WRONG


# Unusual, but good input


def both_ways(function, point, right, wrong):
    """A right gradient passes, and the nearest wrong one does not."""
    accepted = gp.check(function, point, grad=right)
    assert accepted.ok, accepted
    refused = gp.check(function, point, grad=wrong)
    assert refused.verdict is Verdict.WRONG, refused
    return accepted


@pytest.mark.parametrize(
    "point", [2.0, np.float64(2), np.array(2.0), np.float32(2), np.array([2.0])]
)
def test_single_numbers(point):
    both_ways(lambda x: x**2, point, grad, lambda x: 3 * x)


def test_a_single_number_is_named_without_brackets():
    report = gp.check(lambda x: x**2, 2.0, grad=lambda x: 3 * x)
    assert "[]" not in str(report)
    report = gp.check(lambda x: x**2, 2.0, grad=lambda x: np.nan)
    assert "[]" not in str(report)


def test_a_gradient_of_one_number_may_have_one_entry():
    both_ways(lambda x: x**2, 2.0, lambda x: np.array([2 * x]), lambda x: np.array([3 * x]))


def test_types_reach_fun_as_they_are():
    def picky(p):
        assert type(p["python"]) is float
        assert type(p["numpy"]) is np.float64
        assert type(p["array"]) is np.ndarray
        assert type(p["complex"]) is complex
        return p["python"] ** 2 + p["numpy"] ** 2 + float(p["array"]) ** 2 + abs(p["complex"]) ** 2

    point = {"python": 2.0, "numpy": np.float64(3), "array": np.array(4.0), "complex": 1 + 2j}
    double = lambda p: {name: 2 * value for name, value in p.items()}
    both_ways(picky, point, double, lambda p: {**double(p), "complex": 2 * p["complex"].real})


@pytest.mark.parametrize("size", [1e300, 1e150, 1e-150, 1e-300])
def test_huge_and_tiny_points(size):
    point = np.array([size, 2 * size])
    ones = np.ones_like
    both_ways(lambda x: float(np.sum(x)), point, ones, lambda x: -ones(x))
    both_ways(lambda x: float(np.sum(x)), point, ones, lambda x: 1.001 * ones(x))


@pytest.mark.parametrize("size", [1e300, 1e150, 1e-150, 1e-300])
def test_huge_and_tiny_values(size):
    both_ways(
        lambda x: float(size * np.sum(np.sin(x))), X, lambda x: size * np.cos(x),
        lambda x: -size * np.cos(x),
    )  # fmt: skip


def test_a_point_of_denormal_numbers_is_never_accused():
    for size in (5e-324, 1e-320, 1e-310):
        report = gp.check(lambda x: float(np.sum(x)), np.array([size, 2 * size]), grad=np.ones_like)
        assert report.verdict in (Verdict.CORRECT, Verdict.UNDECIDED), report
    assert not gp.check(lambda x: float(np.sum(x)), X, grad=lambda x: 1.001 * np.ones_like(x)).ok


def test_a_square_of_next_to_nothing_is_looked_at_further_away():
    """It is 0 over steps of 1e-300: a claim so small is one at the optimum, and 1e-3 is not."""
    point = np.array([1e-300, 2e-300])
    for claim in (2, -7):
        report = gp.check(fun, point, grad=lambda x, c=claim: c * x)
        assert report.blocks[0].natural, report
    assert not gp.check(fun, point, grad=lambda x: 2 * x + 1e-3).ok
    assert gp.check(fun, np.array([1e-150, 2e-150]), grad=grad).ok


def test_a_function_that_overflows_has_no_gradient():
    assert gp.check(fun, np.array([1e300]), grad=grad).verdict is Verdict.UNDECIDED


def test_huge_and_tiny_blocks_side_by_side():
    point = {"huge": X * 1e150, "tiny": X * 1e-150}

    def mixed(p):
        return float(np.sum(p["huge"] * 1e-150) + np.sum(p["tiny"] * 1e150))

    def right(p):
        return {"huge": np.full(4, 1e-150), "tiny": np.full(4, 1e150)}

    both_ways(mixed, point, right, lambda p: {**right(p), "huge": np.full(4, 2e-150)})
    both_ways(mixed, point, right, lambda p: {**right(p), "tiny": np.full(4, 2e150)})


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.longdouble, ">f8", ">f4", "complex64", "complex128"]
)
def test_every_floating_type(dtype):
    point = X.astype(dtype)

    def modulus(x):
        return np.sum(np.abs(x) ** 2)

    report = both_ways(modulus, point, grad, lambda x: 3 * x)
    assert report.blocks[0].resolution < 0.2


def test_another_byte_order_is_the_same_precision():
    for name in ("float16", "float32", "float64"):
        dtype = np.dtype(name)
        native = gp.check(fun, X.astype(dtype), grad=grad).blocks[0]
        swapped = gp.check(fun, X.astype(dtype.newbyteorder()), grad=grad).blocks[0]
        assert swapped.wrong_above == native.wrong_above
        assert swapped.correct_below == native.correct_below


def test_memory_in_any_order():
    big = np.arange(24.0).reshape(4, 6) + 1
    frozen = big.copy()
    frozen.flags.writeable = False
    views = [big[::2, ::-1], big.T, frozen, np.broadcast_to(3.0, (4,)), np.asfortranarray(big)]
    for view in views:
        before = view.tobytes()
        both_ways(fun, view, grad, lambda x: np.where(x == x.flat[-1], 2.1, 2) * x)
        assert view.tobytes() == before
    both_ways(fun, big, lambda x: np.asfortranarray(2 * x), lambda x: (2 * x).T.reshape(4, 6))


def test_integer_and_boolean_gradients_are_numbers():
    both_ways(lambda x: float(3 * x.sum()), X, np.full(4, 3), np.array([3, 3, 3, 2]))
    both_ways(lambda x: float(np.maximum(x, 0).sum()), X, lambda x: x > 0, lambda x: x < 9)


def test_one_array_in_two_places():
    def product(p):
        return float(p["a"] @ p["b"])

    both_ways(
        product, {"a": X, "b": X}, lambda p: {"a": p["b"], "b": p["a"]},
        lambda p: {"a": p["b"], "b": 2 * p["a"]},
    )  # fmt: skip
