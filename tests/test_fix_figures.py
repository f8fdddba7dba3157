"""Planted faults repaired as the benchmark counts it: a part of them, and the article's network."""

import argparse
import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.append(str(BENCHMARKS))
_spec = importlib.util.spec_from_file_location("benchmark_of_repairs", BENCHMARKS / "fix.py")
fix = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = fix
_spec.loader.exec_module(fix)

pytestmark = pytest.mark.slow

FAULTS = {fault.name: fault for fault in fix.ALL_FAULTS}
OPTIONS = argparse.Namespace(seed=0, seconds=120.0, singles=False)

# What is changed in the first suggestion: where a person would make the change.
CHANGED = {
    "dense: W2 twice": ["drop the factor 2"],
    "dense: bias averaged, not summed": ["mean → sum"],
    "dense: labels minus probabilities": ["Y - np.exp(logs) → np.exp(logs) - Y"],
    "dense: W2 twice and b1 four times": ["drop the factor 2", "4 / m → 1 / m"],
    "leaky relu: another slope below zero": ["0.01 → 0.1"],
    "convolution 1-d: taps flipped": ["::-1 → :"],
    "embedding: repeated index overwritten": ["np.add.at(dE, ids"],
    "lstm: forget gate with the wrong sign": ["leave out dWx[:, H : 2 * H] *= -1"],
    "ridge: decay missing": ['add the term LAMBDA * params["W"]'],
    "ridge: decay doubled": ["drop the factor 2"],
    "ridge: rounded": ["drop round around"],
    "quadratic form: one side of the square": ["by 2"],
    "contraction: two axes exchanged": ["ijk"],
    "determinant: inverse not transposed": ["A.T"],
    "three layers: three faults in three layers": ["minus of third", "second[:, 2]", "first += "],
}


@pytest.mark.parametrize("name", CHANGED)
def test_the_first_suggestion_is_what_a_person_would_change(name):
    row = fix.run(FAULTS[name], OPTIONS)
    assert row["first right"]
    assert row["offered wrong"] == 0
    for text in CHANGED[name]:
        assert text in row["fixes"][0]


IN_LIBRARIES = {
    "layers 5": ["by n"],
    "layers 8": ["by self.slope"],
    "sequences 10": ["h - c → c - h"],
    "likelihoods 19": ["cdf → pdf"],
    "likelihoods 24": ["dist"],
    "functions_torch 28": ["by (1 - s)"],
    "functions_torch 33": ["sin → cos"],
    "rules_jax 36": ["sign of jnp.outer"],
    "vision 39": ["multiply self.a * (da", "by 1 / 2"],  # which self.scale is there
}


@pytest.mark.parametrize("number", IN_LIBRARIES)
def test_a_line_of_a_library_is_repaired_where_a_person_would(number):
    (planted,) = fix.planted(f"{number}:")
    row = fix.run(planted, OPTIONS)
    assert row["first right"]
    assert row["offered wrong"] == 0
    for text in IN_LIBRARIES[number]:
        assert text in row["fixes"][0]


def test_the_article_s_network_is_repaired_in_one_diff():
    assert fix.article_network()["lines"] == [
        "-    dW2 = 1 / m * np.dot(dZ2, A1.T) * 2",
        "+    dW2 = 1 / m * np.dot(dZ2, A1.T)",
        "-    db1 = 4 / m * np.sum(dZ1, axis=1, keepdims=True)",
        "+    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)",
    ]


def test_a_repair_that_is_wrong_elsewhere_would_be_counted(tmp_path):
    truth = fix.Truth.of(FAULTS["dense: W2 twice"])
    assert len(truth.points) > 3
    assert not truth.holds()
