import json

import numpy as np

import gradproof as gp


def fun(x):
    return float(np.sum(np.tanh(x)))


def wrong(x):
    return np.where(x == 0, 0.0, 1 / np.cosh(x) ** 2)


def keys(path):
    return [json.loads(line)["key"] for line in path.read_text().splitlines()]


def hunted(path, tries, grad=wrong, **more):
    return gp.hunt(fun, gp.arrays((2,)), grad=grad, tries=tries, journal=path, **more)


def said(hunt):
    return [(str(f.values), f.cause, str(f.report.verdict), f.hits) for f in hunt.found]


def test_a_resumed_hunt_is_an_unbroken_one_and_tries_nothing_twice(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    first = hunted(whole, 120)
    assert hunted(broken, 50).tries == 50
    second = hunted(broken, 120)
    assert said(first) == said(second)
    assert keys(whole) == keys(broken)
    assert len(set(keys(broken))) == 120


def test_what_was_tried_is_not_called_again(tmp_path):
    path = tmp_path / "journal"
    seen = set()

    def right(x):
        seen.add(x.tobytes())
        return 1 / np.cosh(x) ** 2

    assert hunted(path, 80, right).ok
    assert len(seen) >= 60
    seen.clear()
    assert hunted(path, 80, right).ok
    assert not seen


def test_a_torn_line_and_lines_of_others_do_no_harm(tmp_path):
    path = tmp_path / "journal"
    assert hunted(path, 30).tries == 30
    whole = path.read_bytes()
    path.write_bytes(b'{"target": "another"}\nno json\n' + whole[:-40])
    hunt = hunted(path, 30)
    assert hunt.tries == 30
    lines = path.read_text().splitlines()
    assert len(lines) == 2 + 29 + 1 + 1
    assert json.loads(lines[-1])["key"] == json.loads(whole.splitlines()[-1])["key"]


def test_other_code_and_other_seeds_are_tried_anew(tmp_path):
    path = tmp_path / "journal"
    assert hunted(path, 30).tries == 30
    assert hunted(path, 30, seed=1).tries == 30
    assert hunted(path, 30, lambda x: 1 / np.cosh(x) ** 2).ok
    assert len(path.read_text().splitlines()) == 90


def test_interrupted_and_resumed(tmp_path):
    path = tmp_path / "journal"
    left = iter(range(69))

    def stops(x):
        if next(left, None) == 68:
            raise KeyboardInterrupt
        return wrong(x)

    hunt = hunted(path, 120, stops)
    assert hunt.interrupted
    done = len(path.read_text().splitlines())
    assert 0 < done < 120
    assert hunted(path, 120, stops).tries == 120
    assert len(set(keys(path))) == len(keys(path)) == 120
