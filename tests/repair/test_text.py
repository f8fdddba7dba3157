"""Parentheses that an expression needs in a place, and numbers that expressions came to."""

import pytest

from gradproof.repair.candidates.text import close, fitted, negative, product, total, value, written

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


@pytest.mark.parametrize(
    ("form", "parts", "expected"),
    [
        ("{} * {}", ("a + b", "c"), "(a + b) * c"),
        ("{} * {}", ("a @ b", "c"), "a @ b * c"),
        ("{} * {}", ("a", "b * c"), "a * (b * c)"),
        ("{}.T", ("a",), "a.T"),
        ("{}.T", ("2",), "(2).T"),
        ("{}.T", ("-a",), "(-a).T"),
        ("{}**0.5", ("-a",), "(-a)**0.5"),
        ("{}**0.5", ("ä[b]",), "ä[b]**0.5"),
        ("not {}", ("a and b",), "not (a and b)"),
        ("not {}", ("a < b",), "not a < b"),
        ("{} if m else {}", ("a or b", "c if d else e"), "a or b if m else c if d else e"),
        ("{} - {}", ("a\n    + b", "c"), "(a\n    + b) - c"),
    ],
)
def test_parentheses_stand_just_where_an_expression_would_be_torn(form, parts, expected):
    assert written(form, *parts) == expected


@pytest.mark.parametrize("part", ["a + b", "a", "(a + b) * c", "(a + b)", "ä * b", "f(\n  a)"])
def test_the_place_may_stand_over_several_lines(part):
    before, after = "f(\n    ü,  # ö\n    x * ", ")"
    expected = f"({part})" if part in {"a + b", "(a + b) * c", "ä * b"} else part
    assert fitted(part, before, after) == expected
    assert fitted(part, "f(\n    ü,\n    ", "\n    - x)") == part


def test_one_minus_is_enough():
    assert negative("-a @ b") == "a @ b"
    assert negative("a @ b") == "-a @ b"
    assert negative("a // b") == "-(a // b)"
    assert total("a", "-b * c") == "a - b * c"
    assert product("a + b", "1 / m") == "(a + b) / m"
