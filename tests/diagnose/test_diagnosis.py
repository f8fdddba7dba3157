"""All suspicions together: the right one speaks, and whatever is said is so."""

import itertools

import numpy as np
import pytest

import gradproof as gp
from gradproof.diagnose import rules as registered
from gradproof.diagnose.diagnosis import diagnose
from gradproof.diagnose.evidence import Explanation
from gradproof.diagnose.rules import rule, rules
from suspects import Suspect, honest, values

SHAPES = [(), (1,), (2,), (3,), (1, 4), (4, 1), (2, 2), (5, 5), (3, 2, 4), (2, 3, 2, 3), (40,)]


def half_of(array, k):
    return np.arange(array.size).reshape(array.shape) % k == 0


FAULTS = {
    "twice": lambda g, p: 2 * g,
    "minus": lambda g, p: -g,
    "zero": lambda g, p: 0 * g,
    "every third": lambda g, p: np.where(half_of(g, 3), 3 * g, g),
    "shifted": lambda g, p: g + 0.1,
    "decay": lambda g, p: g + 0.3 * p,
    "negative": lambda g, p: np.where(np.real(p) < 0, -g, g),
    "first": lambda g, p: np.where(np.arange(g.size).reshape(g.shape) == 0, g * 1.7, g),
    "last zero": lambda g, p: np.where(np.arange(g.size).reshape(g.shape) == g.size - 1, 0, g),
    "rolled": lambda g, p: np.roll(g, 1),
    "parameter": lambda g, p: g * p,
    "chaos": lambda g, p: g * (1 + 0.3 * np.cos(np.arange(g.size).reshape(g.shape))),
    "sorted": lambda g, p: np.sort(g, axis=None).reshape(g.shape),
    "parameter itself": lambda g, p: p.copy(),
    "constant": lambda g, p: np.full_like(g, 0.7),
}

GRADIENTS = {
    "any": lambda shape, p: values(shape, 2),
    "constant": lambda shape, p: np.full(shape, 1.25),
    "parameter": lambda shape, p: p.copy(),
    "some zero": lambda shape, p: np.where(half_of(p, 2), 0.0, values(shape, 2)),
    "unequal": lambda shape, p: values(shape, 2) * np.where(half_of(p, 3), 1e-4, 1.0),
    "symmetric": lambda shape, p: _symmetric(values(shape, 2)),
    "tiny": lambda shape, p: 1e-12 * values(shape, 2),
}

POINTS = {
    "any": lambda shape: values(shape, 1),
    "positive": lambda shape: np.abs(values(shape, 1)),
    "signs": lambda shape: np.sign(values(shape, 1)),
    "equal": lambda shape: np.full(shape, 2.0),
    "zeros": np.zeros,
    "unequal": lambda shape: values(shape, 1) * np.where(half_of(np.ones(shape), 2), 1e-5, 1.0),
}


def _symmetric(array):
    square = array.ndim == 2 and array.shape[0] == array.shape[1]
    return array + array.T if square else array


@pytest.mark.parametrize("noise", [0.0, 1e-8])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_false_is_said(fault, shape, noise):
    for gradient, place in itertools.product(GRADIENTS, POINTS):
        point = np.asarray(POINTS[place](shape))
        true = np.asarray(GRADIENTS[gradient](shape, point))
        claimed = np.asarray(FAULTS[fault](true, point), dtype=float)
        if np.linalg.norm(claimed - true) <= 1e-4 * np.linalg.norm(true):
            continue
        case = Suspect(point, true, claimed, noise=noise)
        with np.errstate(all="ignore"):
            found = case.finding()
        honest(found, case)
        corrects(found, case)
        assert len(case.measured) < 400


def corrects(found, case):
    """A factor that is told of every entry turns the claim into the truth."""
    if found.kind in {"scale", "sign"} and found.factor:
        allowed = max(10 * (found.factor_bar or 0.0) / abs(found.factor), 1e-6)
        off = np.abs(case.claimed / found.factor - case.true)
        assert (off <= allowed * np.abs(case.true).max() + 100 * case.noise).all(), found.message
    if found.kind == "transpose" and case.true.ndim == 2 and "transposed." in found.message:
        assert np.allclose(case.claimed.T, case.true), found.message


def test_cheap_ones_measure_a_handful():
    case = Suspect(values((9, 9), 1), values((9, 9)), values((9, 9), 5))
    for cheap in (one for one in rules() if not one.measures):
        assert not list(cheap.suspect(case.evidence))
    # Each was shown a fresh evidence here; in a check they share their slopes.
    shown = case.evidence
    case.measured.clear()
    assert diagnose(shown, measuring=False) is None
    assert len(case.measured) <= 8


def test_simple_rules_are_asked_first_and_those_that_measure_last():
    assert [one.name for one in rules()] == [
        "zero", "scale", "branch", "convention", "shape", "other", "parameter", "precision",
        "zero-some", "entries", "parameter-with-factor", "rows", "scale-and-rest",
    ]  # fmt: skip
    assert [one.name for one in rules() if one.measures] == [
        "zero-some", "entries", "parameter-with-factor", "rows", "scale-and-rest",
    ]  # fmt: skip


@pytest.fixture
def clipped(monkeypatch):
    """A rule from outside: the claim was clipped to ± 1."""
    monkeypatch.setattr(registered._RULES, "entries", dict(registered._RULES.all()))

    @rule("clipped", place=45)
    def suspect(evidence):
        evidence.need(2)
        clipped = np.abs(evidence.claimed) == 1
        if clipped.any() and not clipped.all():
            name = evidence.block.name
            yield Explanation("clipped", f"{name}: it is clipped to 1.", 1.0, wrong=clipped)


def clipping():
    point = np.linspace(-2, 2, 7)
    return gp.check(
        lambda x: float(np.sum(x**2)) / 2, point, grad=lambda x: np.clip(x, -1, 1), name="clipping"
    )


def test_a_rule_from_outside_is_a_finding_with_a_kind_of_its_own(clipped, tmp_path):
    report = clipping()
    (finding,) = report.findings
    assert (finding.kind, finding.message) == ("clipped", "params: it is clipped to 1.")
    assert finding.entries == ((0,), (1,), (5,), (6,))
    assert "it is clipped to 1" in report.text()
    report.plot(kind="map")
    for name in ("report.json", "report.html", "report.xml"):
        report.save(tmp_path / name)
    again = gp.load(tmp_path / "report.json")
    assert again == report
    assert again.findings[0].kind == "clipped"


def test_without_it_the_kind_is_one_of_gradproofs_own():
    assert [finding.kind for finding in clipping().findings] == [gp.Kind.OTHER_TENSOR]


def test_a_kind_of_gradproofs_own_comes_back_as_such(tmp_path):
    clipping().save(tmp_path / "report.json")
    assert gp.load(tmp_path / "report.json").findings[0].kind is gp.Kind.OTHER_TENSOR


def test_no_two_rules_have_one_name(clipped):
    with pytest.raises(gp.UsageError, match=r"'clipped' in gradproof\.rules is taken"):
        rule("clipped", place=200)(lambda evidence: iter(()))


def test_without_measuring_the_cheap_ones_still_speak():
    case = Suspect(values((9, 9), 1), values((9, 9)), 2 * values((9, 9)))
    assert diagnose(case.evidence, measuring=False).kind == "scale"


def test_too_many_entries_are_not_listed():
    true = values((200, 200))
    claimed = np.where(np.arange(200)[:, None] % 3 == 0, true, -true)
    found = Suspect(np.where(claimed == true, 1.0, -1.0) + 0 * true, true, claimed).finding()
    assert found.kind == "branch"
    assert found.entries is None
