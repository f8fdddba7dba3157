"""JAX arrays as leaves: what is moved, in which precision, and what is left alone."""

import functools
import threading
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradproof.backend import arrays
from gradproof.backend.jax import BACKEND
from gradproof.backend.numpy import BACKEND as NUMPY
from gradproof.backend.registry import framework_of, home
from gradproof.errors import UsageError
from gradproof.records.direction import Part
from gradproof.space import directions
from gradproof.space.tree import flatten


def precision():
    return bool(jax.config.read("jax_enable_x64"))


def normal(seed, *shape, dtype=jnp.float32):
    return jax.random.normal(jax.random.key(seed), shape).astype(dtype)


def drawn(count, draw=0):
    return directions.vector(Part(0, 1.0), (count,), 0, draw)


def test_a_jax_array_is_at_home_here_and_nothing_else_is():
    assert framework_of(jnp.ones(2)) is BACKEND
    assert home(np.ones(2)) is NUMPY
    assert home(2.0) is NUMPY
    assert framework_of(np.ones(2)) is None


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float16, jnp.bfloat16, jnp.complex64])
def test_floating_point_arrays_are_differentiated(dtype):
    assert BACKEND.differentiable(jnp.ones(2, dtype), "params") == ""


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (jnp.arange(3), "has the type int32, which does not move continuously"),
        (jnp.array([True]), "has the type bool, which does not move continuously"),
        (jax.random.key(0), "is a random key"),
        (jax.random.PRNGKey(0), "has the type uint32, which does not move continuously"),
        (jnp.zeros((0, 3)), "is empty (shape (0, 3))"),
    ],
    ids=["integers", "booleans", "key", "old key", "empty"],
)
def test_other_arrays_are_left_alone_with_a_reason(leaf, reason):
    assert BACKEND.differentiable(leaf, "params") == reason


def test_a_tracer_is_refused_in_one_clear_sentence():
    with pytest.raises(UsageError, match=r"^params\['w'\] is a tracer: .* outside jax.jit"):
        jax.jit(lambda x: BACKEND.differentiable(x, "params['w']"))(jnp.ones(2))


def test_an_eight_bit_float_is_refused():
    with pytest.raises(UsageError, match="float8_e4m3fn"):
        BACKEND.differentiable(jnp.ones(2, jnp.float8_e4m3fn), "params")


def test_the_names_and_spacings_of_the_types_are_those_of_numpy():
    assert BACKEND.dtype(jnp.ones(2)) == "float32"
    assert arrays.eps(BACKEND.dtype(jnp.ones(2))) == np.finfo(np.float32).eps
    assert arrays.eps(BACKEND.dtype(jnp.ones(2, jnp.bfloat16))) == 2.0**-7
    assert arrays.eps(BACKEND.dtype(jnp.ones(2, jnp.complex64))) == np.finfo(np.float32).eps


def test_bfloat16_reaches_numpy_exactly():
    leaf = normal(0, 20, dtype=jnp.bfloat16)
    host = BACKEND.host(leaf)
    assert host.dtype == np.float32
    assert (jnp.asarray(host, jnp.bfloat16) == leaf).all()


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        (jnp.float32, "float64"),
        (jnp.float16, "float64"),
        (jnp.bfloat16, "float64"),
        (jnp.complex64, "complex128"),
    ],
)
def test_a_promoted_copy_is_in_double_precision_and_has_the_same_numbers(dtype, wide):
    leaf = normal(0, 5, dtype=dtype)
    with BACKEND.session():
        copy = BACKEND.copy(leaf, promote=True)
        assert str(copy.dtype) == wide
        assert (copy.astype(dtype) == leaf).all()
        assert str(BACKEND.copy(leaf, promote=False).dtype) == str(leaf.dtype)


@pytest.mark.parametrize("promote", [False, True])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.complex64])
def test_a_move_is_the_origin_plus_a_multiple_of_the_direction(dtype, promote):
    leaf = normal(0, 2, 3, dtype=dtype) + (1j if dtype == jnp.complex64 else 0)
    with BACKEND.session():
        copy = BACKEND.copy(leaf, promote=promote)
        count = 12 if dtype == jnp.complex64 else 6
        moved = BACKEND.mover(copy, leaf, drawn(count))(0.25)
        numbers, unit = drawn(count).array()
        wanted = np.asarray(numbers, float) / unit * 0.25
        if dtype == jnp.complex64:
            wanted = wanted.view(complex)
        assert moved.dtype == copy.dtype
        got = np.asarray(moved) - np.asarray(leaf)
        assert np.allclose(got.reshape(-1), wanted, atol=1e-15 if promote else 1e-6)
        # The nearest fault: a move that starts from where the last one ended.
        again = BACKEND.mover(moved, leaf, drawn(count))(0.25)
        assert (again == moved).all()
        assert (BACKEND.mover(again, leaf)(0.0) == leaf.astype(copy.dtype)).all()


def test_one_real_coordinate_is_moved_alone():
    with BACKEND.session():
        leaf = normal(0, 2, 3)
        copy = BACKEND.copy(leaf, promote=True)
        apart = BACKEND.mover(copy, leaf, directions.Axis(4, 6))(0.5) - leaf.astype(copy.dtype)
        assert np.flatnonzero(np.asarray(apart)).tolist() == [4]
        assert float(apart[1, 1]) == 0.5


def test_a_complex_entry_has_two_coordinates():
    with BACKEND.session():
        leaf = normal(0, 3, dtype=jnp.complex64)
        copy = BACKEND.copy(leaf, promote=True)
        for entry, shift in ((2, 0.5), (3, 0.5j)):
            moved = BACKEND.mover(copy, leaf, directions.Axis(entry, 6))(0.5)
            apart = np.asarray(moved) - np.asarray(leaf)
            assert apart.tolist() == [0, shift, 0]


def test_the_inner_product_is_the_one_of_real_coordinates():
    rng = np.random.default_rng(0)
    w, f = (rng.normal(size=4) + 1j * rng.normal(size=4) for _ in range(2))
    with BACKEND.session():
        outputs = jnp.asarray(f)
        cotangent = BACKEND.array(np.ascontiguousarray(w).view(float), outputs)
        (number,) = BACKEND.products([cotangent])(outputs)
    assert number == pytest.approx(w.real @ f.real + w.imag @ f.imag, rel=1e-14)
    assert number != pytest.approx((w @ f).real, rel=1e-3)


def test_the_inner_product_of_float32_is_summed_in_double_precision():
    with BACKEND.session():
        outputs = jnp.asarray([1e8, 1.0, -1e8], jnp.float32)
        read = BACKEND.products([jnp.ones(3, jnp.float32)])
        assert read(outputs) == [1.0]


def test_the_users_precision_is_back_after_a_session_even_after_an_exception():
    assert not precision()
    with pytest.raises(ZeroDivisionError), BACKEND.session():
        precision() / 0
    assert not precision()
    with BACKEND.session():
        assert precision()
    assert not precision()


@pytest.mark.parametrize("wanted", [False, True])
def test_the_function_is_called_in_the_users_precision_unless_promoted(wanted):
    with jax.enable_x64(wanted):
        with BACKEND.session():
            with BACKEND.calling("fun", promoted=False):
                assert precision() is wanted
            with BACKEND.calling("fun", promoted=True):
                assert precision()
        assert precision() is wanted


def test_other_threads_keep_their_precision_during_a_session():
    seen = []
    with BACKEND.session():
        thread = threading.Thread(target=lambda: seen.append(precision()))
        thread.start()
        thread.join()
        assert precision()
    assert seen == [False]


def test_pulling_back_gives_the_direction_of_ascent_of_complex_leaves():
    z = jnp.asarray([1 + 2j, 0.5 - 1j], jnp.complex64)
    back = BACKEND.vjp(lambda leaves: [jnp.sum(jnp.abs(leaves[0]) ** 2)], [z])
    (gradient,) = back.pull([jnp.float32(1)])
    assert np.allclose(gradient, 2 * z)
    assert not np.allclose(gradient, jax.grad(lambda z: jnp.sum(jnp.abs(z) ** 2))(z))


def test_pulling_back_a_holomorphic_function_conjugates_its_derivative():
    z = jnp.asarray([1 + 2j, 0.5 - 1j], jnp.complex64)
    back = BACKEND.vjp(lambda leaves: [jnp.sin(leaves[0])], [z])
    w = jnp.asarray([1j, 2 + 1j], jnp.complex64)
    assert np.allclose(back.pull([w])[0], w * np.conj(np.cos(z)), rtol=1e-5)


def test_integer_outputs_and_those_not_looked_at_contribute_nothing():
    call = lambda leaves: [jnp.sin(leaves[0]), jnp.arange(3), leaves[0] ** 2]
    x = normal(0, 4)
    (gradient,) = BACKEND.vjp(call, [x]).pull([jnp.ones(4), None, None])
    assert np.allclose(gradient, jnp.cos(x))


def test_forward_mode_of_a_function_without_it_is_none():
    @jax.custom_vjp
    def f(x):
        return jnp.sin(x)

    f.defvjp(lambda x: (f(x), x), lambda x, g: (g * jnp.cos(x),))
    x = normal(0, 3)
    assert BACKEND.jvp(lambda leaves: [f(leaves[0])], [x], [x]) is None
    (pushed,) = BACKEND.jvp(lambda leaves: [jnp.sin(leaves[0])], [x], [x])
    assert np.allclose(pushed, x * jnp.cos(x))


def test_other_type_errors_of_a_function_surface_from_forward_mode():
    def f(leaves):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        BACKEND.jvp(f, [jnp.ones(2)], [jnp.ones(2)])


@functools.partial(
    jax.tree_util.register_dataclass, data_fields=["w", "inside", "key"], meta_fields=["act"]
)
@dataclass
class Layer:
    w: Any
    inside: Any
    key: Any
    act: Any


@jax.tree_util.register_pytree_with_keys_class
class Keyed:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def tree_flatten_with_keys(self):
        key = jax.tree_util.GetAttrKey
        return ((key("a"), self.a), (key("b"), self.b)), None

    @classmethod
    def tree_unflatten(cls, _, children):
        return cls(*children)


class Keyless:
    def __init__(self, a, b):
        self.a, self.b = a, b


jax.tree_util.register_pytree_node(
    Keyless, lambda node: ((node.a, node.b), None), lambda _, children: Keyless(*children)
)


def layer():
    return Layer(
        jnp.ones(2),
        [Keyed(jnp.ones(3), None), Keyless(jnp.ones(4), 3)],
        jax.random.key(0),
        jnp.tanh,
    )


def test_containers_of_jax_are_opened_under_the_names_that_keystr_gives():
    tree = flatten({"net": layer()})
    expected = jax.tree_util.tree_flatten_with_path({"net": layer()})[0]
    assert tree.names == tuple("params" + jax.tree_util.keystr(path) for path, _ in expected)
    assert [np.shape(leaf) for leaf in tree.leaves] == [np.shape(leaf) for _, leaf in expected]


def test_opened_containers_are_put_together_again():
    given = {"net": layer(), "x": 1.5}
    tree = flatten(given)
    rebuilt = tree.unflatten([leaf if leaf is None else 7 for leaf in tree.leaves])
    assert isinstance(rebuilt["net"], Layer)
    assert rebuilt["net"].act is jnp.tanh
    assert isinstance(rebuilt["net"].inside[0], Keyed)
    assert rebuilt["net"].inside[0].b is None
    assert isinstance(rebuilt["net"].inside[1], Keyless)
    assert rebuilt["net"].inside[1].a == rebuilt["x"] == 7
