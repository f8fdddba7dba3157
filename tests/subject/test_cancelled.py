"""Claims that are nothing but round-off, beside those that are not linear."""

import numpy as np
import pytest

from gradproof.judge.thresholds import T
from gradproof.subject.cancelled import cancelled
from gradproof.subject.claim import Claim


def claim(*norms):
    return Claim(norms, (0.0,) * len(norms), {}, tuple(np.array([n]) for n in norms))


def test_what_is_as_small_as_the_round_off_of_the_others_is_none():
    assert cancelled([claim(9e-12, 16.0)], [(9e-12, 8e-12)], {0}) == {0}
    assert cancelled([claim(9e-12, 16.0)] * 2, [(9e-12, 8e-12), (0.0, 0.0)], {0}) == {0}


@pytest.mark.parametrize(
    ("norm", "off", "others"),
    [
        (1.0, 9e-12, 8e-12),  # a claim that has digits
        (9e-12, 9e-12, 0.0),  # the others are exact, as products are
        (9e-12, 9e-12, 9e-12 / T.claim_noise / 1.01),
    ],
)
def test_anything_else_is_one(norm, off, others):
    assert cancelled([claim(norm, 16.0)], [(off, others)], {0}) == set()


def test_a_claim_alone_has_nothing_to_excuse_it():
    assert cancelled([claim(1e-12)], [(1e-12,)], {0}) == set()
    assert cancelled([claim(1e-12, 1e-12)], [(1e-12, 1e-12)], {0, 1}) == set()
