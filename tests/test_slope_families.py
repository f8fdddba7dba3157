"""Bars of ``gp.slope`` family by family: the benchmark, smaller, and what it would catch."""

import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

bench = importlib.import_module("bars_by_family")
functions = importlib.import_module("fine_functions")

COUNT, SEED = 60, 1
# Of so few functions one may be outside by the chance that a bar leaves (and two of 60 below).
ONE = 100 / COUNT + 1e-9


@pytest.mark.parametrize("family", functions.DETAIL)
def test_detail_down_to_the_size_that_is_promised(family):
    row = bench.measured(family, "above", COUNT, SEED)
    print(row)
    assert row.inside >= 100 - ONE
    assert row.silently_wrong == 0


@pytest.mark.parametrize("family", functions.DETAIL)
def test_finer_detail_is_inside_or_the_bar_is_infinite(family):
    row = bench.measured(family, "below", COUNT, SEED)
    print(row)
    assert row.honest >= 100 - 2 * ONE


@pytest.mark.parametrize("family", functions.NOISE)
def test_noise(family):
    assert bench.measured(family, "noise", COUNT, SEED).inside >= 100 - ONE


def test_without_a_look_below_most_fine_detail_would_be_missed(monkeypatch):
    search = importlib.import_module("gradproof.slopes.search")
    monkeypatch.setattr(search, "deeper", lambda *_: None)
    assert bench.measured("bumps", "below", COUNT, SEED).honest < 70
