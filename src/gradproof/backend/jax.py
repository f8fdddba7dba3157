"""JAX: arrays as leaves that can be moved, ``jax.vjp`` and ``jax.jvp``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .protocol import Call, Drawn, Node, Vjp

_NATIVE = ("float64", "float32", "float16", "bfloat16", "complex128", "complex64")


# Whether the user has 64-bit numbers switched on, outside the session.
_WANTED: ContextVar[bool] = ContextVar("wanted", default=False)


class Jax:
    """See ``Framework``; arrays cannot be written to, so a copy is replaced when it moves."""

    name = "jax"
    promotions: tuple[bool, ...] = (False,)
    lasting = False
    both = True

    def owns(self, leaf: Any) -> bool:
        return isinstance(leaf, jax.Array)

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
        return str(leaf.dtype)

    def eps(self, leaf: Any) -> float:
        return float(jnp.finfo(leaf.dtype).eps)  # type: ignore[no-untyped-call]

    def host(self, leaf: Any) -> NDArray[Any]:
        return np.asarray(leaf.astype(jnp.float32) if leaf.dtype == jnp.bfloat16 else leaf)

    def copy(self, leaf: Any, *, promote: bool) -> Any:
        # A copy even where nothing changes: a function may be given the memory for good (donation).
        dtype = _wide(leaf.dtype) if promote else leaf.dtype
        if not _on_cpu(leaf):
            return jnp.array(leaf, dtype, copy=True)
        return jax.device_put(np.array(leaf, dtype), leaf.sharding)

    def given(self, copy: Any, like: Any, *, recording: bool = False) -> Any:
        return copy

    def direction(self, drawn: Drawn, copy: Any) -> Any:
        array, unit = drawn.array()
        if _is_complex(copy):
            array = array.astype(np.float64).view(np.complex128)
        array = array.reshape(copy.shape)
        return array if _on_cpu(copy) else jax.device_put(array, copy.sharding), unit

    def move(self, copy: Any, origin: Any, direction: Any, step: float) -> Any:
        (numbers, unit), dtype = direction, copy.dtype
        if not _on_cpu(copy):
            return origin.astype(dtype) + numbers.astype(dtype) * jnp.asarray(step * unit, dtype)
        # In NumPy: JAX would compile each of these operations for each shape.
        moved = numbers.astype(dtype)
        moved *= np.asarray(step * unit, dtype)
        moved += np.asarray(origin)
        return jax.device_put(moved, copy.sharding)

    def move_entry(self, copy: Any, origin: Any, entry: int, step: float) -> Any:
        index, shift = entry, complex(step)
        if _is_complex(copy):
            index, shift = entry // 2, complex(0, step) if entry % 2 else shift
        at = np.unravel_index(index, copy.shape)
        moved = origin.astype(copy.dtype)
        return moved.at[at].add(shift if _is_complex(copy) else shift.real)

    def restore(self, copy: Any, origin: Any) -> Any:
        return self.copy(origin, promote=origin.dtype != copy.dtype)

    def same(self, copy: Any, origin: Any) -> bool:
        return not copy.is_deleted()  # given away by the function (donation)

    def rounded(self, copy: Any, number: float) -> float:
        return float(jnp.asarray(number, copy.real.dtype))

    def number(self, leaf: Any) -> bool:
        return bool(jnp.issubdtype(leaf.dtype, jnp.inexact))

    def cotangent(self, drawn: NDArray[np.float64], like: Any) -> Any:
        array = drawn.view(np.complex128) if _is_complex(like) else drawn
        return jax.device_put(jnp.asarray(array.reshape(like.shape), like.dtype), like.sharding)

    def constant(self, like: Any, number: float) -> Any:
        if not self.number(like):  # JAX's own cotangent of an integer
            return np.zeros(like.shape, jax.dtypes.float0)
        return jnp.full_like(like, number)

    def cast(self, array: Any, like: Any) -> Any:
        return array.astype(like.dtype)

    def weights(self, cotangents: Sequence[Any]) -> Any:
        flat = np.stack([np.asarray(cotangent).reshape(-1) for cotangent in cotangents])
        wide = flat.conj().astype(_wide(flat.dtype))
        return wide if _on_cpu(cotangents[0]) else jnp.asarray(wide)

    def inner(self, weights: Any, output: Any) -> list[float]:
        if isinstance(weights, np.ndarray):
            output = np.asarray(output)
        wide = output.reshape(-1).astype(weights.dtype)
        return np.asarray((weights @ wide).real).tolist()  # type: ignore[no-any-return]

    @contextmanager
    def calling(self, role: str, *, promoted: bool, deep: bool = True) -> Iterator[None]:
        """In the user's own setting, unless it is the double-precision twin that is called."""
        with jax.enable_x64(promoted or _WANTED.get()), np.errstate(all="ignore"):
            yield

    def reseed(self, seed: int) -> None:
        """JAX has no global generator: random numbers come from keys."""

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

    def generators(self) -> AbstractContextManager[None]:
        return nullcontext()

    def records(self, error: Exception) -> bool:
        return False

    def stopped(self, leaf: Any) -> Any:
        return jax.lax.stop_gradient(leaf)

    def concrete(self, leaf: Any) -> bool:
        return not isinstance(leaf, jax.core.Tracer)

    def argument(self, leaf: Any, *, promote: bool) -> Any:
        if not self.number(leaf):
            return leaf
        return self.copy(leaf, promote=promote)

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

    def chosen(self, leaves: Iterable[Any]) -> Callable[[Any], str]:
        return lambda leaf: "" if self.owns(leaf) else "is not a JAX array"

    def vjp(self, call: Call, leaves: Sequence[Any]) -> Vjp:
        chosen = _Chosen(call)
        arrays, vjp = jax.vjp(chosen, list(leaves))
        outputs = chosen.among(arrays)

        def pull(cotangents: Sequence[Any]) -> list[Any]:
            pairs = zip(arrays, chosen.of(cotangents), strict=True)
            # JAX differentiates Re Σ cotangent · output by x - iy.
            (gradients,) = vjp([_as_cotangent(output, c) for output, c in pairs])
            return [jnp.conj(g) for g in gradients]

        return Vjp(outputs, pull, dict)

    def only_forward(self, error: Exception) -> bool:
        return "Reverse-mode differentiation does not work" in str(error)

    def jvp(self, call: Call, leaves: Sequence[Any], tangents: Sequence[Any]) -> list[Any] | None:
        chosen = _Chosen(call)
        try:
            _, pushed = jax.jvp(chosen, (list(leaves),), (list(tangents),))
        except TypeError as error:
            if "custom_vjp" in str(error):
                return None
            raise
        return chosen.among(pushed, other=0.0)


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


def _key(entry: Any) -> Any:
    """The key, index or field name in a path."""
    return next(getattr(entry, a) for a in ("key", "idx", "name") if hasattr(entry, a))


def _wide(dtype: Any) -> Any:
    return jnp.promote_types(dtype, jnp.float64)


def _on_cpu(array: Any) -> bool:
    return all(device.platform == "cpu" for device in array.sharding.device_set)


def _is_complex(array: Any) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.complexfloating))


def _as_cotangent(output: Any, cotangent: Any) -> Any:
    if not jnp.issubdtype(output.dtype, jnp.inexact):
        return np.zeros(output.shape, jax.dtypes.float0)
    if cotangent is None:
        return jnp.zeros_like(output)
    return jnp.conj(cotangent).astype(output.dtype)


BACKEND = Jax()
