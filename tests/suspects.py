"""One block whose true gradient is known, laid before the suspicions as a check would do it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradproof.diagnose.diagnosis import diagnose
from gradproof.diagnose.evidence import Evidence
from gradproof.plan.locate import Located, Locator
from gradproof.records.block import Block
from gradproof.records.comparison import Comparison
from gradproof.records.direction import Direction, Part
from gradproof.records.finding import Finding
from gradproof.records.slope import Slope, Smoothness
from gradproof.space.directions import vector

LOCATING = 1 << 21  # draws of the search begin here, as far from the others as in a check


def flat(array: Any) -> np.ndarray:
    """Real coordinates in double precision; a complex entry is two."""
    array = np.ascontiguousarray(array)
    if array.dtype.kind == "c":
        array = array.astype(np.complex128).reshape(-1).view(np.float64)
    return array.astype(np.float64).reshape(-1)


def block_of(array: Any, name: str = "params['W']") -> Block:
    """The block that a check would make of an array."""
    array = np.asarray(array)
    count = array.size * (2 if array.dtype.kind == "c" else 1)
    rms = float(np.sqrt(np.mean(flat(array) ** 2)))
    return Block(0, name, array.shape, array.dtype.name, count, rms or 1.0)


@dataclass
class Suspect:
    """A block, its true gradient and a claim; slopes are exact up to ``noise``."""

    point: Any
    true: Any
    claimed: Any
    noise: float = 0.0
    name: str = "params['W']"
    others: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    right: frozenset[str] = frozenset()
    slopes: int = 120
    measured: list[Direction] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.block = block_of(self.point, self.name)

    def measure(self, direction: Direction) -> Comparison:
        """Claim and slope along a direction, with a bar that holds."""
        self.measured.append(direction)
        slope, claimed = self.along(direction, self.true), self.along(direction, self.claimed)
        # Deterministic noise: the same direction gives the same slope again.
        roll = zlib.crc32(repr(direction).encode()) / 2**32 - 0.5
        unit = float(np.abs(flat(self.true)).max()) * self.block.scale + 1e-300
        error = 1e-13 * abs(slope) + 10 * self.noise * unit
        value = slope + self.noise * unit * roll
        return Comparison(direction, claimed, 0.0, Slope(value, error, 9, 0.0, Smoothness.SMOOTH))

    def along(self, direction: Direction, gradient: Any) -> float:
        """Inner product of a gradient with a direction."""
        part = direction.parts[0]
        if part.entry is not None:
            return float(part.step * flat(gradient)[part.entry])
        drawn = vector(part, self.block.axes, direction.seed, direction.draw)
        return part.step * drawn.dot(flat(gradient))

    @property
    def evidence(self) -> Evidence:
        """What the suspicions are shown."""
        everything = {self.name: self.claimed, **self.others}
        return Evidence(
            block=self.block,
            claimed=flat(self.claimed),
            point=flat(self.point),
            others={name: flat(gradient) for name, gradient in everything.items()},
            right=self.right,
            shapes={name: np.shape(gradient) for name, gradient in everything.items()},
            arguments=self.arguments,
            draws=[],
            measure=self.measure,
            slopes_left=self.slopes,
            seed=0,
        )

    def search(self, draws: list[Comparison], sweep: int = 24, vain: int = 0) -> Located:
        """Follow the plan of a locator to its end."""
        self.locator = Locator(self.block, flat(self.point), 0, LOCATING, self.slopes, sweep, vain)
        return self.locator.run(draws, self.measure)

    def draws(self, count: int = 2) -> list[Comparison]:
        """Slopes along random directions through the whole block."""
        part = Part(0, self.block.scale)
        return [self.measure(Direction((part,), 0, k)) for k in range(count)]

    def finding(self) -> Finding:
        """What all the suspicions together make of it."""
        found = diagnose(self.evidence, measuring=True)
        assert found is not None
        return found

    @property
    def wrong(self) -> set[tuple[int, ...]]:
        """The index tuples at which the claim is wrong."""
        off = np.asarray(self.claimed) != np.asarray(self.true)
        return {tuple(int(i) for i in index) for index in np.argwhere(off)}


def honest(finding: Finding, suspect: Suspect) -> None:
    """No right entry is named, and no more is said than is so."""
    wrong = suspect.wrong
    every = len(wrong) == np.asarray(suspect.true).size
    if finding.entries is not None:
        assert all(type(i) is int for index in finding.entries for i in index)
        assert set(finding.entries) <= wrong, finding.message
    elif "every entry" in finding.message and "not zero" not in finding.message:
        assert every, finding.message


def values(shape: Any, seed: int = 0) -> np.ndarray:
    """Numbers away from zero, of both signs."""
    rng = np.random.default_rng((seed, 77))
    return rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)
