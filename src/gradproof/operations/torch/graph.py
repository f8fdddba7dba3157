"""The graph of one pass, cut into calls: which gradients cross their borders, and what they are.

A node belongs to the innermost call in which it was made. An edge between nodes of two calls
carries the cotangent of one tensor from the one to the other; an edge to a leaf that of a
parameter. So every call has its own share of shared parameters, and what happens between the
calls inside a module is kept apart from what happens in them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from .calls import Call, Log, Slot, plain
from .cuts import Loose

# A node and the place among its outputs.
Edge = tuple[Any, int]


@dataclass(slots=True)
class Borders:
    """Where the tensors at the borders of calls stand in the graph, by edge."""

    slots: dict[Edge, Slot] = field(default_factory=dict)
    loose: Loose = field(default_factory=Loose)

    def see(self, slot: Slot, tensor: Any) -> Any:
        """Remember one tensor; it goes on as it is."""
        edge = edge_of(plain(tensor))
        if edge is not None:
            self.slots.setdefault(edge, slot)
        else:
            self.loose.keep(slot, tensor)
        return tensor


@dataclass(slots=True, eq=False)
class Flow:
    """What one edge carries: from a node of the call ``into`` to ``out_of``.

    ``out_of`` is None where a leaf is reached, ``into`` None where the gradient comes from above.
    """

    into: Call | None
    out_of: Call | None
    source: Edge
    cotangents: list[Any] = field(default_factory=list)


def edge_of(tensor: Any) -> Edge | None:
    """Where the gradient of a tensor goes; None where it goes nowhere."""
    if tensor.grad_fn is not None:
        return tensor.grad_fn, tensor.output_nr
    if not tensor.requires_grad:
        return None
    try:
        edge = torch.autograd.graph.get_gradient_edge(tensor)
    except (AttributeError, RuntimeError):  # of a transformation of torch.func, not of this graph
        return None
    return edge.node, edge.output_nr


def flows(
    log: Log,
    begun: Sequence[tuple[Any, Any]],
    above: Call | None = None,
    *,
    accumulated: bool = True,
) -> list[Flow]:
    """All edges that cross a border, with hooks that will keep what they carry.

    ``begun`` are the outputs, each with the cotangent with which the backward pass begins there.
    It may be one inside the backward of a call ``above``, which gets what comes to its inputs,
    and, unless it is ``accumulated`` in them, what comes to the parameters.
    """
    owner = _Owners(log)
    inner = [(plain(output), cotangent) for output, cotangent in begun]
    found = [
        Flow(above, owner(o.grad_fn), (o.grad_fn, o.output_nr), [c])
        for o, c in inner
        if o.grad_fn is not None and c is not None and owner(o.grad_fn) is not above
    ]
    for node in nodes([o.grad_fn for o, _ in inner if o.grad_fn is not None]):
        if node in log.cut_up:
            continue
        log.cut_up.add(node)
        here, crossing = owner(node), list[tuple[int, Flow]]()
        for place, (source, number) in enumerate(node.next_functions):
            if source is None:
                continue
            leaf = hasattr(source, "variable")
            kept = leaf and accumulated and id(source.variable) in log.leaves
            there = (None if kept else above) if leaf else owner(source)
            if leaf or there is not here:
                crossing.append((place, Flow(here, there, (source, number))))
        if crossing:
            node.register_hook(_keeping(crossing))
            found += [flow for _, flow in crossing]
    return found


def hooked(log: Log) -> list[Flow]:
    """What hooks on tensors made of gradients: from the one that made the tensor, and back."""
    owner, found = _Owners(log), list[Flow]()
    for hook in log.hooks:
        edge = edge_of(plain(hook.tensor))
        if edge is not None:
            maker = None if hasattr(edge[0], "variable") else owner(edge[0])
            found.append(Flow(maker, hook.call, edge, [before for before, _ in hook.pairs]))
            found.append(Flow(hook.call, maker, edge, [after for _, after in hook.pairs]))
    return found


def _keeping(crossing: list[tuple[int, Flow]]) -> Any:
    def keep(gradients: Sequence[Any], _: Any) -> None:
        for place, flow in crossing:
            if gradients[place] is not None:
                flow.cotangents.append(gradients[place].detach().clone())

    return keep


def nodes(roots: list[Any]) -> Iterator[Any]:
    """Every node that can be reached, but for leaves, once."""
    seen, queue = set(roots), list(roots)
    while queue:
        node = queue.pop()
        if hasattr(node, "variable"):
            continue
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                queue.append(following)


class _Owners:
    """The call that a node belongs to, by the number that it got when it was made."""

    def __init__(self, log: Log) -> None:
        self._starts = [start for start, _ in log.borders]
        self._calls = [call for _, call in log.borders]

    def __call__(self, node: Any) -> Call | None:
        place = bisect_right(self._starts, node._sequence_nr()) - 1  # noqa: SLF001
        return self._calls[place] if place >= 0 else None


def product(cotangent: Any, tensor: Any) -> tuple[float, float]:
    """``Re Σ conj(c) x`` in double precision, and the sum of the magnitudes of its terms."""
    inner = plain(tensor).detach()
    if cotangent.layout is not torch.strided:
        cotangent = cotangent.to_dense()
    wide = torch.complex128 if inner.is_complex() or cotangent.is_complex() else torch.float64
    one, other = cotangent.reshape(-1).to(wide), inner.reshape(-1).to(wide)
    terms = (one.conj() * other).real
    return float(terms.sum()), float(terms.abs().sum())


def leaves_behind(entered: Sequence[Any]) -> tuple[set[int], set[Any]]:
    """The leaves behind some nodes, by identity, and the nodes in between."""
    inside = set(nodes([node for node in entered if not hasattr(node, "variable")]))
    further = [n for node in inside for n, _ in node.next_functions if n is not None]
    leaves = [n for n in [*entered, *further] if hasattr(n, "variable")]
    return {id(leaf.variable) for leaf in leaves}, inside


def reached(tape_flows: Sequence[Flow], call: Call) -> set[int]:
    """The leaves that get their gradient through a call, by identity."""
    entered = [flow.source[0] for flow in tape_flows if flow.into is call]
    leaves, visited = leaves_behind(entered)
    # What a Function runs again in its backward has a graph of its own.
    again = {f.out_of.key for f in tape_flows if f.out_of is not None and f.source[0] in visited
             and isinstance(f.out_of.owner, type)}  # fmt: skip
    for flow in tape_flows:
        within = flow.into is not None and any(flow.into.key[: len(k)] == k for k in again)
        if within and hasattr(flow.source[0], "variable"):
            leaves.add(id(flow.source[0].variable))
    return leaves
