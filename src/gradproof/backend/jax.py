"""JAX: arrays as leaves that can be moved, ``jax.vjp`` and ``jax.jvp``."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from . import arrays
from .protocol import ONLY_FORWARD, About, Backend, Call, Drawn, Node, Shape, Vjp

_NATIVE = ("float64", "float32", "float16", "bfloat16", "complex128", "complex64")


_DOUBLES = (np.float64, np.complex128)

# Whether the user has 64-bit numbers switched on, outside the session.
_WANTED: ContextVar[bool] = ContextVar("wanted", default=False)


def _kind(leaf: Any) -> Hashable:
    if isinstance(leaf, jax.core.Tracer):
        return None
    return leaf.shape, leaf.dtype, leaf.sharding, leaf.committed


def _joined(found: Sequence[Any], shapes: Sequence[Shape]) -> NDArray[np.float64] | None:
    flat: list[NDArray[np.float64]] = []
    for array, shape in zip(found, shapes, strict=True):
        if getattr(array, "shape", None) != shape or array.dtype not in _DOUBLES:
            return None
        flat.append(np.asarray(array).reshape(-1).view(np.float64))
    return np.concatenate(flat)


@lru_cache(maxsize=64)
def _name(dtype: Any) -> str:
    return str(dtype)  # made anew each time


class Jax(Backend):
    """See ``Backend``; arrays cannot be written to, so a copy is replaced when it moves."""

    about = About(
        "JAX", jax.Array, modes=("reverse", "forward"), lasting=False, one_rule=True,
        replays=True,
        held=lambda _: lambda: False,  # nobody can fill it
        kind=_kind, joined=_joined,
    )  # fmt: skip

    def differentiable(self, leaf: Any, name: str) -> str:
        if isinstance(leaf, jax.core.Tracer):
            raise UsageError(
                f"{name} is a tracer: gradproof evaluates the function at real numbers, so call "
                "it outside jax.jit, jax.grad and jax.vmap."
            )
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return "is a random key"
        if not jnp.issubdtype(leaf.dtype, jnp.inexact):
            return f"has the type {leaf.dtype}, which does not move continuously"
        if str(leaf.dtype) not in _NATIVE:
            raise UsageError(
                f"{name} has the type {leaf.dtype}, whose numbers cannot be added: "
                "check it in float32 or bfloat16, and convert inside the function."
            )
        return "" if leaf.size else f"is empty (shape {leaf.shape})"

    def dtype(self, leaf: Any) -> str:
        return _name(leaf.dtype)

    def host(self, leaf: Any) -> NDArray[Any]:
        return np.asarray(leaf.astype(jnp.float32) if leaf.dtype == jnp.bfloat16 else leaf)

    def copy(self, leaf: Any, *, promote: bool) -> Any:
        if not arrays.continuous(self.dtype(leaf)):  # keys among them, which cannot be copied
            return leaf
        # A copy even where nothing changes: a function may be given the memory for good (donation).
        dtype = _wide(leaf.dtype) if promote else leaf.dtype
        if not _on_cpu(leaf):
            return jnp.array(leaf, dtype, copy=True)
        return _placed(np.array(leaf, dtype), leaf)

    def mover(self, copy: Any, origin: Any, drawn: Drawn | None = None) -> Callable[[float], Any]:
        # No reference to the copy, which is replaced: it would keep the memory.
        dtype, shape, sharding = copy.dtype, origin.shape, origin.sharding
        committed = origin.committed
        if drawn is None:
            return lambda _: self.copy(origin, promote=origin.dtype != dtype)
        if drawn.entry is not None:
            return lambda step: _entry_moved(origin.astype(dtype), drawn.entry, step)
        numbers, one = drawn.array()
        unit = 1 / one
        if _is_complex(copy):
            numbers = numbers.astype(np.float64).view(np.complex128)
        numbers = numbers.reshape(shape)
        if not _on_cpu(copy):
            there = jax.device_put(numbers, sharding)
            return lambda step: (
                origin.astype(dtype) + there.astype(dtype) * jnp.asarray(step * unit, dtype)
            )

        def move(step: float) -> Any:
            # In NumPy: JAX would compile each of these operations for each shape.
            moved = numbers.astype(dtype)
            moved *= np.asarray(step * unit, dtype)
            moved += np.asarray(origin)
            return jax.device_put(moved, sharding) if committed else jnp.asarray(moved)

        return move

    def same(self, copy: Any, origin: Any) -> bool:
        return not copy.is_deleted()  # given away by the function (donation)

    def array(self, numbers: NDArray[np.float64], like: Any) -> Any:
        if not jnp.issubdtype(like.dtype, jnp.inexact):  # JAX's own cotangent of an integer
            return np.zeros(like.shape, jax.dtypes.float0)
        entries = numbers.view(np.complex128) if _is_complex(like) else numbers
        return _placed(np.asarray(entries.reshape(like.shape), like.dtype), like)

    def products(self, cotangents: Sequence[Any]) -> Callable[[Any], list[float]]:
        if _on_cpu(cotangents[0]):
            return super().products(cotangents)
        flat = jnp.stack([cotangent.reshape(-1) for cotangent in cotangents])
        weights = flat.conj().astype(_wide(flat.dtype))

        def read(output: Any) -> list[float]:
            wide = output.reshape(-1).astype(weights.dtype)
            return np.asarray((weights @ wide).real).tolist()  # type: ignore[no-any-return]

        return read

    @contextmanager
    def calling(self, role: str, *, promoted: bool, deep: bool = True) -> Iterator[None]:
        """In the user's own setting, unless it is the double-precision twin that is called."""
        with jax.enable_x64(promoted or _WANTED.get()):
            yield

    @contextmanager
    def session(self) -> Iterator[None]:
        """Without 64-bit numbers JAX rounds float64 to float32 without a word."""
        wanted = jax.config.read("jax_enable_x64")  # type: ignore[no-untyped-call]
        token = _WANTED.set(bool(wanted))
        try:
            with jax.enable_x64(True):
                yield
        finally:
            _WANTED.reset(token)

    def meaning(self, error: Exception) -> str:
        one_way = "Reverse-mode differentiation does not work" in str(error)
        return ONLY_FORWARD if one_way else ""

    def stopped(self, leaf: Any, *, kept: bool = False) -> Any:
        traced = isinstance(leaf, jax.core.Tracer)
        return None if kept and traced else jax.lax.stop_gradient(leaf)

    def opened(self, leaf: Any) -> Node | None:
        if jax.tree_util.all_leaves([leaf]):
            return None
        pairs, spec = jax.tree_util.tree_flatten_with_path(leaf)
        paths = [path for path, _ in pairs]
        return Node(
            leaves=tuple(inside for _, inside in pairs),
            names=tuple(jax.tree_util.keystr(path) for path in paths),
            paths=tuple(tuple(_key(entry) for entry in path) for path in paths),
            unflatten=spec.unflatten,  # type: ignore[attr-defined]
        )

    def vjp(self, call: Call, leaves: Sequence[Any], *, twice: bool = False) -> Vjp:
        chosen = _Chosen(call)
        arrays, vjp = jax.vjp(chosen, list(leaves))
        outputs = chosen.among(arrays)

        def pull(cotangents: Sequence[Any]) -> list[Any]:
            pairs = zip(arrays, chosen.of(cotangents), strict=True)
            # JAX differentiates Re Σ cotangent · output by x - iy.
            (gradients,) = vjp([_as_cotangent(output, c) for output, c in pairs])
            return [jnp.conj(g) if _is_complex(g) else g for g in gradients]

        return Vjp(outputs, pull)

    def jvp(self, call: Call, leaves: Sequence[Any], tangents: Sequence[Any]) -> list[Any] | None:
        chosen = _Chosen(call)
        try:
            _, pushed = jax.jvp(chosen, (list(leaves),), (list(tangents),))
        except TypeError as error:
            if "custom_vjp" in str(error):
                return None
            raise
        return chosen.among(pushed, other=0.0)


class Linearized(Jax):
    """Forward mode by ``jax.linearize``: a linear map is made once and applied to tangents."""

    def jvp(self, call: Call, leaves: Sequence[Any], tangents: Sequence[Any]) -> list[Any] | None:
        chosen = _Chosen(call)
        _, linear = jax.linearize(chosen, list(leaves))
        return chosen.among(linear(list(tangents)), other=0.0)


class _Chosen:
    """The arrays among the outputs of a call: all that JAX can differentiate or wants to see."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._places: list[int] = []
        self._outputs: list[Any] = []

    def __call__(self, leaves: Sequence[Any]) -> list[Any]:
        self._outputs = list(self._call(leaves))
        self._places = [k for k, o in enumerate(self._outputs) if isinstance(o, jax.Array)]
        return self.of(self._outputs)

    def of(self, everything: Sequence[Any]) -> list[Any]:
        """Those in the arrays' places."""
        return [everything[k] for k in self._places]

    def among(self, arrays: Sequence[Any], other: Any = None) -> list[Any]:
        """As many as there are outputs: arrays in the arrays' places, ``other`` elsewhere."""
        whole = [other] * len(self._outputs)
        for k, array in zip(self._places, arrays, strict=True):
            whole[k] = array
        return whole


def _placed(numbers: NDArray[Any], like: Any) -> Any:
    """An array where another one is; where JAX chose that place, it will do so again, sooner."""
    return jax.device_put(numbers, like.sharding) if like.committed else jnp.asarray(numbers)


def _entry_moved(origin: Any, entry: int | None, step: float) -> Any:
    assert entry is not None
    if not _is_complex(origin):
        return origin.at[np.unravel_index(entry, origin.shape)].add(step)
    shift = complex(0, step) if entry % 2 else complex(step)
    return origin.at[np.unravel_index(entry // 2, origin.shape)].add(shift)


def _key(entry: Any) -> Any:
    """The key, index or field name in a path."""
    return next(getattr(entry, a) for a in ("key", "idx", "name") if hasattr(entry, a))


def _wide(dtype: Any) -> Any:
    return jnp.promote_types(dtype, jnp.float64)


def _on_cpu(array: Any) -> bool:
    return all(device.platform == "cpu" for device in array.sharding.device_set)


def _is_complex(array: Any) -> bool:
    return array.dtype.kind == "c"  # type: ignore[no-any-return]


def _as_cotangent(output: Any, cotangent: Any) -> Any:
    if not jnp.issubdtype(output.dtype, jnp.inexact):
        return np.zeros(output.shape, jax.dtypes.float0)
    if cotangent is None:
        return jnp.zeros_like(output)
    given = jnp.conj(cotangent) if _is_complex(cotangent) else cotangent
    return given if given.dtype == output.dtype else given.astype(output.dtype)


BACKEND = Jax()
