"""Each output by each input as torch's fast mode compares them: claims and central differences.

For tolerances that the caller gives, and to say of a fault which output and which input it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..backend.torch import Torch
from ..space import tree

# What torch's own functions take where nothing is said.
_EPS, _ATOL, _RTOL = 1e-6, 1e-5, 1e-3


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What the caller allows; None where nothing was said."""

    eps: float | None
    atol: float | None
    rtol: float | None

    @property
    def given(self) -> bool:
        """Whether anything was said."""
        return (self.eps, self.atol, self.rtol) != (None, None, None)

    @property
    def step(self) -> float:
        """The step of the central differences."""
        return self.eps or _EPS

    def most(self, pair: Pair) -> float:
        """The most that a claim may be off."""
        atol = _ATOL if self.atol is None else self.atol
        rtol = _RTOL if self.rtol is None else self.rtol
        return atol * pair.weight + rtol * abs(pair.numerical)

    def allows(self, pair: Pair) -> bool:
        """Whether a claim is near enough."""
        return abs(pair.claimed - pair.numerical) <= self.most(pair)

    def tells(self, pair: Pair) -> bool:
        """Whether a claim of zero would be too far off."""
        return abs(pair.numerical) > self.most(pair)


@dataclass(frozen=True, slots=True)
class Pair:
    """One output by one input, along random weights that are not negative.

    ``weight`` is what an error of 1 in every entry would make of it.
    """

    output: int
    input: int
    imaginary: bool
    forward: bool
    claimed: float
    numerical: float
    weight: float

    @property
    def apart(self) -> float:
        """The relative difference."""
        size = abs(self.claimed) + abs(self.numerical)
        return abs(self.claimed - self.numerical) / size if size else 0.0

    def __str__(self) -> str:
        """As torch's own functions name it, which tests may look for."""
        part = "While considering the imaginary part of complex outputs only, "
        mode = "computed with forward mode " if self.forward else ""
        return (
            f"{part if self.imaginary and not self.forward else ''}Jacobian {mode}mismatch for "
            f"output {self.output} with respect to input {self.input}: claimed {self.claimed:.6g}, "
            f"central difference {self.numerical:.6g}, along one random direction."
        )


@dataclass(frozen=True, slots=True)
class Pairs:
    """A function of a point, whose leaves at ``places`` are checked."""

    fun: Callable[[tuple[Any, ...]], Any]
    leaves: tuple[Any, ...]
    places: Sequence[int]
    framework: Torch
    reverse: bool
    forward: bool

    def compared(self, step: float) -> list[Pair]:
        """All pairs, those of complex tensors for each of their parts."""
        here = [self.leaves[k].detach() for k in self.places]
        first = self._values(here)
        weights = [_weights(o, k) for k, o in enumerate(first)]
        claims = list(self._claims(here, weights))
        found = []
        for i, x in enumerate(here):
            for unit in (1, 1j) if x.is_complex() else (1,):
                along = _weights(x, i + len(first))
                numbers = self._differences(here, i, along * unit, step, weights)
                for forward, claim in claims:
                    for j, weight in enumerate(weights):
                        for imaginary in (True, False) if weight.is_complex() else (False,):
                            claimed = claim(i, along * unit, j, imaginary)
                            total = float(along.sum().real * weight.sum().real)
                            found.append(Pair(
                                j, self.places[i], imaginary, forward, claimed,
                                numbers[j, imaginary], total,
                            ))  # fmt: skip
        return found

    def _outputs(self, leaves: Sequence[Any]) -> list[Any]:
        everything = list(self.leaves)
        for place, leaf in zip(self.places, leaves, strict=True):
            everything[place] = leaf
        return floating(tree.leaves(self.fun(tuple(everything))))

    def _values(self, leaves: Sequence[Any]) -> list[Any]:
        """The outputs alone; what ``func`` does may need tensors that require grad."""
        with torch.enable_grad():
            found = self._outputs([x.detach().requires_grad_() for x in leaves])
        return [output.detach().clone() for output in found]

    def _differences(
        self, here: Sequence[Any], i: int, along: Any, step: float, weights: Sequence[Any]
    ) -> dict[tuple[int, bool], float]:
        both = []
        for sign in (1, -1):
            leaves = list(here)
            leaves[i] = here[i] + sign * step * along
            both.append(self._values(leaves))
        found = {}
        for j, (weight, up, down) in enumerate(zip(weights, *both, strict=True)):
            for imaginary in (True, False):
                apart = _read(up - down, weight, imaginary=imaginary)
                found[j, imaginary] = apart / (2 * step)
        return found

    def _claims(
        self, here: Sequence[Any], weights: Sequence[Any]
    ) -> Iterator[tuple[bool, Callable[[int, Any, int, bool], float]]]:
        """For each mode what it claims: of an output along a tangent of an input."""
        if self.reverse:
            with torch.enable_grad():
                back = self.framework.vjp(self._outputs, here)

            def pulled(i: int, along: Any, j: int, imaginary: bool) -> float:
                above: list[Any] = [None] * len(weights)
                above[j] = weights[j] * 1j if imaginary else weights[j]
                gradient = back.pull(above)[i]
                return 0.0 if gradient is None else _read(along, gradient)

            yield False, pulled
        if self.forward:

            def pushed(i: int, along: Any, j: int, imaginary: bool) -> float:
                tangents = [torch.zeros_like(x) for x in here]
                tangents[i] = along.to(here[i].dtype)
                found = self.framework.jvp(self._outputs, here, tangents)
                return 0.0 if found is None else _read(found[j], weights[j], imaginary=imaginary)

            yield True, pushed


def floating(outputs: Sequence[Any]) -> list[Any]:
    """Those that could have a gradient."""
    return [
        o
        for o in outputs
        if isinstance(o, torch.Tensor) and o.numel() and (o.is_floating_point() or o.is_complex())
    ]


def _weights(like: Any, seed: int) -> Any:
    """Random numbers between 0 and 1, of norm 1."""
    numbers = np.random.default_rng(seed).random(tuple(like.shape))
    numbers /= max(float(np.linalg.norm(numbers)), 1e-300)
    return torch.as_tensor(numbers, device=like.device).to(like.dtype)


def _read(output: Any, weight: Any, *, imaginary: bool = False) -> float:
    """``Re Σ conj(weight) · output``, or its imaginary part."""
    total = (weight.conj() * output).sum().item()
    return float(total.imag if imaginary else total.real)
