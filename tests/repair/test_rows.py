"""Each row of the table has an example, which is its test, and leaves what is right alone."""

import ast

import pytest

from gradproof.repair.candidates.body import body_of
from gradproof.repair.candidates.rows import Row, rows
from gradproof.repair.candidates.source import Text, find
from gradproof.repair.edit import applied
from gradproof.repair.hints import Hints

SHAPES = {
    "A": (4, 4), "B": (4, 4), "W1": (4, 4), "W2": (4, 4), "Z": (6, 4), "H": (6, 4), "v": (4,),
    "u": (6,), "m": (), "lam": (), "x": (6, 4), "i": (), "t": None,
}  # fmt: skip
HINTS = Hints({"grad": SHAPES}, factors=("6", "1 / 2"), terms=("lam * B",))
ROWS = {(row.kind, row.wrong, row.right): row for row in rows()}


def written(row, text):
    """The function that an example stands for."""
    whole = row.states or "\n" in row.wrong or " = " in row.wrong
    lines = (text if whole else f"return {text}").split("\n")
    names = ", ".join(SHAPES)
    return f"import numpy as np\n\n\ndef grad({names}):\n" + "".join(f"    {x}\n" for x in lines)


def after(row, source):
    text = Text.of(source)
    found = find(text, ["grad"], ())
    body = body_of(text, found[0], HINTS, found)
    alike = [one for one in rows() if (one.wrong, one.right) == (row.wrong, row.right)]
    return [applied(source, [edit]) for one in alike for edit in one.edits(body)]


@pytest.mark.parametrize("key", ROWS, ids=lambda key: f"{key[1]} → {key[2]}")
def test_the_example_of_a_row(key):
    row = ROWS[key]
    texts = after(row, written(row, row.wrong))
    assert written(row, row.right) in texts
    for text in texts:
        ast.parse(text)


def test_no_row_is_there_twice():
    met = [(row.place, row.old, row.new, row.cost) for row in rows()]
    assert sorted(one for one in set(met) if met.count(one) > 1) == []


def row(old, new, place=""):
    return Row("factor", place, old, new, 1.0, "", "", "")


def texts(one, code):
    source = written(Row("", "", "a", "a", 1, "", "", ""), code)
    text = Text.of(source)
    found = find(text, ["grad"], ())
    edits = one.edits(body_of(text, found[0], HINTS, found))
    return [applied(source, [edit]).split("return ")[1].strip() for edit in edits]


@pytest.mark.parametrize(
    ("old", "new", "code", "expected"),
    [
        ("N * a", "a", "m * A", []),
        ("a * k", "a", "A * B", []),
        ("a * k", "a", "A * m", ["A"]),
        ("v * a", "a", "(A + B) * B", []),
        ("a - a", "a", "A - B", []),
        ("a - a", "a", "A[0] - A[ 0 ]", ["A[0]"]),
        ("np.dot(a, b)", "a * b", "x.dot(A, B)", []),
        ("np.exp(a, ...)", "a", "np.exp(A + B, out=m)", ["A + B"]),
        ("np.exp(a, ...)", "np.log(a, ...)", "np.exp(A, out=m)", ["np.log(A, out=m)"]),
        ("np.exp(a, ...)", "np.log(a, ...)", "np.exp(A)", ["np.log(A)"]),
        ("a @ b", "b @ a", "(A + B) @ W1", ["W1 @ (A + B)"]),
        ("a @ b", "b @ a", "A@B", ["B@A"]),
        ("a * b", "a + b", "A * B * v", ["A * B + v", "(A + B) * v"]),
        ("a.T", "a", "A.H", []),
        ("N", "2 * N", "A[3] + 3", ["A[3] + 6"]),
    ],
)
def test_a_letter_stands_for_what_it_may_and_nothing_else(old, new, code, expected):
    assert texts(row(old, new), code) == expected


def test_what_the_diagnosis_asks_for_costs_less():
    source = written(row("a", "a"), "6 * A / m")
    text = Text.of(source)
    found = find(text, ["grad"], ())
    for factors, cheap in ((("1 / 6",), True), (("1 / 5",), False)):
        body = body_of(text, found[0], Hints({"grad": SHAPES}, factors=factors), found)
        (edit,) = row("N * a", "a").edits(body)
        assert (edit.cost < 0.5) is cheap


def test_a_divisor_is_asked_for_the_other_way_round():
    source = written(row("a", "a"), "A / (2 * B)")
    text = Text.of(source)
    found = find(text, ["grad"], ())
    for factors, cheap in ((("2",), True), (("1 / 2",), False)):
        body = body_of(text, found[0], Hints({"grad": SHAPES}, factors=factors), found)
        (edit,) = row("N * a", "a").edits(body)
        assert (edit.cost < 0.5) is cheap
