"""JAX functions with one rule that may be wrong: ``k`` is 1 where everything is right."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, mlir


def swish_with(k):
    """x σ(x), whose bwd has a factor too many in one term."""

    @jax.custom_vjp
    def swish(x):
        return x * jax.nn.sigmoid(x)

    def swish_fwd(x):
        return swish(x), x

    def swish_bwd(x, g):
        s = jax.nn.sigmoid(x)
        return (g * (s + x * s * (1 - s) * k),)

    swish.defvjp(swish_fwd, swish_bwd)
    return swish


def sine_with(k):
    """A sine, whose jvp rule has a factor too many."""

    @jax.custom_jvp
    def sine(x):
        return jnp.sin(x)

    @sine.defjvp
    def sine_jvp(primals, tangents):
        return sine(*primals), tangents[0] * jnp.cos(primals[0]) * k

    return sine


def times_with(k):
    """3 x, whose bwd has a factor too many."""

    @jax.custom_vjp
    def triple(x):
        return 3 * x

    triple.defvjp(lambda x: (triple(x), None), lambda _, g: (3 * k * g,))
    return triple


def dense(w, x):
    return x @ w


def layer(swish, w, x):
    return x + swish(dense(w, x))


def weights(count, size=4, dtype=jnp.float64):
    keys = jax.random.split(jax.random.key(3), count)
    return [jax.random.normal(key, (size, size)).astype(dtype) / size**0.5 for key in keys]


def inputs(dtype=jnp.float64):
    return jax.random.normal(jax.random.key(7), (3, 4)).astype(dtype)


def chain(k):
    right, wrong = swish_with(1.0), swish_with(k)

    def model(ws, x):
        for w, swish in zip(ws, (right, right, wrong, right), strict=True):
            x = layer(swish, w, x)
        return jnp.mean(x**2)

    return model


def jitted(k):
    swish = swish_with(k)

    @jax.jit
    def inner(w, x):
        return layer(swish, w, x)

    def model(ws, x):
        return jnp.mean(inner(ws[0], x) ** 2)

    return model


def whole_jitted(k):
    return jax.jit(chain(k))


def scanned(k):
    right, wrong = sine_with(1.0), swish_with(k)

    def model(ws, x):
        def step(state, row):
            state = right(wrong(state @ ws[0]) + row)
            return state, state

        _, states = lax.scan(step, x[0], x)
        return jnp.mean(right(states) ** 2)

    return model


def nested_scans(k):
    swish = swish_with(k)

    def model(ws, x):
        def inner(state, w):
            return jnp.tanh(swish(state @ w)), None

        def outer(state, row):
            return lax.scan(inner, state + row, jnp.stack(ws))[0], None

        return jnp.sum(lax.scan(outer, x[0], x)[0] ** 2)

    return model


def looped(k):
    """A loop of known length is a scan."""
    swish = swish_with(k)

    def model(ws, x):
        return jnp.mean(lax.fori_loop(0, 3, lambda i, y: y + swish(y @ ws[0]), x) ** 2)

    return model


def branching(k):
    right, wrong = swish_with(1.0), swish_with(k)

    def model(ws, x):
        def taken(y):
            return wrong(y @ ws[0])

        def other(y):
            return right(y @ ws[1]) * 2

        return jnp.mean(lax.cond(x[0, 0] < 100.0, taken, other, x) ** 2)

    return model


def switched(k):
    swish = swish_with(k)

    def model(ws, x):
        branches = [lambda y: y, lambda y: swish(y @ ws[0]), jnp.sin]
        return jnp.mean(lax.switch(jnp.asarray(1), branches, x) ** 2)

    return model


def mapped(k):
    swish = swish_with(k)

    def row(w, y):
        return swish(y @ w)

    def model(ws, x):
        return jnp.mean(jax.vmap(row, (None, 0))(ws[0], x) ** 2)

    return model


def mapped_branch(k):
    swish = swish_with(k)

    def row(w, y):
        return lax.cond(y[0] > 0, lambda y: swish(y @ w), lambda y: y, y)

    def model(ws, x):
        return jnp.mean(jax.vmap(row, (None, 0))(ws[0], x) ** 2)

    return model


def checkpointed(k):
    swish = swish_with(k)

    @jax.checkpoint
    def block(w, x):
        return layer(swish, w, x)

    def model(ws, x):
        for w in ws:
            x = block(w, x)
        return jnp.mean(x**2)

    return model


def checkpointed_scan(k):
    swish = swish_with(k)

    def model(ws, x):
        def step(y, w):
            return layer(swish, w, y), None

        step = jax.checkpoint(step, policy=jax.checkpoint_policies.dots_saveable)
        return jnp.mean(jax.jit(lambda y: lax.scan(step, y, jnp.stack(ws))[0])(x) ** 2)

    return model


def jvp_rule(k):
    right, wrong = sine_with(1.0), sine_with(k)

    def model(ws, x):
        return jnp.mean(right(wrong(x @ ws[0]) @ ws[1]) ** 2)

    return model


def several_jvps(k):
    @jax.custom_jvp
    def product(x, y):
        return x * jnp.exp(y)

    product.defjvps(
        lambda t, out, x, y: t * jnp.exp(y), lambda t, out, x, y: k * t * x * jnp.exp(y)
    )

    def model(ws, x):
        return jnp.sum(product(x @ ws[0], jnp.tanh(x)))

    return model


def static_arguments(k):
    @partial(jax.custom_vjp, nondiff_argnums=(0, 2))
    def power(f, x, n):
        return f(x) ** n

    def power_fwd(f, x, n):
        return f(x) ** n, x

    def power_bwd(f, n, x, g):
        value, pull = jax.vjp(f, x)
        return (pull(g * n * value ** (n - 1) * k)[0],)

    power.defvjp(power_fwd, power_bwd)

    def model(ws, x):
        return jnp.mean(power(jnp.tanh, x @ ws[0], 3))

    return model


def static_arguments_of_a_jvp(k):
    @partial(jax.custom_jvp, nondiff_argnums=(1,))
    def power(x, n):
        return x**n

    @power.defjvp
    def power_jvp(n, primals, tangents):
        return power(primals[0], n), k * n * primals[0] ** (n - 1) * tangents[0]

    def model(ws, x):
        return jnp.mean(power(x @ ws[0], 3))

    return model


def trees(k):
    """A dict goes in and a tuple comes out; one of the leaves has a wrong gradient."""

    @jax.custom_vjp
    def affine(params, x):
        return x @ params["w"] + params["b"], {"sum": x.sum()}

    def affine_fwd(params, x):
        return affine(params, x), (params["w"], x)

    def affine_bwd(kept, g):
        w, x = kept
        g, other = g
        return {"w": x.T @ g, "b": g.sum(0) * k}, g @ w.T + other["sum"]

    affine.defvjp(affine_fwd, affine_bwd)

    def model(ws, x):
        y, more = affine({"w": ws[0], "b": ws[1][0]}, jnp.sin(x))
        return jnp.mean(y**2) + 0.1 * more["sum"] ** 2

    return model


def integers(k):
    """An index and a mask go in, whose cotangents are float0 or None."""

    @jax.custom_vjp
    def rows(table, index, mask):
        return table[index] * mask[:, None]

    def rows_fwd(table, index, mask):
        return rows(table, index, mask), (table, index, mask)

    def rows_bwd(kept, g):
        table, index, mask = kept
        return jnp.zeros_like(table).at[index].add(k * g * mask[:, None]), None, None

    rows.defvjp(rows_fwd, rows_bwd)

    def model(ws, x):
        y = rows(ws[0], jnp.array([2, 0, 2]), jnp.array([True, True, False]))
        return jnp.mean((y + x) ** 2)

    return model


def closed_over(k):
    """A rule that uses what was computed in the function, and is no argument."""

    def model(ws, x):
        scale = jnp.sqrt(jnp.arange(1, 5).astype(x.dtype))
        kept = jnp.arange(4) != 2

        @jax.custom_vjp
        def scaled(y):
            return jnp.sin(y) * scale

        scaled.defvjp(lambda y: (scaled(y), y), lambda y, g: (g * jnp.cos(y) * scale * k,))
        y = jax.vmap(scaled)(x @ ws[0]) * kept
        if scale.sum() > 0:  # which jax.jit would not do
            y = y + 1.0
        return jnp.mean(y**2)

    return model


def gradient_by_hand(k):
    @jax.custom_gradient
    def cube(x):
        return x**3, lambda g: 3 * k * g * x**2

    def model(ws, x):
        return jnp.mean(cube(x @ ws[0]))

    return model


def solver(k):
    """A linear solve whose transpose is solved with another matrix."""

    def model(ws, x):
        a = ws[0] @ ws[0].T + 3 * jnp.eye(4)

        def matvec(v):
            return a @ v

        def solve(_, b):
            return jnp.linalg.solve(a, b)

        def transposed(_, b):
            return k * jnp.linalg.solve(a.T, b)

        return jnp.sum(lax.custom_linear_solve(matvec, x[0], solve, transposed) ** 2)

    return model


def transposed_call(k):
    """A linear function with a transpose by hand."""

    def model(ws, x):
        a = np.arange(16, dtype=x.dtype).reshape(4, 4)

        def times(_, v):
            return v @ a

        def back(_, g):
            return k * (g @ a.T)

        return jnp.mean(jax.custom_derivatives.linear_call(times, back, (), jnp.sin(x)) ** 2)

    return model


def _primitive(name, function):
    primitive = Primitive(name)
    primitive.def_impl(function)
    primitive.def_abstract_eval(lambda *avals: avals[-1])
    mlir.register_lowering(primitive, mlir.lower_fun(function, multiple_results=False))
    return primitive


def primitive(k):
    """A primitive of one's own, with a jvp rule."""
    cube = _primitive("cube", lambda x: x**3)
    ad.defjvp(cube, lambda t, x: 3 * k * x**2 * t)

    def model(ws, x):
        return jnp.mean(cube.bind(x @ ws[0]) ** 2)

    return model


def transposed_primitive(k):
    """A primitive whose jvp rule is right, and calls another whose transpose is not."""
    cube = _primitive("cube", lambda x: x**3)
    times = _primitive("times", lambda s, t: s * t)

    def cube_jvp(primals, tangents):
        return cube.bind(*primals), times.bind(3 * primals[0] ** 2, tangents[0])

    def times_transpose(ct, s, t):
        return None, times.bind(k * s, ct)

    ad.primitive_jvps[cube] = cube_jvp
    ad.primitive_transposes[times] = times_transpose

    def model(ws, x):
        return jnp.mean(cube.bind(x @ ws[0]) ** 2)

    return model


def batched_by_hand(k):
    swish = swish_with(k)

    @jax.custom_batching.custom_vmap
    def row(y):
        return swish(y)

    @row.def_vmap
    def rows(size, batched, y):
        return swish(y), True

    def model(ws, x):
        return jnp.mean(jax.vmap(row)(x @ ws[0]) ** 2)

    return model


def symbolic(k):
    """A rule that is told which inputs do not move."""

    @jax.custom_vjp
    def product(x, y):
        return x * y

    def product_fwd(x, y):
        return product(x.value, y.value), (x.value, y.value)

    def product_bwd(kept, g):
        return g * kept[1] * k, g * kept[0]

    product.defvjp(product_fwd, product_bwd, symbolic_zeros=True)

    def model(ws, x):
        return jnp.mean(product(x @ ws[0], jnp.ones_like(x)) ** 2)

    return model


def complex_numbers(k):
    @jax.custom_vjp
    def square(z):
        return z * z

    square.defvjp(lambda z: (z * z, z), lambda z, g: (2 * k * z * g,))

    def model(ws, x):
        return jnp.sum(jnp.abs(square((x + 1j * x[::-1]) @ ws[0])) ** 2)

    return model


def dropout(k):
    """A random key goes in."""
    swish = swish_with(k)

    def model(ws, x):
        kept = jax.random.bernoulli(jax.random.key(0), 0.5, x.shape)
        return jnp.mean(swish(x @ ws[0]) * kept)

    return model


def softmaxes(k):
    """JAX's own functions cut gradients that do not matter."""
    swish = swish_with(k)

    def model(ws, x):
        p = jax.nn.softmax(swish(x @ ws[0]))
        return jnp.mean(p**2) + jnp.mean(jax.nn.logsumexp(x @ ws[1], axis=-1))

    return model


def callback(k):
    """The value comes from NumPy, the gradient from a rule."""

    @jax.custom_vjp
    def outside(x):
        return jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x)

    outside.defvjp(lambda x: (outside(x), x), lambda x, g: (g * jnp.cos(x) * k,))

    def model(ws, x):
        return jnp.mean(outside(x @ ws[0]) ** 2)

    return model


def kinked(k):
    """A relu beside it, and a rule with a kink of its own."""

    @jax.custom_vjp
    def leaky(x):
        return jnp.where(x > 0, x, 0.1 * x)

    leaky.defvjp(lambda x: (leaky(x), x), lambda x, g: (jnp.where(x > 0, g, 0.1 * k * g),))

    def model(ws, x):
        return jnp.mean(leaky(jax.nn.relu(x @ ws[0]) @ ws[1] + x) ** 2)

    return model


class Dense:
    """A layer as people write them without a library."""

    def __init__(self, swish, w):
        self.swish, self.w = swish, w

    def __call__(self, x):
        return self.swish(x @ self.w)


def objects(k):
    right, wrong = swish_with(1.0), swish_with(k)

    def model(ws, x):
        for swish, w in zip((right, wrong), ws[:2], strict=True):
            x = Dense(swish, w)(x)
        return jnp.mean(x**2)

    return model


# Each model with what is to be named where its rule is wrong: name, path and call.
FAULTY = {
    chain: ("swish", "layer", 3),
    jitted: ("swish", "inner.layer", 1),
    whole_jitted: ("swish", "layer", 3),
    scanned: ("swish", "step", 1),
    nested_scans: ("swish", "outer.inner", 1),
    looped: ("swish", "<lambda>", 1),
    branching: ("swish", "taken", 1),
    switched: ("swish", "<lambda>", 1),
    mapped: ("swish", "row", 1),
    mapped_branch: ("swish", "<lambda>", 1),
    checkpointed_scan: ("swish", "<lambda>.step.layer", 1),
    jvp_rule: ("sine", "", 1),
    several_jvps: ("product", "", 1),
    static_arguments: ("power", "", 1),
    static_arguments_of_a_jvp: ("power", "", 1),
    trees: ("affine", "", 1),
    integers: ("rows", "", 1),
    closed_over: ("scaled", "", 1),
    gradient_by_hand: ("cube", "", 1),
    solver: ("custom_linear_solve", "", 1),
    transposed_call: ("linear_call", "", 1),
    primitive: ("cube", "", 1),
    transposed_primitive: ("cube", "", 1),
    batched_by_hand: ("swish", "rows", 1),
    symbolic: ("product", "", 1),
    complex_numbers: ("square", "", 1),
    dropout: ("swish", "", 1),
    softmaxes: ("swish", "", 1),
    callback: ("outside", "", 1),
    kinked: ("leaky", "", 1),
    objects: ("swish", "Dense", 2),
}
