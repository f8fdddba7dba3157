"""What became of each case: verdicts, exit codes, and whose fault an exception is."""

import json
import sys

import pytest

from gradproof.cli.runs import Failure, Fault, Run
from gradproof.report.renderers.json import to_dict, to_json
from gradproof.report.report import Report

HEAD = "import numpy as np\nimport gradproof as gp\none = np.array([1.0, 2.0])\n"
CASES = {
    "right": "dict(fun=lambda x: float(x @ x), point=one, grad=lambda x: 2 * x)",
    # The nearest fault: one entry of the gradient is off by a thousandth.
    "wrong": "dict(fun=lambda x: float(x @ x), point=one, grad=lambda x: x * [2, 2.002])",
    "suspect": "dict(fun=lambda x: float(x @ x), point=one, grad=lambda x: x * (2 + 2e-6))",
    "undecided": "dict(fun=lambda x: float('nan'), point=one, grad=lambda x: 2 * x)",
    "misused": "dict(fun=lambda x: x, point=one, grad=lambda x: 2 * x)",
    "raises": "dict(fun=lambda x: 1 / 0, point=one, grad=lambda x: 2 * x)",
    "grad_raises": "dict(fun=lambda x: float(x @ x), point=one, grad=lambda x: {}['key'])",
    "case_raises": "1 / 0",
    "leaves": "exit(3)",
}


def cases(tmp_path, *names, **more):
    bodies = {**{name: CASES[name] for name in names}, **more}
    defined = "".join(
        f"@gp.case\ndef {name}():\n    return {body}\n" for name, body in bodies.items()
    )
    path = tmp_path / "cases.py"
    path.write_text(HEAD + defined, "utf-8")
    return str(path)


def ran(tmp_path, *names, given=None, **more):
    run = Run([cases(tmp_path, *names, **more)], given or {})
    assert list(run) == run.outcomes
    return run


def only(run):
    (outcome,) = run.outcomes
    return outcome.result


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["right"], 0),
        (["wrong"], 1),
        (["suspect"], 1),
        (["undecided"], 3),
        (["misused"], 2),
        (["raises"], 2),
        (["right", "undecided"], 3),
        (["undecided", "wrong", "right"], 1),
        (["undecided", "suspect"], 1),
        (["wrong", "raises", "undecided"], 2),
    ],
)
def test_exit_codes(tmp_path, names, code):
    run = ran(tmp_path, *names)
    assert run.exit_code == code
    assert sum(run.document.counts.values()) == len(names)


def test_each_verdict_and_error_is_counted(tmp_path):
    run = ran(tmp_path, *CASES)
    expected = {"correct": 1, "suspect": 1, "wrong": 1, "undecided": 1, "errors": 5}
    assert run.document.counts == expected


@pytest.mark.parametrize(
    ("name", "fault", "said", "shown"),
    [
        ("misused", Fault.USE, "must return a real scalar", None),
        ("raises", Fault.CODE, "code under test", "raised by fun, called at the point"),
        ("grad_raises", Fault.CODE, "code under test", "raised by grad"),
        ("case_raises", Fault.CODE, "case itself", "ZeroDivisionError"),
        ("leaves", Fault.CODE, "case itself", "SystemExit: 3"),
    ],
)
def test_whose_fault_it_is(tmp_path, name, fault, said, shown):
    failure = only(ran(tmp_path, name))
    assert isinstance(failure, Failure)
    assert failure.fault is fault
    assert said in failure.message
    assert shown is None if failure.traceback is None else shown in failure.traceback


def test_a_traceback_shows_the_users_frames_and_no_others(tmp_path):
    shown = only(ran(tmp_path, "raises")).traceback
    assert "cases.py" in shown
    assert "outcomes.py" not in shown
    assert "guards.py" not in shown


def test_the_causes_of_an_exception_are_trimmed_too(tmp_path):
    path = tmp_path / "chained.py"
    path.write_text(
        HEAD
        + "def fun(x):\n    try:\n        gp.check(None, one)\n"
        + "    except gp.UsageError as error:\n        raise RuntimeError('mine') from error\n"
        + "@gp.case\ndef chained():\n    return dict(fun=fun, point=one, grad=one)\n",
        "utf-8",
    )
    run = Run([str(path)])
    list(run)
    shown = only(run).traceback
    assert "RuntimeError: mine" in shown
    assert "fun must be a function" in shown
    assert "check.py" not in shown


def test_a_usage_error_that_the_users_function_raises_is_the_users(tmp_path):
    run = ran(tmp_path, odd="dict(fun=lambda x: gp.check(3, one), point=one, grad=one)")
    assert only(run).fault is Fault.CODE


def test_a_bug_in_gradproof_is_called_one_and_the_next_case_still_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["gradproof.engine.examine"], "compose", None)
    run = ran(tmp_path, "right", "misused")
    assert [o.result.fault for o in run.outcomes] == [Fault.INTERNAL, Fault.USE]
    assert "check.py" in run.outcomes[0].result.traceback
    assert run.exit_code == 4


def test_an_exception_in_the_users_own_container_is_the_users(tmp_path):
    path = tmp_path / "cases.py"
    path.write_text(
        HEAD + "class Odd:\n    def __array__(self, *a, **k):\n        raise RuntimeError('odd')\n"
        "@gp.case\ndef odd():\n"
        "    return dict(fun=lambda x: Odd(), point=one, grad=one)\n",
        "utf-8",
    )
    run = Run([str(path)])
    list(run)
    assert only(run).fault is Fault.CODE
    assert "RuntimeError: odd" in only(run).traceback


def test_a_list_is_one_check_each_and_names_are_kept(tmp_path):
    run = ran(tmp_path, many=f"[{CASES['right']}, {{**{CASES['wrong']}, 'name': 'mine'}}]")
    path = tmp_path / "cases.py"
    assert [o.label for o in run.outcomes] == [f"{path}:many[0]", f"{path}:many[1]"]
    assert [o.result.name for o in run.outcomes] == [f"{path}:many[0]", "mine"]
    assert run.document.counts["wrong"] == 1


def test_a_generator_will_do_and_an_empty_list_is_told(tmp_path):
    run = ran(tmp_path, some=f"(dict({CASES['right']}) for _ in range(3))")
    assert run.document.counts["correct"] == 3
    assert "empty" in only(ran(tmp_path, none="[]")).message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("None", "did it forget to return"),
        ("3", "returns a int"),
        ("[3]", "returns a int"),
        ("gp.check(lambda x: x * x, 3.0, grad=lambda x: 2 * x)", "returns a report"),
        ("dict(fun=abs, point=one, gard=one)", "takes no 'gard': did you mean grad"),
        ("dict(fun=abs, point=one, zzz=one)", "takes no 'zzz': it takes fun, point"),
        ("dict(fun=abs, grad=one)", "returns no 'point'"),
        ("dict(point=one, grad=one)", "returns no 'fun'"),
        ("dict(fun=abs, point=one)", "no claimed gradient"),
    ],
)
def test_what_is_no_case_gets_a_sentence(tmp_path, body, said):
    failure = only(ran(tmp_path, odd=body))
    assert failure.fault is Fault.USE
    assert said in failure.message


def test_a_case_with_arguments_gets_a_sentence(tmp_path):
    path = tmp_path / "cases.py"
    path.write_text(HEAD + "@gp.case\ndef odd(x):\n    return {}\n", "utf-8")
    run = Run([str(path)])
    list(run)
    assert "takes no arguments" in only(run).message


def test_what_is_given_replaces_what_a_case_says(tmp_path):
    own = f"{{**{CASES['right']}, 'seed': 5, 'effort': 'quick'}}"
    kept = only(ran(tmp_path, own=own))
    assert (kept.seed, kept.effort) == (5, "quick")
    replaced = only(ran(tmp_path, own=own, given={"seed": 7}))
    assert (replaced.seed, replaced.effort) == (7, "quick")


def test_ctrl_c_keeps_what_was_finished(tmp_path):
    stop = "dict(fun=lambda x: (_ for _ in ()).throw(KeyboardInterrupt), point=one, grad=one)"
    run = Run([cases(tmp_path, "wrong", stop=stop, last=CASES["right"])])
    with pytest.raises(KeyboardInterrupt):
        list(run)
    run.interrupted = True
    assert [o.result.verdict for o in run.outcomes] == ["wrong"]
    assert [label.rpartition(":")[2] for label in run.unfinished] == ["stop", "last"]
    assert run.exit_code == 130
    assert to_dict(run.document)["unfinished"] == run.unfinished


def test_json_is_strict_and_complete(tmp_path):
    run = ran(tmp_path, *CASES)
    told = json.loads(to_json(run.document))
    assert told["gradproof"]
    assert told["exit_code"] == 2
    assert told["interrupted"] is False
    assert [report["verdict"] for report in told["reports"]] == [
        o.result.verdict for o in run.outcomes if isinstance(o.result, Report)
    ]
    assert told["schema"] == 1
    assert told["reports"][-1]["difference"] == "Infinity"
    assert {error["fault"] for error in told["errors"]} == {"use", "code"}


def test_other_targets_are_checked_when_one_is_missing(tmp_path):
    run = Run(["nowhere.py", cases(tmp_path, "right")])
    list(run)
    assert run.document.counts["errors"] == run.document.counts["correct"] == 1
    assert run.exit_code == 2


def test_the_bare_arguments_of_a_check_are_described_as_a_whole(tmp_path):
    run = ran(tmp_path, bare="(lambda x: float(x @ x), one)")
    assert len(run.outcomes) == 1
    assert "The case returns a tuple: return the arguments of gp.check" in str(run.outcomes[0])
