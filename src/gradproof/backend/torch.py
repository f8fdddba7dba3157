"""PyTorch: tensors as leaves that can be moved, and autograd."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.linalg import LinAlgError  # type: ignore[attr-defined]
from torch.multiprocessing.reductions import StorageWeakRef

from ..errors import UsageError
from . import passing
from .protocol import OUTSIDE, WANTS_GRAD, About, Backend, Call, Drawn, Shape, Vjp
from .pulling import NATIVE, again, is_plain, nodes, pulled, variables, wide
from .rows import TensorRows
from .widening import WIDE, promoting

_NUMPY = {torch.float64, torch.float32, torch.float16, torch.complex128, torch.complex64}


_OURS = (torch.Tensor, torch.nn.Parameter)

# A copy keeps the gaps of a slice where they take no more than so many times its own memory.
_SPARSEST = 4


def _held(leaf: Any) -> Callable[[], bool]:
    memory = StorageWeakRef(leaf.untyped_storage())  # type: ignore[no-untyped-call]
    return lambda: not memory.expired()  # type: ignore[no-untyped-call]


def _kind(leaf: Any) -> Hashable:
    plain = type(leaf) is torch.Tensor and leaf.layout is torch.strided
    return (leaf.shape, leaf.dtype, leaf.device) if plain else None


def _joined(tensors: Sequence[Any], shapes: Sequence[Shape]) -> NDArray[np.float64] | None:
    flat = []
    for tensor, shape in zip(tensors, shapes, strict=True):
        if type(tensor) is not torch.Tensor or tensor.shape != shape or not _readable(tensor):
            return None
        flat.append(_real(tensor.resolve_conj()).reshape(-1))
    return torch.cat(flat).detach().numpy()


def _rows(leaves: Sequence[Any]) -> TensorRows | None:
    plain = [leaf.detach() for leaf in leaves]
    origin = _joined(plain, [t.shape for t in plain])
    if origin is None or any([t.is_conj() for t in plain]):
        return None
    return TensorRows(plain, origin, lambda leaf: _room(leaf, leaf.dtype))


class Torch(Backend):
    """See ``Backend``; copies are written in place and keep their layout."""

    about = About(
        "PyTorch", torch.Tensor, modes=("reverse",), deep=True, held=_held,
        scattered=passing.scattered, kind=_kind, joined=_joined, rows=_rows,
    )  # fmt: skip

    def differentiable(self, leaf: Any, name: str) -> str:
        if leaf.layout is not torch.strided or leaf.is_quantized or leaf.is_meta:
            raise UsageError(
                f"{name} is a {'meta' if leaf.is_meta else leaf.layout} tensor, which is "
                "unsupported: its entries cannot be moved one by one; pass dense values "
                "(tensor.values(), tensor.to_dense()) and build it inside the function."
            )
        if not (leaf.is_floating_point() or leaf.is_complex()):
            return f"has the type {self.dtype(leaf)}, which does not move continuously"
        if leaf.dtype not in NATIVE:
            raise UsageError(
                f"{name} has the type {self.dtype(leaf)}, whose numbers cannot be added: "
                "check it in float32 or bfloat16, and convert inside the function."
            )
        return "" if leaf.numel() else f"is empty (shape {tuple(leaf.shape)})"

    def dtype(self, leaf: Any) -> str:
        kind = leaf.dtype if leaf.layout is torch.strided else leaf.layout
        return str(kind).removeprefix("torch.")

    def host(self, leaf: Any) -> NDArray[Any]:
        leaf = leaf.detach()
        if _readable(leaf) and not leaf.is_conj():  # nearly always
            return leaf.numpy()  # type: ignore[no-any-return]
        if leaf.layout is not torch.strided:
            leaf = leaf.to_dense()
        if leaf.dtype not in _NUMPY and (leaf.is_floating_point() or leaf.is_complex()):
            leaf = leaf.to(wide(leaf.dtype))
        if leaf._is_zerotensor():  # noqa: SLF001 - autograd's own zero, without memory
            leaf = torch.zeros_like(leaf, device=leaf.device) + 0
        return leaf.cpu().resolve_conj().resolve_neg().numpy()  # type: ignore[no-any-return]

    def copy(self, leaf: Any, *, promote: bool) -> Any:
        if leaf.layout is not torch.strided or leaf.is_quantized or leaf.is_meta:
            return leaf
        dtype = WIDE.get(leaf.dtype, leaf.dtype) if promote else leaf.dtype
        if type(leaf) in _OURS and leaf.is_contiguous():  # nearly always
            return leaf.detach().to(dtype, copy=True).requires_grad_(leaf.requires_grad)
        return _room(leaf, dtype).copy_(leaf.detach()).requires_grad_(leaf.requires_grad)

    def given(self, copy: Any, like: Any, *, recording: bool = False) -> Any:
        # An alias: what the function does to the tensor object itself does not stick to it.
        return copy.detach().requires_grad_(recording)

    def mover(self, copy: Any, origin: Any, drawn: Drawn | None = None) -> Callable[[float], Any]:
        here, out = origin.detach(), copy.detach()
        if drawn is None:
            return lambda _: _written(copy, out, here)
        if drawn.entry is not None:
            return lambda step: _written(copy, out, here, drawn.entry, step)
        real = _real(out)
        array, one = drawn.array()
        numbers, unit = torch.from_numpy(array).to(real.device).view(real.shape), 1 / one

        def move(step: float) -> Any:
            real.copy_(numbers).mul_(step * unit)
            out.add_(here)
            return copy

        return move

    def same(self, copy: Any, origin: Any) -> bool:
        if copy is origin or copy.layout is not torch.strided or copy.is_meta:
            return True  # it was handed out as it is
        if copy.shape != origin.shape:
            return False
        if copy.dtype is origin.dtype and torch.equal(copy, origin):
            return True
        copy, origin = copy.detach(), origin.detach()
        equal = copy == origin
        return bool(equal.all()) or bool((equal | (copy.isnan() & origin.isnan())).all())

    def array(self, numbers: NDArray[np.float64], like: Any) -> Any:
        tensor = torch.from_numpy(numbers).to(like.device)
        if like.is_complex():
            tensor = torch.view_as_complex(tensor.view(-1, 2))
        return tensor.view(like.shape).to(like.dtype)

    def products(self, cotangents: Sequence[Any]) -> Callable[[Any], list[float]]:
        flat = torch.stack([cotangent.reshape(-1) for cotangent in cotangents])
        weights = flat.conj().resolve_conj().to(wide(flat.dtype))

        def read(output: Any) -> list[float]:
            wide = output.detach().reshape(-1).to(weights.dtype)
            return torch.mv(weights, wide).real.tolist()

        return read

    def calling(
        self, role: str, *, promoted: bool, deep: bool = True
    ) -> AbstractContextManager[Any]:
        recording = torch.no_grad() if role == "fun" else torch.enable_grad()
        return promoting(recording) if promoted and deep else recording

    def reseed(self, seed: int) -> None:
        if torch.cuda.is_available() or torch.backends.mps.is_available():
            torch.manual_seed(seed % 2**63)
        else:  # the same, but it tells each time who wanted other devices' generators seeded
            torch.default_generator.manual_seed(seed % 2**63)

    def session(self) -> AbstractContextManager[None]:
        return torch.inference_mode(mode=False)

    @contextmanager
    def generators(self) -> Iterator[None]:
        before = torch.default_generator.get_state()
        try:
            if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
                with torch.random.fork_rng(range(torch.cuda.device_count())):
                    yield
            else:
                yield
        finally:
            torch.default_generator.set_state(before)

    def meaning(self, error: Exception) -> str:
        if isinstance(error, LinAlgError):
            return OUTSIDE
        text = str(error)
        wanted = "require grad" in text or "requires_grad=False" in text
        return WANTS_GRAD if isinstance(error, RuntimeError) and wanted else ""

    def stopped(self, leaf: Any, *, kept: bool = False) -> Any:
        return None if kept and torch.compiler.is_compiling() else leaf.detach()

    def chosen(self, leaves: Iterable[Any]) -> Callable[[Any], str]:
        asked = any(isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in leaves)

        def reason(leaf: Any) -> str:
            if not isinstance(leaf, torch.Tensor):
                return "is not a tensor"
            return "does not require grad" if asked and not leaf.requires_grad else ""

        return reason

    def _variables(self, leaves: Sequence[Any]) -> list[Any]:
        """The tensors that a pass differentiates by, new ones, with the numbers of the leaves."""
        return [leaf.detach().requires_grad_() for leaf in leaves]

    def vjp(self, call: Call, leaves: Sequence[Any], *, twice: bool = False) -> Vjp:
        if twice:
            return again(call, leaves)
        leaves = self._variables(leaves)
        now = passing.Pass()
        with now.going():
            outputs = list(call(leaves))
        for output in outputs:
            if not is_plain(output):
                now.watch(output)
        before = torch.default_generator.get_state()
        reached = [o.requires_grad if isinstance(o, torch.Tensor) else False for o in outputs]

        def pull(cotangents: Sequence[Any]) -> list[Any]:
            triples = zip(outputs, cotangents, reached, strict=True)
            pairs = [(o, c) for o, c, known in triples if known and c is not None]
            return pulled(pairs, leaves, now) if pairs else [None] * len(leaves)

        def untracked() -> dict[int, str]:
            found = variables(outputs, leaves)
            return {id(v): f"a {self.dtype(v)} tensor of shape {tuple(v.shape)}" for v in found}

        def operations() -> int:
            return sum([not hasattr(node, "variable") for node in nodes(outputs)])

        def drew() -> bool:
            return not torch.equal(before, torch.default_generator.get_state())

        return Vjp(outputs, pull, untracked, operations, drew, now.scatter, now.lent.close)

    def jvp(self, call: Call, leaves: Sequence[Any], tangents: Sequence[Any]) -> list[Any] | None:
        import torch.autograd.forward_ad as forward

        with forward.dual_level():
            duals = [
                forward.make_dual(x.detach(), t)  # type: ignore[no-untyped-call]
                for x, t in zip(leaves, tangents, strict=True)
            ]
            try:
                outputs = list(call(duals))
            except NotImplementedError:
                return None
            pushed = [
                forward.unpack_dual(o).tangent if isinstance(o, torch.Tensor) else None  # type: ignore[no-untyped-call]
                for o in outputs
            ]
            return [_tangent(o, p) for o, p in zip(outputs, pushed, strict=True)]


def _written(copy: Any, out: Any, here: Any, entry: int | None = None, step: float = 0.0) -> Any:
    """``out`` is an alias of the copy that needs no grad."""
    out.copy_(here)
    if entry is not None:
        real = _real(out)
        real[np.unravel_index(entry, real.shape)] += step
    return copy


def _readable(tensor: Any) -> bool:
    """Whether NumPy can read its memory, in double precision, but for a conjugation."""
    double = tensor.dtype is torch.float64 or tensor.dtype is torch.complex128
    here = tensor.layout is torch.strided and tensor.device.type == "cpu"
    return double and here and not (tensor.is_neg() or tensor._is_zerotensor())  # noqa: SLF001


def _tangent(output: Any, pushed: Any) -> Any:
    """The derivative of an output: zero for a tensor that does not depend on the point."""
    if pushed is not None:
        return pushed.clone()
    return torch.zeros_like(output) if isinstance(output, torch.Tensor) else None


def _room(leaf: Any, dtype: torch.dtype) -> Any:
    """Memory of the same layout, unless entries of the leaf share theirs or lie far apart."""
    strides = sorted(zip(leaf.stride(), leaf.shape, strict=True))
    extent = 1
    for stride, length in strides:
        if length > 1 and stride < extent:  # the entries of an expanded tensor, say
            return torch.empty(leaf.shape, dtype=dtype, device=leaf.device)
        extent += stride * (length - 1)
    if extent > _SPARSEST * leaf.numel():
        return torch.empty_like(leaf, dtype=dtype)
    return torch.empty_strided(leaf.shape, leaf.stride(), dtype=dtype, device=leaf.device)


def _real(tensor: Any) -> Any:
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


BACKEND = Torch()
