"""Faults of other people's kinds: nothing false is said, and most are explained."""

import functools
import importlib
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
why = importlib.import_module("why")
REPLICAS = why.REPLICAS

# One of each module: its right code is the twin of all its faults.
FEW = list({replica.module: replica for replica in REPLICAS}.values())


@functools.cache
def row(number, folder):
    return why.run(REPLICAS[number], folder)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp("replicas"))


@pytest.mark.parametrize("replica", FEW, ids=lambda replica: replica.name)
def test_one_of_each_module(replica, folder):
    found = row(REPLICAS.index(replica), folder)
    assert not found["twin"]
    assert found["verdict"] in {"wrong", "suspect"}
    assert not found["false"], found["message"]


@pytest.mark.slow
def test_the_figures(folder):
    rows = [row(number, folder) for number in range(len(REPLICAS))]
    count = len(rows)
    assert not sum(found["twin"] for found in rows)
    assert [found["name"] for found in rows if found["false"]] == []
    assert sum(found["family"] for found in rows) >= 0.85 * count
    assert sum(found["explained"] for found in rows) >= 0.75 * count
