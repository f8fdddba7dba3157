"""Custom rules of JAX, as scientific libraries have them."""

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


@jax.custom_vjp
def logsumexp(x):
    top = jnp.max(x)
    return top + jnp.log(jnp.sum(jnp.exp(x - top)))


def logsumexp_fwd(x):
    out = logsumexp(x)
    return out, (x, out)


def logsumexp_bwd(saved, g):
    x, out = saved
    return (g * jnp.exp(x - out),)


logsumexp.defvjp(logsumexp_fwd, logsumexp_bwd)


@jax.custom_vjp
def normalise(x):
    return x / jnp.sqrt(jnp.sum(x**2))


def normalise_fwd(x):
    norm = jnp.sqrt(jnp.sum(x**2))
    return x / norm, (x / norm, norm)


def normalise_bwd(saved, g):
    unit, norm = saved
    return ((g - unit * jnp.sum(g * unit)) / norm,)


normalise.defvjp(normalise_fwd, normalise_bwd)


@jax.custom_vjp
def solve(A, b):
    return jnp.linalg.solve(A, b)


def solve_fwd(A, b):
    x = jnp.linalg.solve(A, b)
    return x, (A, x)


def solve_bwd(saved, g):
    A, x = saved
    lam = jnp.linalg.solve(A.T, g)
    return -jnp.outer(lam, x), lam


solve.defvjp(solve_fwd, solve_bwd)


@jax.custom_jvp
def softsign(x):
    return x / (1 + jnp.abs(x))


@softsign.defjvp
def softsign_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    return softsign(x), t / (1 + jnp.abs(x)) ** 2


rng = np.random.default_rng(4)
POINT = {
    "x": jnp.asarray(rng.normal(size=5)),
    "A": jnp.asarray(rng.normal(size=(3, 3)) + 3 * np.eye(3)),
    "b": jnp.asarray(rng.normal(size=3)),
}


def chain(p):
    y = softsign(solve(p["A"], p["b"]))
    return 2.0 * logsumexp(normalise(p["x"]) * 3.0) + jnp.sum(y**2)


CASES = {"chain": (chain, POINT, None)}
