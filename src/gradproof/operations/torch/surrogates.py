"""Functions whose forward moves in steps: rounding, signs, spikes.

No gradient is the derivative of such a forward, and along the direction of the passes nothing that
comes after it moves on its account. So what it returns is moved by itself, and what comes after it
is judged along that.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ...judge.thresholds import T
from .calls import Key, Slot, floating, plain
from .passes import Driven
from .real import Real


def moves_in_steps(real: Real) -> bool:
    """Whether what a call returns stays as it is over small steps of its inputs."""
    generator = torch.Generator().manual_seed(0)
    moved = []
    for place in real.moving:
        x = real.args[place]
        if not x.numel() or x.is_complex():
            return False
        step = torch.finfo(x.dtype).eps ** 0.5 * x.abs().max()
        moved.append(x + step * _signs(x, generator))
    here, there = (_outputs(real, given) for given in (real.inputs(), moved))
    if not here or here.keys() != there.keys():
        return False
    changed = sum(int((here[k] != there[k]).sum()) for k in here)
    return changed <= T.stepped_share * sum(x.numel() for x in here.values())


def driven(stepped: Mapping[Key, Real], seed: int) -> dict[Slot, Driven]:
    """The outputs of such calls, each with a direction of its own."""
    generator = torch.Generator().manual_seed(seed)
    found: dict[Slot, Driven] = {}
    for key, real in stepped.items():
        for place, value in _outputs(real, real.inputs()).items():
            size = float(value.abs().square().mean()) ** 0.5 or 1.0
            found[key, "out", place] = Driven(value, size * _signs(value, generator))
    return found


def _signs(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return torch.randint(0, 2, like.shape, generator=generator).to(like) * 2 - 1


def _outputs(real: Real, given: list[torch.Tensor]) -> dict[int, torch.Tensor]:
    """What the Function returns, where gradients came to it; nothing where it cannot be asked."""
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            outputs = real.outputs([x.clone() for x in given])
    except (RuntimeError, TypeError, AttributeError):
        return {}
    found = {place: plain(outputs[place]).detach().clone() for place in real.gradients}
    return found if all(floating(x) and x.numel() for x in found.values()) else {}
