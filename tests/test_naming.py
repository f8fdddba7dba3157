"""What things are called, and where code stands."""

import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import gradproof as gp
from gradproof.naming import called, instead, place, what


def scaled(x, a):
    return a * x


class Model:
    """Something that can be called."""

    def cost(self, x):
        return x

    def __call__(self, x):
        return x


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (scaled, "scaled"),
        (partial(scaled, a=3), "scaled"),
        (partial(partial(scaled, a=3)), "scaled"),
        (Model().cost, "cost"),
        (Model(), "Model"),
        (partial(Model()), "Model"),
        (np.sin, "sin"),
        (len, "len"),
    ],
)
def test_names_of_functions(function, name):
    assert called(function) == name


def test_a_lambda_is_called_by_its_place():
    f = lambda x: float(x @ x)
    line = f.__code__.co_firstlineno
    assert called(f) == called(partial(f)) == f"lambda at test_naming.py:{line}"
    report = gp.check(f, np.ones(2), grad=lambda x: 3 * x)
    assert report.headline.startswith(f"gradproof: lambda at test_naming.py:{line}: wrong")


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (None, "None"),
        ({}, "an empty dict"),
        ({"a": 1}, "a dict with the keys 'a'"),
        ([1, 2], "a list of 2"),
        (np.ones((2, 3)), "an array of shape (2, 3) and type float64"),
        (3, "an int"),
        ("text", "a str"),
    ],
)
def test_what_things_are(thing, words):
    assert what(thing) == words
    assert not instead(thing)


def test_places_are_seen_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert place(str(tmp_path / "a" / "b.py"), 7) == f"{Path('a', 'b.py')}:7"
    assert place(str(tmp_path / "a" / "b.py"), 7, short=True) == "b.py:7"
    assert place("/elsewhere/b.py", 7) == "/elsewhere/b.py:7"


def test_a_place_in_a_notebook(monkeypatch):
    """IPython's compiler knows which cell it compiled under a name."""
    names = {"/tmp/ipykernel_1/2.py": ("Cell", "In[7]")}
    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=names.get))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert place("/tmp/ipykernel_1/2.py", 4) == "Cell In[7], line 4"
    assert place("/elsewhere/b.py", 4) == "/elsewhere/b.py:4"
