"""Repairs on a terminal: what patch reads stays what it is."""

import io

import numpy as np
from rich.console import Console

import gradproof as gp
from gradproof.cli.fixes import show
from gradproof.repair.edit import Edit
from gradproof.repair.fix import Fix, Miss, Suggestions

SOURCE = f"def grad(w):\n\tx = {'1 + ' * 60}1\n\treturn 3 * w[0]  # [red] :smile: {{}}\n"
REPORT = gp.check(lambda w: float(w @ w), np.ones(2), grad=lambda w: 2 * w)
PLACE = SOURCE.index("3 *")
EDIT = Edit(PLACE, PLACE + 1, "2", "constant", 3, "3 → 2 [red]", 1.0)
FIX = Fix("net.py", (EDIT,), REPORT, (REPORT, REPORT), SOURCE)


def shown(suggestions, width=40, **options):
    out = io.StringIO()
    show(Console(file=out, width=width, highlight=False, **options), suggestions)
    return out.getvalue()


def test_the_diff_is_printed_as_it_is():
    text = shown(Suggestions([FIX]))
    assert FIX.diff in text
    assert text.startswith("A repair: line 3: 3 → 2 [red]\n--- a/net.py\n")


def test_the_proof():
    text = shown(Suggestions([FIX]), 200)
    assert "With it the gradient is correct along fresh directions (difference " in text
    assert text.endswith("); at other random points: correct, correct.\n\n")


def test_several():
    text = shown(Suggestions([FIX, FIX]))
    assert "Repair 1 of 2: " in text
    assert "Repair 2 of 2: " in text


def test_colours_where_there_are_some():
    text = shown(Suggestions([FIX]), force_terminal=True, color_system="standard")
    assert "\x1b[31m-\treturn 3 * w[0]  # [red] :smile: {}\n\x1b[0m" in text
    assert "\x1b[1m--- a/net.py\n\x1b[0m" in text
    assert " def grad(w):\n" in text


def test_none():
    assert shown(Suggestions(reason="Nothing found.")) == "Nothing found.\n"


def test_the_nearest_miss():
    miss = Miss((EDIT,), FIX.diff, ("params['W']", "params['b']"), 0.254)
    text = shown(Suggestions(reason="Nothing found.", closest=miss), 200)
    assert text == (
        "Nothing found.\nThe nearest miss (line 3: 3 → 2 [red]) leaves params['W'], params['b'] "
        f"wrong, off by 0.25:\n{FIX.diff}"
    )
