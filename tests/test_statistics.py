"""How often the verdicts are right: random networks, right ones and with one planted fault.

Every specimen is replayed from its number: ``random_network(number)`` in ``networks.py``.
"""

from collections import Counter

import numpy as np
import pytest

import gradproof as gp
from gradproof.judge.bands import bands
from networks import (
    KINDS,
    Fault,
    Network,
    backward,
    random_fault,
    random_network,
    relative_change,
)

# Statistics of many runs.
pytestmark = pytest.mark.slow

RIGHT = range(400)
PLANTED = 280
FIRST_PLANTED = 10_000

# Smaller changes than this many times `wrong_above` may rightly be called suspect.
PLAIN = 8.0
# A block whose gradient is a smaller share of the value counts as zero: nobody could tell.
SEEN = 1e-6


def finite(net):
    with np.errstate(all="ignore"):
        return bool(np.isfinite(net.cost(net.params)))


def limits(net):
    return bands(str(net.X.dtype), None, None)


def rejected(report, *verdicts):
    return {block.name[8:-2] for block in report.blocks if block.verdict in verdicts}


def told(evaluations):
    return f"evaluations: mean {np.mean(evaluations):.1f}, largest {max(evaluations)}"


def share(net, right):
    """How much each block's gradient, over its own size, is of the value."""
    value = abs(float(net.cost(net.params))) or 1.0
    scales = {n: float(np.sqrt(np.mean(p.astype(float) ** 2))) or 1 for n, p in net.params.items()}
    return {n: float(np.linalg.norm(g.astype(float))) * scales[n] / value for n, g in right.items()}


# Right networks


def test_the_specimens_are_right():
    """The hand-written backward against complex steps, which know no round-off."""
    checked = 0
    for number in range(60):
        net = random_network(number)
        analytic = {"tanh", "sine", "identity", "gelu"}
        if net.loss != "squares" or not set(net.activations) <= analytic:
            continue
        checked += 1
        params = {name: value.astype(complex) for name, value in net.params.items()}
        right = net.backprop({name: value.astype(float) for name, value in net.params.items()})
        for name, value in params.items():
            value.flat[0] += 1e-30j
            slope = complex(net.cost(params)).imag / 1e-30
            value.flat[0] -= 1e-30j
            assert slope == pytest.approx(right[name].flat[0], rel=1e-9, abs=1e-12), (net, name)
    assert checked >= 5


def test_right_networks_are_never_accused():
    verdicts, evaluations, news = Counter(), [], []
    for number in RIGHT:
        net = random_network(number)
        if not finite(net):
            continue
        report = gp.check(net.cost, net.params, grad=net.backprop)
        kind = "kinked" if net.kinked else "smooth"
        verdicts[str(net.X.dtype), kind, str(report.verdict)] += 1
        evaluations.append(report.evaluations)
        if not report.ok:
            news.append(f"{net}\n{report.headline}")
    print(*news, *sorted(verdicts.items()), told(evaluations), sep="\n")
    assert not [key for key in verdicts if key[2] in ("wrong", "suspect")]
    smooth = {key[2]: count for key, count in verdicts.items() if key[:2] == ("float64", "smooth")}
    assert smooth["correct"] >= 200
    assert smooth.get("undecided", 0) <= 0.02 * sum(smooth.values())
    # The specimens are of every sort.
    assert sum(count for key, count in verdicts.items() if key[1] == "kinked") >= 5
    assert sum(count for key, count in verdicts.items() if key[0] == "float32") >= 50


# Networks with one fault


def changes(net, fault):
    """What a fault changes, block by block: the least and the most, at and beside the point.

    At a kink the check goes a little way beside it, where other masks hold.
    """
    points = [net.params]
    if net.kinked:
        for draw in range(6):
            rng = np.random.default_rng((net.seed, draw))
            points.append(
                {
                    name: (value + rng.normal(size=value.shape) * 0.01).astype(value.dtype)
                    for name, value in net.params.items()
                }
            )
    found = [relative_change(backward(net, p), net.backprop(p, fault)) for p in points]
    return {name: (min(f[name] for f in found), max(f[name] for f in found)) for name in found[0]}


def planted(number, kind, rng):
    """A network with a fault that changes something: the guilty blocks, and the innocent ones."""
    net = random_network(number)
    fault = random_fault(net, kind, rng) if finite(net) else None
    if fault is None:
        return None
    with np.errstate(invalid="ignore"):  # it was raised once, not alone
        right = net.backprop(net.params)
    band = limits(net)
    shares = share(net, right)
    wrong_ones, innocent = set(), set()
    for name, (least, most) in changes(net, fault).items():
        if least > PLAIN * band.wrong_above:
            wrong_ones.add(name)
        if most == 0:
            innocent.add(name)
    if not wrong_ones or min(shares[name] for name in wrong_ones) < SEEN:
        return None
    return net, fault, wrong_ones, innocent


def test_planted_faults_are_found_in_the_right_block():
    counts, evaluations, news = Counter(), [], []
    rng, number = np.random.default_rng(FIRST_PLANTED), FIRST_PLANTED
    while sum(counts.values()) < PLANTED:
        case = planted(number, KINDS[sum(counts.values()) % len(KINDS)], rng)
        number += 1
        if case is None:
            continue
        net, fault, wrong_ones, innocent = case
        report = gp.check(net.cost, net.params, grad=net.broken(fault))
        missed = wrong_ones - rejected(report, "wrong")
        slandered = innocent & rejected(report, "wrong", "suspect")
        exact = report.verdict == "wrong" and not missed and not slandered
        counts[fault.kind, str(net.X.dtype), exact] += 1
        evaluations.append(report.evaluations)
        if not exact:
            news.append(f"{net}\n{fault}\nmissed {missed}, slandered {slandered}\n{report}")
    print(*news, *sorted(counts.items()), told(evaluations), f"numbers up to {number}", sep="\n")
    assert {kind for kind, _, _ in counts} == set(KINDS)
    assert not news


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_changes_its_block_and_no_other(kind):
    """The faults themselves: each does what its name says."""
    rng, change = np.random.default_rng(7), {}
    for number in range(FIRST_PLANTED, FIRST_PLANTED + 500):
        net = random_network(number)
        fault = random_fault(net, kind, rng) if net.X.dtype == np.float64 else None
        if fault is not None and finite(net) and not net.kinked:
            change = relative_change(backward(net, net.params), net.backprop(net.params, fault))
            if max(change.values()) > 0:
                break
    changed = {name for name, size in change.items() if size > 0}
    if kind == "mask":
        assert changed <= {f"{p}{i}" for p in "Wb" for i in range(1, fault.layer + 1)}
    else:
        assert changed == {fault.block}
    expected = {"factor": 1e-4, "sign": 2.0, "dropped 1/m": net.X.shape[1] - 1}
    if kind in expected:
        assert change[fault.block] == pytest.approx(expected[kind], rel=1e-6)


def test_a_small_fault_is_suspect_at_least():
    """Between the bands: a float32 step inside a float64 backward, say."""
    noticed = []
    for number in range(20_000, 20_040):
        net = random_network(number)
        if not finite(net) or net.X.dtype != np.float64 or net.traits:
            continue
        name = f"W{len(net.params) // 2}"

        def nearly(params, net=net, name=name):
            gradients = net.backprop(params)
            gradients[name] = gradients[name] * (1 + 1e-6)
            return gradients

        report = gp.check(net.cost, net.params, grad=nearly)
        noticed.append(report.verdict == "suspect" and rejected(report, "suspect") == {name})
    print(f"{sum(noticed)} of {len(noticed)} small faults are suspect")
    assert len(noticed) >= 10
    assert all(noticed)


def test_a_network_is_replayed_from_its_number():
    one, other = random_network(5), random_network(5)
    assert isinstance(one, Network)
    assert str(one) == str(other) != str(random_network(6))
    assert all(np.array_equal(one.params[name], other.params[name]) for name in one.params)
    fault = Fault("sign", block="W1")
    assert np.array_equal(one.backprop(one.params, fault)["W1"], -one.backprop(one.params)["W1"])
