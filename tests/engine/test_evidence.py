"""What a report keeps of its comparisons: enough to be drawn, and true to what was measured."""

import numpy as np
import pytest

import gradproof as gp


def squares(p):
    return float(sum(np.sum(np.abs(v) ** 2) for v in p.values()))


def double(p):
    return {k: 2 * v for k, v in p.items()}


POINT = {"a": np.linspace(1.0, 2.0, 6).reshape(2, 3), "b": np.array([3.0, -1.0])}


def block(report, name):
    (found,) = (b for b in report.blocks if b.name == f"params[{name!r}]")
    return found


def test_a_right_gradient_was_measured_with_all_blocks_together():
    report = gp.check(squares, POINT, grad=double)
    assert len(report.measured) == 2
    assert not block(report, "a").measured
    for m in report.measured:
        assert m.entry is None
        assert abs(m.claimed - m.slope) <= m.slope_bar + m.claimed_bar
    assert sum(bool(m.steps) for m in report.measured) == 1


def test_central_differences_come_with_the_slope():
    report = gp.check(squares, POINT, grad=double)
    (shown,) = (m for m in report.measured if m.steps)
    for step, difference in shown.steps:
        assert 0 < step <= 1e-3
        # A parabola's central difference is exact.
        assert difference == pytest.approx(shown.slope, abs=shown.noise / step + shown.slope_bar)


def test_entries_are_told_per_unit_of_the_parameter():
    report = gp.check(squares, POINT, grad=double, effort="sweep")
    entries = {m.entry: m for m in block(report, "a").measured if m.entry is not None}
    assert set(entries) == set(np.ndindex(2, 3))
    for index, m in entries.items():
        assert m.claimed == pytest.approx(2 * POINT["a"][index], rel=1e-12)
        assert m.slope == pytest.approx(m.claimed, abs=m.slope_bar)


def test_the_worst_comparison_comes_first():
    def grad(p):
        claimed = double(p)
        claimed["a"][1, 2] *= 1.5
        return claimed

    measured = block(gp.check(squares, POINT, grad=grad, effort="sweep"), "a").measured
    entries = [m for m in measured if m.entry is not None]
    assert entries[0].entry == (1, 2)
    assert entries[0].claimed / entries[0].slope == pytest.approx(1.5)


def test_complex_entries_have_two_parts():
    z = {"z": np.array([1 + 2j, 3 - 1j])}
    report = gp.check(squares, z, grad=double, effort="sweep")
    measured = {m.entry: m.claimed for m in report.blocks[0].measured if m.entry is not None}
    assert measured == pytest.approx({(0, 0): 2.0, (0, 1): 4.0, (1, 0): 6.0, (1, 1): -2.0})


def test_a_kink_is_kept_with_both_sides():
    report = gp.check(lambda x: float(np.abs(x).sum()), np.array([0.0]), grad=np.array([0.5]))
    (m,) = report.blocks[0].measured
    assert m.left == pytest.approx(-1)
    assert m.right == pytest.approx(1)


def test_a_large_sweep_keeps_what_disagrees_most():
    x = np.linspace(1.0, 2.0, 600)
    wrong = 2 * x
    wrong[577] *= 3
    report = gp.check(lambda x: float(x @ x), x, grad=wrong, effort="sweep")
    measured = report.blocks[0].measured
    assert len(measured) == 400
    assert (577,) in {m.entry for m in measured[:4]}


# The scan


def test_only_what_is_not_right_is_scanned():
    def steps(report):
        return [t for b in report.blocks for m in b.measured for t, _ in m.steps]

    right = gp.check(squares, POINT, grad=double)
    assert right.inquiry == 0
    assert min(t for m in right.measured for t, _ in m.steps) > 1e-7
    wrong = gp.check(squares, POINT, grad=lambda p: {**double(p), "b": p["b"]})
    assert 1e-10 in steps(wrong)
    quick = gp.check(squares, POINT, grad=lambda p: {**double(p), "b": p["b"]}, effort="quick")
    assert 1e-10 not in steps(quick)
    thorough = gp.check(squares, POINT, grad=double, effort="thorough")
    assert thorough.inquiry == 8
    assert min(t for m in thorough.measured for t, _ in m.steps) < 1e-9


def test_the_scan_never_goes_where_the_check_has_not_been():
    """Beyond it the function may raise, and a picture is not worth a lost verdict."""
    farthest = [0.0]

    def fun(x):
        farthest[0] = max(farthest[0], float(np.abs(x - 1).max()))
        return float(np.sum(x**2))

    assert not gp.check(fun, np.ones(3), grad=lambda x: 3 * x, effort="quick")
    alone = farthest[0]
    report = gp.check(fun, np.ones(3), grad=lambda x: 3 * x)
    assert report.verdict == "wrong"
    assert farthest[0] <= alone
