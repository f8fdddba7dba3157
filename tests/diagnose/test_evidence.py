"""Fits of corrected gradients: they hold where they should, and nowhere else."""

import dataclasses

import numpy as np
import pytest

from suspects import Suspect, flat, values

TRUE, POINT = values((6, 7)), values((6, 7), 1)


def evidence(claimed=2 * TRUE, true=TRUE, point=POINT, **kwargs):
    return Suspect(point, true, claimed, **kwargs).evidence


def test_projections_are_the_claimed_slopes():
    shown = evidence()
    shown.need(4)
    assert shown.project(shown.claimed) == pytest.approx(
        [c.claimed for c in shown.draws], rel=1e-12
    )
    assert shown.slopes + shown.gaps == pytest.approx([c.claimed for c in shown.draws])
    assert len(shown.bars) == 4


def test_a_fit_takes_two_slopes_more_than_coefficients():
    for basis in (0, 1, 2):
        shown = evidence()
        shown.fit([flat(values((6, 7), 9 + k)) for k in range(basis)], known=shown.claimed)
        assert len(shown.draws) == basis + 2


def test_directions_are_all_different():
    case = Suspect(POINT, TRUE, 2 * TRUE)
    case.evidence.need(8)
    assert len(set(case.measured)) == 8


def test_coefficients_and_their_bars():
    shown = evidence(2 * TRUE + 0.1 * POINT, noise=1e-8)
    fit = shown.fit([shown.claimed, shown.point])
    for found, bar, wanted in zip(fit.coefficients, fit.bars, [0.5, -0.05], strict=True):
        assert abs(found - wanted) <= 3 * bar
        assert bar < 1e-5


def test_a_hypothesis_that_does_not_hold():
    shown = evidence(TRUE + 0.1 * values((6, 7), 5))
    assert shown.fit([shown.claimed]) is None
    assert shown.fit([shown.point], known=shown.claimed) is None
    assert shown.fit([], known=flat(2 * TRUE)) is None


@pytest.mark.parametrize("n", [1, 2, 3])
def test_as_many_coefficients_as_coordinates_prove_nothing(n):
    shown = evidence(values(n, 3), values(n), values(n, 1))
    basis = [flat(values(n, 10 + k)) for k in range(n)]
    if n > 1:
        assert shown.fit(basis) is None


def test_dependent_columns():
    shown = evidence()
    assert shown.fit([shown.claimed, 3 * shown.claimed]) is None


def test_numbers_that_are_not_finite():
    shown = evidence()
    bad = shown.claimed.copy()
    bad[3] = np.inf
    with np.errstate(invalid="ignore"):
        assert shown.fit([bad]) is None
        assert shown.fit([], known=bad) is None


def test_slopes_that_do_not_exist():
    case = Suspect(POINT, TRUE, 2 * TRUE)
    sound = case.measure
    calls = []

    def measure(direction):
        calls.append(direction)
        found = sound(direction)
        if len(calls) % 2:
            return found
        slope = dataclasses.replace(found.slope, value=np.nan, error=np.inf)
        return dataclasses.replace(found, slope=slope)

    case.measure = measure
    fit = case.evidence.fit([2 * flat(TRUE)])
    assert fit is not None
    assert fit.coefficients[0] == pytest.approx(0.5)
    case.measure = lambda d: dataclasses.replace(
        sound(d), slope=dataclasses.replace(sound(d).slope, value=np.nan, error=np.inf)
    )
    assert case.evidence.fit([flat(TRUE)]) is None


def test_the_search_is_made_once():
    case = Suspect(POINT, TRUE, 2 * TRUE)
    shown = case.evidence
    first = shown.where()
    spent = len(case.measured)
    assert shown.where() is first
    assert len(case.measured) == spent
