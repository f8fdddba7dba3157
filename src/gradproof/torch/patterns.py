"""Sparse tensors as dense numbers that can be moved, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

_BLOCKED = (torch.sparse_bsr, torch.sparse_bsc)
_BY_ROWS = (torch.sparse_csr, torch.sparse_bsr)


def is_sparse(tensor: Any) -> bool:
    """Whether it has one of the sparse layouts."""
    known = (torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, *_BLOCKED)
    return isinstance(tensor, torch.Tensor) and tensor.layout in known


def stored(tensor: Any) -> Any:
    """The values that a sparse tensor stores; those of a coalesced one where it is COO."""
    return tensor._values() if tensor.layout is torch.sparse_coo else tensor.values()  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which entries are specified: a sparse tensor ``like`` that, and where each value lies.

    ``places`` are those of the stored values, in their order, among the entries of the dense
    tensor.
    """

    like: Any
    places: Any

    def built(self, values: Any) -> Any:
        """The sparse tensor with other values."""
        like = self.like
        values = values.reshape(stored(like).shape)
        if like.layout is torch.sparse_coo:
            return torch.sparse_coo_tensor(
                like._indices(), values, like.shape, is_coalesced=True  # noqa: SLF001
            )  # fmt: skip
        along, plain = _indices(like)
        return torch.sparse_compressed_tensor(along, plain, values, like.shape, layout=like.layout)

    def picked(self, dense: Any) -> Any:
        """The stored values of a dense tensor."""
        return dense.reshape(-1)[self.places].reshape(stored(self.like).shape)

    def holds(self, dense: Any) -> bool:
        """Whether everything outside of the pattern is zero."""
        rest = dense.detach().reshape(-1).clone()
        rest[self.places] = 0
        return not bool(rest.any())


def pattern_of(tensor: Any) -> Pattern:
    """That of a sparse tensor; one of COO is coalesced first."""
    like = tensor.detach()
    like = like.coalesce() if like.layout is torch.sparse_coo else like
    count, device = stored(like).numel(), like.device
    numbers = torch.arange(1.0, count + 1, dtype=torch.float64, device=device)
    order = Pattern(like, None).built(numbers).to_dense().reshape(-1).long()
    places = torch.empty(count, dtype=torch.long, device=device)
    where = order.nonzero()[:, 0]
    places[order[where] - 1] = where
    return Pattern(like, places)


def full(tensor: Any) -> Pattern:
    """The pattern with every entry specified, in the layout of a sparse tensor."""
    ones = torch.ones(tensor.shape, dtype=tensor.dtype, device=tensor.device)
    if tensor.layout is torch.sparse_coo:
        return pattern_of(ones.to_sparse(tensor.sparse_dim()))
    block = tuple(stored(tensor).shape[-2 - tensor.dense_dim() :][:2])
    more: dict[str, Any] = {"blocksize": block} if tensor.layout in _BLOCKED else {}
    if tensor.dense_dim():
        more["dense_dim"] = tensor.dense_dim()
    return pattern_of(ones.to_sparse(layout=tensor.layout, **more))


def _indices(compressed: Any) -> tuple[Any, Any]:
    if compressed.layout in _BY_ROWS:
        return compressed.crow_indices(), compressed.col_indices()
    return compressed.ccol_indices(), compressed.row_indices()
