"""Which code ran, in which order, and the shapes that its names held."""

import cProfile
import json
import sys

import numpy as np

from gradproof.repair.hints import MODULE, RETURN
from gradproof.repair.localise import Traced

RATE = 2.0


class Layer:
    slope, _hidden = 0.1, 2.0

    def __init__(self):
        self.kernel = np.ones((2, 3))

    def backward(self, x):
        flag, count, table = True, 3, {"W": x, 1: "text"}
        pair = [x, RATE]
        return helper(pair[0] @ self.kernel), flag, count, table


def helper(x):
    return np.sum([row * RATE for row in x])


def traced(function, own=__file__):
    found = Traced(own=own)
    found.run(function)
    return found


def test_what_ran_in_the_order_in_which_it_was_entered():
    layer = Layer()
    found = traced(lambda: layer.backward(np.ones((4, 2))))
    names = [code.co_qualname.rpartition(".")[2] for code in found.codes]
    assert names == ["<lambda>", "backward", "helper"]


def test_what_names_held():
    layer = Layer()
    found = traced(lambda: layer.backward(np.ones((4, 2)))).held[__file__]
    held = found["Layer.backward"]
    assert {name: held[name] for name in ("x", "count", "flag", "self.kernel", "pair[0]")} == {
        "x": (4, 2), "count": 3.0, "flag": None, "self.kernel": (2, 3), "pair[0]": (4, 2),
    }  # fmt: skip
    assert held["table['W']"] == (4, 2)
    assert held["self.slope"] == 0.1
    assert "self._hidden" not in held
    assert "table[1]" not in held
    assert found["helper"][RETURN] == ()
    assert found[MODULE]["RATE"] == RATE


def test_libraries_are_not_the_users_code():
    found = traced(lambda: json.dumps({"a": [1]}), own="")
    assert {code.co_filename for code in found.codes} <= {__file__}


def test_but_a_file_of_their_own_is():
    found = traced(lambda: json.dumps({"a": [1]}), own=json.__file__)
    assert "dumps" in [code.co_qualname for code in found.codes]


def test_the_profiler_is_as_before():
    def profiler(*_):
        pass

    sys.setprofile(profiler)
    try:
        traced(Layer)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)
    assert traced(lambda: 1).codes


def test_a_profiler_at_work_is_no_obstacle():
    profile = cProfile.Profile()
    profile.enable()
    try:
        traced = Traced(own=__file__)
        assert traced.run(lambda: 3) == 3
    finally:
        profile.disable()
    assert traced.codes
