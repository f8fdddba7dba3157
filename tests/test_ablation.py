"""Rules are switched off one at a time, put back afterwards, and needed by what is said to."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from ablating import rules
from ablating.needs import NEEDS, TESTED, UNKNOWN
from ablating.rules import ALL as RULES
from ablating.rules import EXPLAINING, Rule, returns, switched_off
from ablating.tally import tallied
from trial.asked import asked
from trial.result import Result
from trial.specimen import Specimen
from trial.specimens import ALL, FURTHER
from trial.specimens.calls import ALL_CALLS, TORCH

ROOT = Path(__file__).parents[1]
ablation = importlib.import_module("ablation")
SPECIMENS = {s.name: s for s in (*ALL, *FURTHER, *ALL_CALLS)}
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def standing(place):
    """What stands in a place, and not what looking it up makes of it."""
    return rules.standing(*rules._place(place))


@each_rule
def test_a_rule_is_off_inside_and_on_again_afterwards(rule):
    before = {place: standing(place) for place in rule.off}
    with switched_off(rule):
        assert all(standing(place) is not before[place] for place in rule.off)
    assert all(standing(place) is before[place] for place in rule.off)


def test_it_is_on_again_after_an_exception_and_if_a_place_is_gone():
    rule = RULES[0]
    (place,) = rule.off
    before = standing(place)
    with pytest.raises(RuntimeError, match="inside"), switched_off(rule):
        raise RuntimeError("inside")
    gone = Rule("gone", "", {place: returns(None), "gradproof.judge.verdict:gone": returns(None)})
    with pytest.raises(KeyError, match="gone"), switched_off(gone):
        pass
    assert standing(place) is before


@pytest.mark.parametrize("name", NEEDS)
def test_a_rule_is_needed_by_the_specimens_that_are_said_to_need_it(name):
    rule = next(rule for rule in RULES if rule.name == name)
    chosen = [SPECIMENS[needing] for needing in NEEDS[name]]
    if any(s.family == TORCH for s in chosen):
        pytest.importorskip("torch")
    with switched_off(EXPLAINING):
        whole = asked(chosen)
        with switched_off(rule):
            found = asked(chosen)
    assert tallied(name, chosen, found, whole).worse == NEEDS[name]


_WITHOUT = """
import sys
import pytest
from ablating.rules import ALL, switched_off
with switched_off(next(rule for rule in ALL if rule.name == sys.argv[1])):
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[2]]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", TESTED)
def test_a_test_fails_without_the_rule_that_it_is_said_to_need(name):
    command = [sys.executable, "-c", _WITHOUT, name, TESTED[name]]
    around = {**os.environ, "PYTHONPATH": str(ROOT / "benchmarks")}
    done = subprocess.run(command, cwd=ROOT, env=around, capture_output=True, check=False)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout


def test_every_rule_is_needed():
    assert {rule.name for rule in RULES} == NEEDS.keys() | TESTED.keys() | UNKNOWN


def specimen(name, *blocks):
    return Specimen(name, "f", lambda: None, blocks=blocks)


def results(**verdicts):
    return [Result("gradproof", name, verdict, 10) for name, verdict in verdicts.items()]


def test_a_verdict_is_worse_or_better_by_what_is_true():
    chosen = [specimen(n) for n in ("a", "b", "c")] + [specimen(n, "x") for n in ("d", "e", "f")]
    whole = results(a="passes", b="undecided", c="passes", d="accuses", e="accuses", f="passes")
    found = results(a="accuses", b="passes", c="passes", d="passes", e="undecided", f="n/a")
    tally = tallied("rule", chosen, found, whole)
    assert tally.worse == ("a", "d", "e")
    assert tally.better == ("b", "f")
    assert (tally.wrong_passed, tally.right_accused, tally.undecided) == (1, 1, 1)
    assert (tally.mean, tally.median) == (10, 10)


def test_the_command_writes_a_row_for_each_rule(tmp_path, monkeypatch, capsys):
    record = tmp_path / "ablation.json"
    options = ["--rules", "kink", "--family", "ties", "--sample", "20", "--names", "--json", record]
    monkeypatch.setattr(sys, "argv", ["ablation.py", *map(str, options)])
    assert ablation.main() == 0
    assert [row["rule"] for row in json.loads(record.read_text())] == ["nothing", "kink"]
    assert "switched off" in capsys.readouterr().out
