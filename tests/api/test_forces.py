"""Forces and stress of ASE's calculators: right ones, and one fault in each of their siblings."""

import numpy as np
import pytest

import gradproof as gp

ase = pytest.importorskip("ase")

from ase.build import bulk, fcc111, molecule  # noqa: E402
from ase.calculators.calculator import Calculator, all_changes  # noqa: E402
from ase.calculators.emt import EMT  # noqa: E402
from ase.calculators.lj import LennardJones  # noqa: E402
from ase.calculators.morse import MorsePotential  # noqa: E402
from ase.constraints import FixAtoms  # noqa: E402


class Pairs(Calculator):
    """exp(-d) between all atoms, times ``share`` for its energy."""

    implemented_properties = ("energy", "forces")
    share = 0.5

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        between = atoms.positions[:, None] - atoms.positions
        d = np.linalg.norm(between, axis=2) + np.eye(len(atoms))
        each = np.exp(-d) * (1 - np.eye(len(atoms)))
        forces = ((each / d)[:, :, None] * between).sum(axis=1)
        self.results = {"energy": self.share * each.sum(), "forces": forces}


def changed(change, base=EMT):
    """A calculator whose results are changed."""

    class Changed(base):
        def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
            super().calculate(atoms, properties, system_changes)
            change(self.results, atoms)

    return Changed()


def copper(calculator, size=(1, 1, 1)):
    atoms = bulk("Cu", cubic=True) * size
    atoms.rattle(0.05, seed=1)
    atoms.calc = calculator
    return atoms


def slab():
    atoms = fcc111("Cu", (2, 2, 2), vacuum=6.0)
    atoms.rattle(0.05, seed=2)
    atoms.set_constraint(FixAtoms([0, 1]))
    atoms.calc = EMT()
    return atoms


def argon(*, smooth):
    atoms = bulk("Ar", "fcc", 5.3, cubic=True)
    atoms.rattle(0.05, seed=1)
    atoms.calc = LennardJones(sigma=3.4, epsilon=0.01, rc=8, smooth=smooth)
    return atoms


def perfect():
    atoms = bulk("Cu", cubic=True)
    atoms.calc = EMT()
    return atoms


def water():
    return molecule("H2O", calculator=MorsePotential(r0=1.2, rcut1=3, rcut2=5))


RIGHT = {
    "ethanol": lambda: molecule("CH3CH2OH", calculator=EMT()),
    "water": water,
    "pairs": lambda: molecule("CH3CH2OH", calculator=Pairs()),
    "copper": lambda: copper(EMT()),
    "a perfect crystal": perfect,
    "a slab, half of it fixed": slab,
    "argon, smooth": lambda: argon(smooth=True),
    "argon, cut off": lambda: argon(smooth=False),
    "an energy that is extrapolated beside the free one": lambda: copper(
        changed(lambda r, atoms: r.update(energy=r["energy"] + 0.01 * np.sum(atoms.positions**2)))
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_right_ones(name):
    atoms = RIGHT[name]()
    before = atoms.positions.copy()
    report = gp.check_forces(atoms)
    assert report.ok, report.text()
    assert report.resolution < 1e-6
    periodic = bool(atoms.pbc.any()) and "stress" in atoms.calc.implemented_properties
    assert [str(c) for c in report.claims] == [
        "forces against energy: correct", *["stress against energy: correct"] * periodic,
    ]  # fmt: skip
    assert np.array_equal(atoms.positions, before)


def set_to(key, change):
    def apply(results, atoms):
        if key in results:
            results[key] = change(results[key], atoms)

    return apply


def off(forces, atoms):
    forces[2] *= 1.02
    return forces


WRONG = {
    "sign": ("forces", lambda f, a: -f, "every entry has the wrong sign"),
    "one atom": ("forces", off, "forces"),
    "kcal/mol/Å": ("forces", lambda f, a: 23.0605478306 * f, "in kcal/mol/Å; ASE has eV/Å."),
    "hartree/bohr": ("forces", lambda f, a: 0.01944690381 * f, "in hartree/bohr; ASE has eV/Å."),
    "GPa": ("stress", lambda s, a: 160.2176634 * s, "in GPa; ASE has eV/Å³."),
    "virial": ("stress", lambda s, a: s * a.get_volume(), "not divided by the volume; ASE has"),
    "minus the virial": ("stress", lambda s, a: -s * a.get_volume(), "not divided by the volume"),
    "pressure": ("stress", lambda s, a: -s, "every entry has the wrong sign"),
    "another order": ("stress", lambda s, a: s[[0, 1, 2, 5, 4, 3]], "stress"),
    "half the shear": ("stress", lambda s, a: s * [1, 1, 1, 0.5, 0.5, 0.5], "stress"),
    "kinetic": ("stress", lambda s, a: s + 1e-3, "stress"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_wrong_ones(name):
    key, change, words = WRONG[name]
    report = gp.check_forces(copper(changed(set_to(key, change))))
    verdicts = {claim.name: claim.verdict for claim in report.claims}
    assert verdicts.pop(key) is gp.Verdict.WRONG
    assert set(verdicts.values()) == {gp.Verdict.CORRECT}
    assert words in report.findings[0].message


@pytest.mark.slow
def test_an_energy_that_lacks_a_term():
    def apply(results, atoms):
        results["free_energy"] += 0.01 * np.sum(atoms.positions**2)

    assert gp.check_forces(copper(changed(apply))).verdict is gp.Verdict.WRONG


def test_pairs_that_are_counted_twice():
    calculator = Pairs()
    calculator.share = 1.0
    report = gp.check_forces(molecule("CH3CH2OH", calculator=calculator))
    assert "2× too small" in report.findings[0].message
    assert report.reproduce.startswith("gp.check_forces(molecule(")
    assert report.findings[0].line.function == "calculate"
    assert not report.repairable
    with pytest.raises(gp.UsageError, match="it is about forces"):
        gp.suggest_fixes(report)


@pytest.mark.slow
def test_results_from_before():
    class Forgetful(EMT):
        def check_state(self, atoms, tol=1e-15):
            return [] if self.results else super().check_state(atoms, tol)

    report = gp.check_forces(copper(Forgetful()), stress=False)
    assert report.ok
    assert [f.kind for f in report.findings] == [gp.Kind.STATEFUL]
    assert "returns the old energy and forces for atoms that have moved, unless reset()" in (
        report.findings[0].message
    )
    assert not gp.check_forces(copper(EMT()), stress=False).findings


@pytest.mark.parametrize("kept", [("energy", "forces"), ("energy",), ("forces",)])
def test_results_that_outlive_a_reset(kept):
    first = {}

    def apply(results, atoms):
        for key in kept:
            results[key] = first.setdefault(key, results[key])

    report = gp.check_forces(molecule("H2O", calculator=changed(apply, Pairs)))
    assert report.verdict.rejects
    assert f"returns the old {' and '.join(kept)} for atoms that have moved, even after" in (
        report.findings[0].message
    )


@pytest.mark.slow
def test_energies_in_single_precision():
    def apply(results, atoms):
        results["energy"] = results["free_energy"] = float(np.float32(results["energy"]))
        results["forces"] = results["forces"].astype(np.float32)

    right = gp.check_forces(copper(changed(apply)), stress=False)
    assert not right.verdict.rejects

    def doubled(results, atoms):
        apply(results, atoms)
        results["forces"] *= 2

    assert gp.check_forces(copper(changed(doubled)), stress=False).verdict is gp.Verdict.WRONG


def test_bad_calls():
    with pytest.raises(gp.UsageError, match=r"atoms must be ase\.Atoms, but is an int"):
        gp.check_forces(3)
    with pytest.raises(gp.UsageError, match="has no calculator"):
        gp.check_forces(bulk("Cu"))
    with pytest.raises(gp.UsageError, match="there is no cell that repeats itself"):
        gp.check_forces(water(), stress=True)
    with pytest.raises(gp.UsageError, match="the calculator has no stress"):
        gp.check_forces(copper(Pairs()), stress=True)
