"""Shapes that follow from those of the parts of an expression."""

import libcst as cst
import pytest

from gradproof.repair.candidates.shapes import inferred

KNOWN = {"A": (4, 3), "b": (3,), "u": (4, 1), "m": (), "x": (2, 4, 3)}


def shape(node):
    return KNOWN.get(node.value) if isinstance(node, cst.Name) else inferred(node, shape)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", ()),
        ("-A * b", (4, 3)),
        ("m * u + b", (4, 3)),
        ("A @ b", (4,)),
        ("A.T @ A", (3, 3)),
        ("x @ A.T", (2, 4, 4)),
        ("np.exp(A) > 0", (4, 3)),
        ("A.sum()", ()),
        ("A.sum(axis=0)", (3,)),
        ("A.sum(0)", (3,)),
        ("np.sum(A, 1)", (4,)),
        ("np.mean(A, axis=-1, keepdims=True)", (4, 1)),
        ("x.max(-2)", (2, 3)),
        ("A * unknown", None),
        ("A.sum(axis=m)", None),
        ("A.sum(axis=5)", None),
        ("A.sum(axis=(0, 1))", None),
        ("np.where(A, b, b)", None),
    ],
)
def test_the_shape_of_an_expression(text, expected):
    assert shape(cst.parse_expression(text)) == expected
