"""Forces and stress of an ASE calculator, compared with how its energy changes.

Nothing here imports ASE: atoms are recognised by what they can do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..calling import public
from ..engine.examine import examine
from ..errors import UsageError
from ..judge.bands import bands
from ..judge.thresholds import T
from ..naming import what
from ..plan.effort import Level
from ..records.claim_result import ClaimResult
from ..records.finding import Finding, Kind
from ..records.verdict import worst
from ..report.report import Report
from ..space.point import Point
from ..subject.asked import Asked, Options
from .callsite import call_in_source
from .options import validate

Array = NDArray[np.float64]

# How far atoms move where the energy changes noticeably, in Å, and how far a cell is strained: an
# eighth of a bond, and what a crystal bears without another structure.
_STEPS = {"forces": 0.1, "stress": 0.05}

_SHAKE = 1e-2  # Å: a move that no calculator takes for none

_VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))

# What a factor may be: so many of another unit are one of ours (CODATA 2018).
_UNITS = {
    "stress": {"GPa": 160.2176634, "kbar": 1602.176634, "eV, not divided by the volume": 0},
    "forces": {
        "hartree/bohr": 0.01944690381, "hartree/Å": 0.03674932218, "eV/bohr": 0.529177210903,
        "kcal/mol/Å": 23.0605478306, "kJ/mol/Å": 96.4853321233, "kJ/mol/nm": 964.853321233,
    },
}  # fmt: skip


@public("gp.check_forces(atoms)", report=True)
def check_forces(
    atoms: Any,
    *,
    stress: bool | None = None,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
    tolerance: float | None = None,
) -> Report:
    """Check the forces of an ASE calculator against its energy, and the stress too.

    Forces are minus the derivatives of the energy by the positions; the stress is that by a strain
    of the cell, divided by the volume. The energy is the one that forces belong to: the free energy
    of smeared occupations, where the calculator has one.

    Parameters
    ----------
    atoms : ase.Atoms
        With a calculator. Molecules, slabs and crystals; they are copied, and what is fixed moves
        too: constraints change neither energy nor forces here.
    stress : bool, optional
        Whether the stress is checked. Left out, it is where the calculator has one and there is a
        cell that repeats itself.
    effort, seed, correct_below, wrong_above, name, tolerance
        As for ``gp.check``; ``tolerance`` is that of a self-consistent energy.

    Returns
    -------
    Report
        Blocks ``forces`` of shape (atoms, 3) in eV/Å, and ``stress``, of shape (6,) in the order
        of Voigt (xx, yy, zz, yz, xz, xy) and eV/Å³; ``claims`` has a verdict for each.

    Raises
    ------
    UsageError
        Where there are no atoms, no calculator, or no stress that could be checked.

    Notes
    -----
    Results are asked for after ``calc.reset()``; a calculator that returns old ones without it,
    or in spite of it, is named in a finding.

    """
    if not all(hasattr(atoms, n) for n in ("positions", "get_potential_energy", "get_forces")):
        raise UsageError(f"atoms must be ase.Atoms, but is {what(atoms)}.")
    calculator = atoms.calc
    if calculator is None:
        raise UsageError("atoms has no calculator: set atoms.calc before.")
    title = name or type(calculator).__name__
    options = Options(
        (), None, effort, seed, correct_below, wrong_above, title, tolerance=tolerance
    )
    validate(atoms.get_potential_energy, options, "gp.check_forces(atoms)")
    moved = Moved(atoms)
    options = _in_precision(options, moved)
    roles: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Array]] = {
        "forces": (lambda u: -moved.energy(u), moved.forces, np.zeros((len(atoms), 3)))
    }
    note = _no_stress(moved) if stress is not False else ""
    if stress and note:
        raise UsageError(f"The stress cannot be checked: {note}.")
    if stress is not False and not note:
        fun = lambda e: moved.strained_energy(e) / moved.volume  # noqa: E731
        roles["stress"] = fun, moved.stress, np.zeros(6)
    again, volume = call_in_source(int(seed)), moved.volume
    reports = {}
    for role, (fun, grad, zero) in roles.items():
        where = Point(zero, root=role).rescaled({0: _STEPS[role]})
        found = examine(Asked(fun, where, grad, options), again)
        named = tuple(_in_units(finding, role, volume) for finding in found.findings)
        reports[role] = replace(found, findings=named)
    return _whole(reports, _cached(moved), note)


@dataclass(frozen=True, slots=True)
class Moved:
    """Copies of atoms at other places, whose calculator starts anew."""

    atoms: Any

    def at(self, positions: Any, cell: Any = None, *, anew: bool = True) -> Any:
        """The atoms at other places, in another cell perhaps, with nothing that is fixed."""
        copy = self.atoms.copy()
        copy.set_constraint()
        if cell is not None:
            copy.set_cell(cell)
        copy.set_positions(positions)
        copy.calc = self.atoms.calc
        if anew and hasattr(copy.calc, "reset"):
            copy.calc.reset()
        return copy

    @property
    def volume(self) -> float:
        """The volume of the cell; 0 where there is none."""
        return float(self.atoms.get_volume()) if self.atoms.cell.rank == 3 else 0.0

    def energy(self, displacements: Any) -> float:
        """The energy in eV, of moved atoms."""
        return _energy(self.at(self.atoms.positions + displacements))

    def forces(self, displacements: Any) -> Any:
        """The forces on moved atoms."""
        return self.at(self.atoms.positions + displacements).get_forces()

    def strained(self, strain: Any) -> Any:
        """The atoms in a strained cell; the strain in the order of Voigt."""
        matrix = _strained(strain)
        return self.at(self.atoms.positions @ matrix, self.atoms.cell.array @ matrix)

    def strained_energy(self, strain: Any) -> float:
        """The energy in eV, in a strained cell."""
        return _energy(self.strained(strain))

    def stress(self, strain: Any) -> Array:
        """The derivative by the strain, over the volume as it was: where that is 0, the stress.

        With positions ``r M`` it is ``V M⁻¹ σ``.
        """
        there = self.strained(strain)
        tensor = np.empty((3, 3))
        for number, (i, j) in zip(there.get_stress(), _VOIGT, strict=True):
            tensor[i, j] = tensor[j, i] = number
        by_matrix = np.linalg.solve(_strained(strain), tensor)
        share = there.get_volume() / self.volume
        found = [(by_matrix[k] + by_matrix[k[::-1]]) / 2 for k in _VOIGT]
        return np.asarray(share * np.array(found), np.float64)


def _strained(strain: Any) -> Array:
    """What a strain in the order of Voigt multiplies positions with."""
    matrix = np.eye(3)
    for number, (i, j) in zip(strain, _VOIGT, strict=True):
        matrix[i, j] += number / 2
        matrix[j, i] += number / 2
    return matrix


def _in_precision(options: Options, moved: Moved) -> Options:
    """The bands of the precision that the forces are in, where nothing else is asked for."""
    name = str(np.asarray(moved.at(moved.atoms.positions).get_forces()).dtype)
    limits = bands(name, options.correct_below, options.wrong_above)
    return replace(options, correct_below=limits.correct_below, wrong_above=limits.wrong_above)


def _energy(atoms: Any) -> float:
    """The energy to which the forces belong."""
    try:
        return float(atoms.get_potential_energy(force_consistent=True))
    except Exception as error:
        if not _is_missing(error):
            raise
        return float(atoms.get_potential_energy())


def _is_missing(error: Exception) -> bool:
    """Whether a calculator does not have what it was asked for (ASE has a class for that)."""
    return isinstance(error, NotImplementedError)


def _no_stress(moved: Moved) -> str:
    """Why the stress is not checked."""
    atoms = moved.atoms
    if not (np.any(atoms.pbc) and atoms.cell.rank == 3):
        return "there is no cell that repeats itself"
    try:
        moved.at(atoms.positions).get_stress()
    except Exception as error:
        if not _is_missing(error):
            raise
        return "the calculator has no stress"
    return ""


def _cached(moved: Moved) -> list[Finding]:
    """What a calculator returns again although the atoms have moved."""
    here = moved.atoms.positions
    there = here + _SHAKE * np.random.default_rng(0).normal(size=here.shape)
    before = _both(moved.at(here))
    anew = _both(moved.at(there))
    _both(moved.at(here))
    after = _both(moved.at(there, anew=False))
    roles = ("energy", "forces")
    still = [k for k in range(2) if np.array_equal(before[k], anew[k]) and np.any(before[1])]
    old = [k for k in range(2) if k not in still and np.array_equal(after[k], before[k])]
    found = [(_NEVER, still), (_STALE, [k for k in old if not np.array_equal(anew[k], before[k])])]
    texts = [text.format(" and ".join(roles[k] for k in ks)) for text, ks in found if ks]
    return [Finding(Kind.STATEFUL, None, text) for text in texts]


def _both(atoms: Any) -> tuple[Any, Any]:
    return _energy(atoms), np.array(atoms.get_forces())


_STALE = (
    "The calculator returns the old {} for atoms that have moved, unless reset() is called: its "
    "check_state, or its own cache, does not see that they moved. Here it was reset at every call."
)
_NEVER = (
    "The calculator returns the old {} for atoms that have moved, even after reset(): it keeps its "
    "results, or does not read atoms.positions."
)


def _in_units(finding: Finding, role: str, volume: float) -> Finding:
    """A factor that is a unit, named."""
    if finding.block != role or not finding.factor:
        return finding
    for unit, known in _UNITS[role].items():
        number = known or volume
        if number and abs(abs(finding.factor) / number - 1) <= T.same_number:
            ours = "eV/Å³" if role == "stress" else "eV/Å"
            return replace(finding, message=f"{finding.message} It is in {unit}; ASE has {ours}.")
    return finding


def _whole(reports: dict[str, Report], stale: list[Finding], note: str) -> Report:
    """One report of forces and stress."""
    claims = tuple(ClaimResult(role, "energy", r.verdict) for role, r in reports.items())
    every = list(reports.values())
    notes = ["; ".join(map(str, claims)) + ".", *(n for r in every for n in r.notes)]
    if note:
        notes.append(f"The stress was not checked: {note}.")
    return replace(
        every[0],
        verdict=worst([r.verdict for r in every]),
        difference=max(r.difference for r in every),
        distance=max(r.distance for r in every),
        resolution=max(r.resolution for r in every),
        evaluations=sum(r.evaluations for r in every),
        gradient_calls=sum(r.gradient_calls for r in every),
        inquiry=sum(r.inquiry for r in every),
        seconds=sum(r.seconds for r in every),
        blocks=tuple(b for r in every for b in r.blocks),
        findings=(*stale, *(f for r in every for f in r.findings)),
        notes=tuple(dict.fromkeys(notes)),
        claims=claims,
        origin=None,  # a repair would edit what stands between ASE and the check
    )
