"""One Function by itself, at the inputs and with the gradient from above of the real pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from ...backend.leaves import others_kept
from ...backend.torch import BACKEND
from ...space.point import Point
from ...subject.asked import Asked, Options
from ...subject.providers import Autodiff
from .calls import Key, Log
from .graph import leaves_behind
from .real import Real
from .target import Target, differentiable, from_above


def captured(target: Target, wanted: Iterable[Key]) -> dict[Key, Real]:
    """Run the target once more, forward and back, and keep some of its calls of Functions."""

    def use(log: Log, result: Any, leaves: Sequence[Any]) -> dict[Key, Real]:
        weights = from_above(result, target.session.asked.options.seed)
        pairs = zip(differentiable(result), weights, strict=True)
        used = [(output, weight) for output, weight in pairs if output.requires_grad]
        log.again = True
        kept, log.stack = log.stack, []
        with others_kept(leaves):
            torch.autograd.backward([o for o, _ in used], [w for _, w in used])
        log.stack = kept
        blocks = {id(leaf): k for k, leaf in enumerate(leaves)}
        for real in log.real.values():
            behind = [leaves_behind([edge[0]])[0] if edge else set() for edge in real.sources]
            real.through = tuple(frozenset(blocks[x] for x in b & blocks.keys()) for b in behind)
        return log.real

    return target.run(lambda _, tensor: tensor, use, [], frozenset(wanted))  # type: ignore[no-any-return]


def question(real: Real, options: Options) -> Asked | None:
    """What a check of it alone is asked: ``⟨gradient from above, outputs⟩`` of its inputs."""
    names, gradients = real.names(), real.gradients
    point = {name: real.args[place] for name, place in zip(names, real.moving, strict=True)}
    if len(point) < len(names) or not point or not gradients:
        return None

    def fun(inputs: Mapping[str, Any]) -> Any:
        # Copies, since some Functions write into their inputs, which leaves of a graph forbid.
        outputs = real.outputs([inputs[name].clone() for name in names])
        terms = [(c.conj() * outputs[place]).real.sum() for place, c in gradients.items()]
        return torch.stack([term.to(torch.float64) for term in terms]).sum()

    fun.__name__ = real.name
    where = Point(point, root=f"{real.name}.inputs")
    bands = (options.correct_below, options.wrong_above)
    asked = Options((), None, options.effort, options.seed, *bands, real.name)
    return Asked(fun, where, Autodiff(BACKEND), asked)
