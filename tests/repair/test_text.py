"""Numbers that expressions came to in a run."""

import pytest

from gradproof.repair.candidates.text import close, value

NUMBERS = {"m": 6.0, "params['lam']": 0.3, "self.rate": 0.5}
SHAPES = {"X": (6, 4), "params['W']": (4, 3)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", 2.0),
        ("1 / m", 1 / 6),
        ("-(m - 1)", -5.0),
        ('2 * params["lam"]', 0.6),
        ("1 - self.rate", 0.5),
        ("len(X)", 6.0),
        ("X.shape[1]**0.5", 2.0),
        ("params['W'].shape[-1]", 3.0),
    ],
)
def test_what_is_known(text, expected):
    assert close(value(text, NUMBERS, SHAPES), expected)


@pytest.mark.parametrize(
    "text",
    ["n", "X", "1 / 0", "True", "'a'", "f(m)", "len(b)", "X.shape[2]", "m %", "(-1)**0.5", "m > 1"],
)
def test_what_nobody_knows(text):
    assert value(text, NUMBERS, SHAPES) is None
    assert not close(value(text, NUMBERS, SHAPES), 1.0)
