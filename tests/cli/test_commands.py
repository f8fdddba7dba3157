"""The command: what it prints where, with which colours, and what it exits with."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import gradproof
from gradproof.cli import check
from gradproof.cli import commands as cli
from gradproof.report.renderers.markdown import table

HEAD = "import numpy as np\nimport gradproof as gp\none = np.array([1.0, 2.0])\n"
BODIES = {
    "right": "return dict(fun=lambda x: float(x @ x), point=one, grad=lambda x: 2 * x)",
    # The nearest fault: one entry of the gradient is off by a thousandth.
    "wrong": "return dict(fun=lambda x: float(x @ x), point=one, grad=lambda x: x * [2, 2.002])",
    "suspect": "return dict(fun=lambda x: float(x @ x), point=one, grad=lambda x: x * 2.000002)",
    "undecided": "return dict(fun=lambda x: float('nan'), point=one, grad=lambda x: 2 * x)",
    "raises": "return dict(fun=lambda x: 1 / 0, point=one, grad=lambda x: 2 * x)",
    "kinked": "return dict(fun=lambda x: float(abs(x).sum()), point=0 * one, grad=np.sign)",
    "talks": "print('talking'); " + "return dict(fun=abs, point=3.0, grad=lambda x: 1.0)",
}


def cases(tmp_path, *names, **more):
    bodies = {**{name: BODIES[name] for name in names}, **more}
    defined = "".join(f"@gp.case\ndef {name}():\n    {body}\n" for name, body in bodies.items())
    path = tmp_path / "cases.py"
    path.write_text(HEAD + defined, "utf-8")
    return str(path)


def invoke(*arguments):
    return CliRunner().invoke(cli.commands, [str(argument) for argument in arguments])


def command(*arguments):
    call = "from gradproof.cli import main; main()"
    return [sys.executable, "-c", call, *map(str, arguments)]


def surroundings(**more):
    plain = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
    kept = {key: value for key, value in os.environ.items() if key not in plain}
    return {**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **more}


def started(*arguments, **environment):
    """The command in a process of its own, its output in pipes."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        encoding="utf-8",
        env=surroundings(**environment),
        timeout=120,
        check=False,
    )


def in_a_terminal(*arguments, **environment):
    """All that the command writes to a terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*arguments), stdin=theirs, stdout=theirs, stderr=theirs,
        env=surroundings(**{"COLUMNS": "100", **environment}), close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so at the end
            part = b""
        if not part:
            break
        written += part
    process.wait(120)
    os.close(ours)
    return written.decode()


def colours(text):
    """The escape codes that choose a colour, rather than bold."""
    codes = [code.split(";") for code in re.findall(r"\x1b\[([\d;]*)m", text)]
    return [code for code in codes if any(re.fullmatch(r"3\d|4\d|9\d", part) for part in code)]


# Exit codes


@pytest.mark.parametrize(
    ("names", "code"),
    [(["right"], 0), (["right", "wrong"], 1), (["raises"], 2), (["undecided", "right"], 3)],
)
def test_exit_codes_of_a_real_process(tmp_path, names, code):
    done = started("check", cases(tmp_path, *names))
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1].startswith("gradproof: correct ")


def test_a_bug_in_a_check_exits_with_4(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["gradproof.engine.examine"], "compose", None)
    done = invoke("check", cases(tmp_path, "right"))
    assert done.exit_code == 4
    assert "bug in gradproof; please report it" in done.stderr
    assert "Traceback" in done.stderr
    assert "errors 1" in done.stdout


def test_a_bug_outside_the_checks_exits_with_4(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(check, "follow", None)
    with pytest.raises(SystemExit) as left:
        cli.run(["check", cases(tmp_path, "right")])
    assert left.value.code == 4
    assert "bug in gradproof; please report it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check"], "Missing argument"),
        (["check", "nowhere.py"], "There is no such file"),
        (["check", "x.py", "--effort", "lots"], "'lots' is not one of 'quick', 'standard'"),
        (["check", "x.py", "--seed", "-1"], "-1 is not in the range"),
        (["check", "x.py", "--json", "/no/such/folder/x.json"], "there is no folder to write"),
        (["chekc"], "'chekc' is no command: did you mean `gradproof check`?"),
        (["zzz"], "'zzz' is no command: they are listed by --help"),
        (["cases.py", "-v"], "is no command: did you mean `gradproof check cases.py -v`?"),
        (["mod:name"], "is no command: did you mean `gradproof check mod:name`?"),
        (["--what"], "No such option"),
    ],
)
def test_wrong_use_exits_with_2_and_says_so_on_stderr(arguments, said, capsys):
    with pytest.raises(SystemExit) as left:
        cli.run(arguments)
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_an_exception_of_the_users_shows_their_traceback(tmp_path):
    done = invoke("check", cases(tmp_path, "raises", "right"))
    assert done.exit_code == 2
    assert "cases.py:raises: ERROR: The code under test raised" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert "gradproof: raised by fun, called at the point" in done.stderr
    assert "guards.py" not in done.stderr
    assert "cases.py:right: CORRECT" in done.stdout


# What it prints


def test_a_correct_gradient_takes_one_line_and_a_wrong_one_its_report(tmp_path):
    done = invoke("check", cases(tmp_path, "right", "wrong"))
    lines = done.stdout.splitlines()
    assert "cases.py:right: CORRECT, resolution " in lines[0]
    assert "relative error" not in lines[0]
    assert "WRONG" in done.stdout
    assert "relative error" in done.stdout
    assert done.stderr == ""


def test_verbose_reports_the_correct_ones_too(tmp_path):
    path = cases(tmp_path, "right")
    assert "relative error" not in invoke("check", path).stdout
    assert "relative error" in invoke("check", path, "-v").stdout


def test_a_finding_about_a_correct_gradient_is_not_hidden(tmp_path):
    done = invoke("check", cases(tmp_path, "kinked"))
    assert done.exit_code == 0
    assert "CORRECT" in done.stdout
    assert "kink" in done.stdout


def test_the_last_line_can_be_searched_for_even_where_it_is_narrow(tmp_path):
    done = started("check", cases(tmp_path, "right", "wrong", "suspect", "undecided"), COLUMNS="40")
    last = done.stdout.splitlines()[-1]
    expected = r"gradproof: correct 1, suspect 1, wrong 1, undecided 1, errors 0, \d+\.\d\d s"
    assert re.fullmatch(expected, last)


def test_effort_and_seed_are_passed_on_only_when_given(tmp_path):
    body = BODIES["right"].replace("dict(", "dict(seed=5, effort='quick', ")
    path = cases(tmp_path, own=body)

    def told(*options):
        return json.loads(invoke("check", path, "--json", "-", *options).stdout)["reports"][0]

    assert (told()["seed"], told()["effort"]) == (5, "quick")
    given = told("--seed", "0", "--effort", "thorough")
    assert (given["seed"], given["effort"]) == (0, "thorough")


# JSON


def strict(text):
    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_json_to_a_file_is_strict_and_leaves_the_screen_alone(tmp_path):
    file = tmp_path / "out.json"
    names = ["right", "wrong", "undecided", "raises"]
    done = invoke("check", cases(tmp_path, *names), "--json", file)
    told = strict(file.read_text("utf-8"))
    assert told["gradproof"] == gradproof.__version__
    assert told["exit_code"] == done.exit_code == 2
    assert [r["verdict"] for r in told["reports"]] == ["correct", "wrong", "undecided"]
    assert [e["case"].rpartition(":")[2] for e in told["errors"]] == ["raises"]
    assert "CORRECT" in done.stdout


def test_json_to_stdout_is_alone_there_whatever_the_user_prints(tmp_path):
    done = started("check", cases(tmp_path, "talks", "right"), "--json", "-")
    assert [r["verdict"] for r in strict(done.stdout)["reports"]] == ["correct", "correct"]
    assert "talking" in done.stderr
    assert "CORRECT" in done.stderr


def test_json_is_written_when_nothing_was_found(tmp_path):
    told = strict(invoke("check", tmp_path / "no.py", "--json", "-").stdout)
    assert told["reports"] == []
    assert told["errors"][0]["fault"] == "use"


# Ctrl-C


def test_ctrl_c_keeps_what_was_finished_and_exits_with_130(tmp_path):
    marker, file = tmp_path / "reached", tmp_path / "out.json"
    stuck = (
        f"import pathlib, time\n    pathlib.Path({str(marker)!r}).touch()\n"
        "    while True: time.sleep(0.01)"
    )
    path = cases(tmp_path, "right", stuck=stuck, last=BODIES["right"])
    process = subprocess.Popen(
        command("check", path, "--json", file),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=surroundings(),
    )  # fmt: skip
    while not marker.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "cases.py:right: CORRECT" in out
    assert out.splitlines()[-1].startswith("gradproof: correct 1, ")
    assert "interrupted with 2 of the cases unfinished" in out
    told = strict(file.read_text("utf-8"))
    assert told["interrupted"] is True
    assert [report["verdict"] for report in told["reports"]] == ["correct"]
    assert [label.rpartition(":")[2] for label in told["unfinished"]] == ["stuck", "last"]


def test_ctrl_c_outside_a_check_exits_with_130_too(monkeypatch):
    def interrupted(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "console", interrupted)
    with pytest.raises(SystemExit) as left:
        cli.run(["demo"])
    assert left.value.code == 130


# Colours, widths, pipes


def test_a_terminal_gets_colours_and_a_pipe_gets_none(tmp_path):
    path = cases(tmp_path, "right", "wrong", "raises")
    assert colours(in_a_terminal("check", path))
    done = started("check", path)
    assert "\x1b" not in done.stdout + done.stderr


def test_no_color_is_respected_in_a_terminal(tmp_path):
    written = in_a_terminal("check", cases(tmp_path, "right", "wrong", "raises"), NO_COLOR="1")
    assert "WRONG" in written
    assert colours(written) == []


def test_names_are_text_and_never_markup(tmp_path):
    named = BODIES["right"].replace("dict(", "dict(name='a [red]name[/] [/x]', ")
    assert "a [red]name[/] [/x]: CORRECT" in invoke("check", cases(tmp_path, named=named)).stdout


def test_what_takes_longer_than_a_second_says_so_on_a_terminal_only(tmp_path):
    path = cases(tmp_path, slow="import time; time.sleep(1.5); " + BODIES["right"])
    told = f"checking {path}:slow (1 of 1)"
    # Read without its line breaks: the folder's name may be longer than the terminal is wide.
    assert told in re.sub(r"\s*\r?\n\s*", "", in_a_terminal("check", path, COLUMNS="400"))
    done = started("check", path)
    assert "checking" not in done.stdout + done.stderr


def test_an_ascii_pipe_does_not_end_the_run(tmp_path):
    done = started("check", cases(tmp_path, "wrong"), PYTHONIOENCODING="ascii")
    assert done.returncode == 1, done.stderr


def test_a_reader_that_goes_away_is_no_verdict(tmp_path):
    path = cases(tmp_path, *["right", "wrong", "suspect"])
    process = subprocess.Popen(
        command("check", path, "-v"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=surroundings(),
    )  # fmt: skip
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(120) == 141
    process.stderr.close()
    assert err == ""


# Help


def test_alone_it_prints_its_help_and_exits_with_0():
    alone = invoke()
    assert alone.exit_code == 0
    assert alone.output == invoke("--help").output
    assert "@gp.case" in alone.output


def test_help_names_every_option_exit_code_and_form_of_target():
    text = invoke("check", "--help").output
    for told in ("--effort", "--seed", "--json", "path.py:name", "package.module", "130", "jq"):
        assert told in text
    assert max(map(len, text.splitlines())) <= 88


def test_version():
    assert invoke("--version").output == f"gradproof, version {gradproof.__version__}\n"


# Other forms


def test_a_run_is_shown_again_from_its_file(tmp_path):
    file = tmp_path / "run.json"
    checked = invoke("check", cases(tmp_path, "right", "wrong", "raises"), "--json", file)
    shown = invoke("show", file)
    assert shown.exit_code == 0
    assert "cases.py:wrong:WRONG" in "".join(shown.output.split())
    assert "cases.py:right: CORRECT, resolution" in shown.output
    assert "ZeroDivisionError" in shown.output
    again = [x for x in checked.output.splitlines() if x.startswith("again: ")]
    assert again == [f"again: gradproof check {tmp_path}/cases.py:wrong --seed 0"]
    assert again[0] in shown.output
    told = invoke("show", file, "-v").output
    assert "block " in told.partition("cases.py:wrong")[0]
    assert "float64: correct below 1e-07, wrong above 1e-05" in told


def test_what_it_says_to_run_again_gives_the_same(tmp_path):
    file = tmp_path / "run.json"
    invoke("check", cases(tmp_path, "wrong"), "--seed", 5, "--effort", "quick", "--json", file)
    (told,) = json.loads(file.read_text("utf-8"))["reports"]
    assert told["reproduce"].endswith("cases.py:wrong --seed 5 --effort quick")
    again = tmp_path / "again.json"
    program, *arguments = told["reproduce"].split()
    assert program == "gradproof"
    invoke(*arguments, "--json", again)
    (other,) = json.loads(again.read_text("utf-8"))["reports"]
    assert {**other, "seconds": 0} == {**told, "seconds": 0}


def test_pages_and_junit_are_written_by_check_and_by_show(tmp_path):
    names = [tmp_path / name for name in ("run.json", "a.html", "a.xml", "b.html", "b.xml")]
    run, page, junit, other_page, other_junit = names
    target = cases(tmp_path, "right", "wrong")
    done = invoke("check", target, "--json", run, "--html", page, "--junit", junit)
    assert done.exit_code == 1
    assert invoke("show", run, "--html", other_page, "--junit", other_junit).exit_code == 0
    assert other_page.read_text("utf-8") == page.read_text("utf-8")
    assert other_junit.read_text("utf-8") == junit.read_text("utf-8")
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert "<failure" in junit.read_text("utf-8")


def test_a_report_is_not_lost_to_its_own_page(tmp_path):
    file = tmp_path / "run.json"
    invoke("check", cases(tmp_path, "wrong"), "--json", file)
    assert invoke("show", file, "--html", file).exit_code == 0
    assert file.read_text("utf-8").startswith("<!DOCTYPE html>")  # as was asked for
    assert started("show", file, "--junit", file).returncode == 2
    assert file.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_json_is_written_by_show_too(tmp_path):
    file, again = tmp_path / "run.json", tmp_path / "again.json"
    invoke("check", cases(tmp_path, "right", "wrong"), "--json", file)
    invoke("show", file, "--json", again)
    old, new = (json.loads(path.read_text("utf-8")) for path in (file, again))
    assert new["reports"] == old["reports"]


@pytest.mark.parametrize(("option", "head"), [("--json", "{"), ("--junit", "<"), ("--html", "<!")])
def test_standard_output_holds_the_file_alone(tmp_path, option, head):
    done = started("check", cases(tmp_path, "wrong"), option, "-")
    assert done.stdout.startswith(head)
    assert "gradproof: correct 0" in done.stderr
    assert "gradproof: correct 0" not in done.stdout.splitlines()[-1]


def test_two_files_cannot_share_standard_output(tmp_path):
    done = started("check", cases(tmp_path, "right"), "--json", "-", "--junit", "-")
    assert done.returncode == 2
    assert "can be -" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("text", ["", "[1]", '{"schema": 99, "reports": []}'])
def test_a_file_that_cannot_be_shown_exits_with_2(tmp_path, text):
    (tmp_path / "run.json").write_text(text, "utf-8")
    done = started("show", tmp_path / "run.json")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "run.json" in done.stderr
    assert started("show", tmp_path / "nothing.json").returncode == 2


def test_without_jinja2_a_page_is_refused_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = invoke("check", cases(tmp_path, "right"), "--html", tmp_path / "a.html")
    assert done.exit_code == 1  # click's own runner; main makes it 2
    assert "pip install 'gradproof[report]'" in done.output
    assert "CORRECT" not in done.output


def test_github_gets_annotations(tmp_path):
    target = cases(tmp_path, "right", "wrong", "undecided", "raises")
    done = started("check", target, GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(tmp_path))
    commands = [x for x in done.stdout.splitlines() if x.startswith("::")]
    assert [x.partition(" ")[0] for x in commands] == ["::error", "::warning", "::error"]
    assert all("file=cases.py,line=" in x for x in commands)
    assert "::" not in started("check", target).stdout.replace("cases.py::", "")


def test_every_command_and_option_is_described():
    for name, described in cli.commands.commands.items():
        assert described.help, name
        for option in described.get_params(click.Context(described)):
            assert isinstance(option, click.Argument) or option.help, option.name
    assert set(cli.commands.commands) == {"check", "demo", "fix", "hunt", "show"}


def test_help_loads_no_renderer():
    probe = (
        "import sys, gradproof.cli.commands; print('rich' in sys.modules, 'click' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "True"]


# gradproof fix

FALLS = "def falls(x):\n    return -2 * x\n"
FAULTY = "return dict(fun=lambda x: float(x @ x), point=one, grad=falls)"


def faulty(tmp_path, *names):
    path = cases(tmp_path, *names, faulty=FAULTY)
    text = (tmp_path / "cases.py").read_text("utf-8")
    (tmp_path / "cases.py").write_text(text.replace(HEAD, HEAD + FALLS), "utf-8")
    return path


def test_fix_shows_a_diff_and_writes_nothing(tmp_path):
    path = faulty(tmp_path, "right")
    before = (tmp_path / "cases.py").read_text("utf-8")
    done = started("fix", path)
    assert done.returncode == 0
    assert "-    return -2 * x\n+    return 2 * x\n" in done.stdout
    assert "With it the gradient is correct along fresh directions" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("gradproof: correct 1, suspect 0, wrong 1, undecided 0, errors 0; ")
    assert "; repairs found for 1 of 1, " in last
    assert "\x1b" not in done.stdout
    assert (tmp_path / "cases.py").read_text("utf-8") == before
    assert [file.name for file in tmp_path.glob("cases.py*")] == ["cases.py"]


def test_fix_apply_keeps_the_original(tmp_path):
    path = faulty(tmp_path)
    before = (tmp_path / "cases.py").read_text("utf-8")
    done = started("fix", path, "--apply", "--backup", ".before")
    assert done.returncode == 0
    assert "was repaired; the original is " in done.stdout
    assert (tmp_path / "cases.py").read_text("utf-8") == before.replace("-2 * x", "2 * x")
    assert (tmp_path / "cases.py.before").read_text("utf-8") == before
    assert started("check", path).returncode == 0


def test_fix_json_on_standard_output(tmp_path):
    done = started("fix", faulty(tmp_path), "--json", "-")
    told = json.loads(done.stdout)
    assert "+    return 2 * x\n" in told["fixes"][0]["fixes"][0]["diff"]
    assert "repairs found for 1 of 1" in done.stderr
    again = tmp_path / "run.json"
    again.write_text(done.stdout, "utf-8")
    assert started("show", again).returncode == 0


def test_fix_of_an_array_says_so(tmp_path):
    body = "return dict(fun=lambda x: float(x @ x), point=one, grad=one)"
    done = started("fix", f"{cases(tmp_path, array=body)}:array")
    assert done.returncode == 1
    assert (
        "The gradient is an array that was computed before: pass grad as a function" in done.stdout
    )


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux lists children")
def test_fix_ctrl_c_leaves_no_process_and_tells_what_was_done(tmp_path):
    body = "return dict(fun=lambda x: float(np.sum(np.exp(x) * x)), point=one, grad=slow)"
    path = cases(tmp_path, hopeless=body, last=BODIES["right"])
    text = (tmp_path / "cases.py").read_text("utf-8")
    slow = "import time\ndef slow(x):\n    time.sleep(0.05)\n    return np.floor(x)\n"
    (tmp_path / "cases.py").write_text(text.replace(HEAD, HEAD + slow), "utf-8")
    process = subprocess.Popen(
        command("fix", path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        env=surroundings(),
    )  # fmt: skip
    while process.poll() is None and not (jobs := children(process.pid)):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Interrupted before a repair was found (" in out
    assert "repairs found for 0 of 1, interrupted with 2 of the cases unfinished, " in out
    assert not [job for job in jobs if Path(f"/proc/{job}").exists()]


# For CI


def test_ids_as_they_are_printed_can_be_given_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entry = "dict(fun=lambda x: float(x @ x), point=one, grad=lambda x: {} * x)"
    cases(tmp_path, many=f"return [{entry.format(2)}, {entry.format(3)}, {entry.format(2)}]")
    done = invoke("check", "cases.py")
    printed = re.findall(r"^(cases.py:many\[\d\]): (CORRECT|WRONG)", done.output, re.MULTILINE)
    assert len(printed) == 3
    for label, verdict in printed:
        again = invoke("check", label)
        assert f"{label}: {verdict}" in again.output
        assert again.output.count("many[") < done.output.count("many[")
    assert "again: gradproof check 'cases.py:many[1]' --seed 0" in done.output
    assert "its list goes from 0 to 2" in started("check", "cases.py:many[3]").stderr
    assert "many[3]: ERROR" in started("check", "cases.py:many[3]").stderr


def test_a_case_with_a_name_of_its_own_is_printed_with_its_id(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    right = BODIES["right"].removesuffix(")")
    cases(tmp_path, named=f"{right}, name='mine')", plain=f"{right})")
    done = invoke("check", "cases.py").output
    assert "cases.py:named:\nmine: CORRECT" in done
    assert "cases.py:plain:\n" not in done


def test_a_folder_is_searched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    cases(tmp_path / "below", "wrong")
    (tmp_path / "not_imported.py").write_text("1 / 0", "utf-8")
    done = invoke("check", ".")
    assert "below/cases.py:wrong: WRONG" in done.output
    assert done.exit_code == 1


def test_a_summary_is_added_to_the_file_that_github_names(tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    target = cases(tmp_path, "right", "wrong", "raises", many="return [3, 4]")
    assert invoke("check", target).exit_code == 2
    lines = summary.read_text("utf-8").splitlines()
    assert lines[0] == "before"
    assert lines[1] == "### gradproof: correct 1, suspect 0, wrong 1, undecided 0, errors 2"
    table = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[5:]]
    assert [row[1] for row in table] == ["**error**", "**error**", "**wrong**", "correct"]
    assert "cases.py:" in table[2][2]  # the cause, and where it stands
    assert table[3][2] == ""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "nowhere" / "x.md"))
    assert invoke("check", cases(tmp_path, "right")).exit_code == 0  # it is no verdict


def test_names_are_text_in_the_summary_too():
    row = ("a|b[0] <b>", "**wrong**", "`x`\n$y$ & *z*", "1e-9")
    last = table("wrong 1", [row]).splitlines()[-1]
    assert last == r"| a\|b\[0\] \<b\> | **wrong** | \`x\`\\n\$y\$ &amp; \*z\* | 1e-9 |"
    many = table("wrong 999", [row] * 999)
    assert many.count("wrong**") == 200
    assert many.endswith("and 799 more checks\n")


def test_a_time_limit_is_written_as_a_duration(tmp_path):
    slow = cases(tmp_path, "right", slow="import time; time.sleep(60)")
    done = invoke("check", slow, "--time-limit", "0.3s")
    assert done.exit_code == 2
    assert "cases.py:right: CORRECT" in done.output
    wrong = invoke("check", slow, "--time-limit", "soon")
    assert wrong.exit_code == 2
    assert "written as 30s, 10m or 2h" in wrong.output
