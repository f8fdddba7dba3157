"""What a shell offers for a target: files, and the cases that one defines."""

import os
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete

from gradproof.cli.commands import commands

CASES = (
    "import gradproof as gp\n1 / 0\n"
    "@gp.case\ndef right(): ...\n@gp.case\ndef rigid(): ...\n@gp.case\ndef wrong(): ...\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.py").write_text(CASES, "utf-8")
    return tmp_path


def offered(*words):
    complete = ShellComplete(commands, {}, "gradproof", "_GRADPROOF_COMPLETE")
    return [(c.type, c.value) for c in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize("command", ["check", "fix", "hunt"])
def test_cases_are_offered_behind_the_colon_and_nothing_is_imported(command):
    assert offered(command, "cases.py:ri") == [
        ("plain", "cases.py:right"), ("plain", "cases.py:rigid"),
    ]  # fmt: skip
    assert len(offered(command, "cases.py:")) == 3
    assert offered(command, "cases.py:zzz") == []


def test_a_whole_file_goes_on_with_its_cases_and_others_are_for_the_shell():
    assert [value for _, value in offered("check", "cases.py")] == [
        "cases.py", "cases.py:right", "cases.py:rigid", "cases.py:wrong",
    ]  # fmt: skip
    assert offered("check", "ca") == [("file", "ca")]


def test_bash_takes_words_apart_at_colons():
    assert offered("check", "cases.py", ":", "wr") == [("plain", "wrong")]
    assert len(offered("check", "cases.py", ":")) == 3


@pytest.mark.slow
def test_in_a_real_bash(folder):
    (folder / "gradproof").write_text(
        f"#!{sys.executable}\nfrom gradproof.cli import main\nmain()\n", "utf-8"
    )
    (folder / "gradproof").chmod(0o755)
    script = """
        eval "$(_GRADPROOF_COMPLETE=bash_source gradproof)" || exit
        COMP_WORDS=(gradproof check cases.py : ri); COMP_CWORD=4
        _gradproof_completion gradproof; echo "${COMPREPLY[@]}"
        COMPREPLY=(); COMP_WORDS=(gradproof ch); COMP_CWORD=1
        _gradproof_completion gradproof; echo "${COMPREPLY[@]}"
    """
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, encoding="utf-8", check=False, timeout=60,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("right rigid\ncheck\n", "", 0)
