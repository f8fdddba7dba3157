"""The planted faults as the benchmark counts them: found, located, explained, nobody else."""

import functools
import importlib
import json
import sys
from pathlib import Path

import pytest

import gradproof as gp

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
faults = importlib.import_module("faults")
ALL, ALL_FAULTS = faults.ALL, faults.ALL_FAULTS

REJECTED = (gp.Verdict.WRONG, gp.Verdict.SUSPECT)

NAMES = [fault.name for fault in ALL_FAULTS]
each_fault = pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)


@functools.cache
def checked(number):
    """The report on a fault; each is checked once."""
    fault = ALL_FAULTS[number]
    return gp.check(fault.fun, fault.point, grad=fault.wrong, args=fault.args)


def first_findings(number):
    """What is true of each faulty block, and the first finding about it."""
    findings = checked(number).findings
    for name, entries in ALL_FAULTS[number].blocks.items():
        about = [f for f in findings if f.block == name]
        yield name, entries, about[0] if about else None


@each_fault
def test_the_fault_is_found_in_its_blocks_and_in_no_other(number):
    report = checked(number)
    assert {b.name for b in report.blocks if b.verdict in REJECTED} == set(
        ALL_FAULTS[number].blocks
    )
    assert all(f.block in ALL_FAULTS[number].blocks for f in report.findings if f.block is not None)


@each_fault
def test_no_right_entry_is_named(number):
    for name, entries, found in first_findings(number):
        assert found is not None, name
        if entries != ALL and found.entries is not None:
            assert set(found.entries) <= entries, found.message
        if entries != ALL:
            assert "every entry is" not in found.message
            assert "every entry has" not in found.message


@each_fault
def test_findings_are_plain_data(number):
    report = checked(number)
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert len(told["findings"]) == len(report.findings)
    for found in report.findings:
        assert isinstance(found.kind, str)
        assert found.explained is None or 0 <= found.explained <= 1 + 1e-12
        for index in found.entries or ():
            assert all(type(i) is int for i in index)


FAMILIES = list({fault.family: fault for fault in ALL_FAULTS}.values())


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("fault", FAMILIES, ids=lambda fault: fault.family)
def test_the_right_twin_is_not_accused(fault, seed):
    # The faults of a family share the function, the point and the right twin.
    report = gp.check(fault.fun, fault.point, grad=fault.right, args=fault.args, seed=seed)
    assert report.ok, str(report)
    assert not report.findings


def test_shares():
    told = [one for number in range(len(ALL_FAULTS)) for one in first_findings(number)]
    kinds = [
        found is not None and str(found.kind) in ALL_FAULTS[number].kinds[name]
        for number in range(len(ALL_FAULTS))
        for name, _, found in first_findings(number)
    ]
    exact = [
        found is not None
        and (found.entries is None if entries == ALL else set(found.entries or ()) == entries)
        for _, entries, found in told
    ]
    print(f"entries exactly: {sum(exact)} of {len(exact)}; kind: {sum(kinds)} of {len(kinds)}")
    assert len(ALL_FAULTS) >= 80
    assert sum(exact) >= 0.95 * len(exact)
    assert sum(kinds) >= 0.90 * len(kinds)


def test_evaluations_stay_bounded():
    spent = sorted(checked(number).evaluations for number in range(len(ALL_FAULTS)))
    print(f"evaluations: median {spent[len(spent) // 2]}, most {spent[-1]}")
    assert spent[len(spent) // 2] <= 250
    assert spent[-1] <= 2500
