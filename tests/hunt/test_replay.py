"""What was found is tried first another time, as long as it is wrong."""

import numpy as np
import pytest

import gradproof as gp
from gradproof.hunt.family import Family
from gradproof.hunt.replay import Replay, decoded, encoded
from gradproof.hunt.run import Limits
from gradproof.hunt.search import hunted
from gradproof.hunt.target import Manner, target_of

pytest.importorskip("hypothesis")


def fun(x, power):
    return float(np.sum(np.abs(x) ** power))


def right(x, power):
    return power * np.abs(x) ** (power - 1) * np.sign(x)


def wrong(x, power):
    return right(x, power) * np.where((x == 3) & (power == 4.0), 2, 1)


def run(folder, grad, tries):
    arguments = {"point": gp.arrays(2), "power": gp.one_of(2.0, 4.0)}
    target = target_of(fun, grad, arguments, Manner(), None)
    return hunted(target, Limits(tries, None, 0), examples=str(folder)), target.family


def test_what_was_found_is_tried_first_until_it_is_right(tmp_path):
    assert run(tmp_path, wrong, 5)[0].ok
    first, family = run(tmp_path, wrong, 200)
    assert first.found
    again, _ = run(tmp_path, wrong, 1)
    assert [f.cause for f in again.found] == [f.cause for f in first.found]
    assert again.tries == len(Replay(str(tmp_path), "fun", family).values)
    assert run(tmp_path, right, 1)[0].ok
    assert run(tmp_path, wrong, 5)[0].ok
    assert not Replay(str(tmp_path), "fun", family).values


def test_arguments_come_back_as_they_were():
    family = Family({
        "point": {"a": gp.arrays(3), "b": gp.floats(), "c": gp.integers(0, 9)},
        "how": gp.one_of("mean", "sum"), "fixed": object(),
    })  # fmt: skip
    array = np.array([0.1, np.pi, -0.0], np.float32)[::-1]
    leaves = {"a": array, "b": 1 / 3, "c": 4}
    values = {"point": leaves, "how": "sum", "fixed": family.arguments["fixed"]}
    text = encoded(family, values)
    back = decoded(family, text)
    assert back["how"] == "sum"
    assert back["point"]["b"] == 1 / 3
    assert back["point"]["a"].dtype == np.float32
    assert back["point"]["a"].tobytes() == array.tobytes()
    other = Family({"point": gp.arrays(4), "how": gp.one_of("mean", "sum")})
    assert decoded(other, text) is None
    assert decoded(family, b"no json") is None
