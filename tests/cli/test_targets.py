"""Targets mean the cases they say, and importing them leaves the interpreter as it was."""

import dataclasses
import pickle
import sys

import pytest

from gradproof.cli.targets import Finder, LoadError, split
from gradproof.errors import UsageError

CASE = "import gradproof as gp\n@gp.case\ndef {}():\n    return {}\n"


@pytest.fixture(autouse=True)
def _leaves_the_interpreter_alone(tmp_path, monkeypatch):
    """In a folder of its own; afterwards only files under names of their own remain."""
    monkeypatch.chdir(tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    yield
    assert sys.path == path
    new = {name for name in set(sys.modules) - modules if not name.startswith("gradproof")}
    left = {name for name in new if str(tmp_path) in str(getattr(sys.modules[name], "__file__", 0))}
    assert left == set()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def labels(*targets):
    finder = Finder()
    return [case.label for target in targets for case in finder.find(target)]


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("a.py", ("a.py", None, None)),
        ("a.py:right", ("a.py", "right", None)),
        ("a.py::right", ("a.py", "right", None)),
        ("a.py:right[12]", ("a.py", "right", 12)),
        ("pkg.mod:right[0]", ("pkg.mod", "right", 0)),
        ("a.py:right[x]", ("a.py", "right[x]", None)),
        ("pkg.mod:right", ("pkg.mod", "right", None)),
        ("C:\\work\\a.py", ("C:\\work\\a.py", None, None)),
        ("C:\\work\\a.py:right", ("C:\\work\\a.py", "right", None)),
        ("/odd:name/a.py", ("/odd:name/a.py", None, None)),
    ],
)
def test_split(target, parts):
    assert split(target) == parts


def test_all_cases_of_a_file_in_their_order_or_one(tmp_path):
    write(tmp_path / "a.py", CASE.format("zeta", {}) + CASE.format("alpha", {}) + "def no(): ...\n")
    assert labels("a.py") == ["a.py:zeta", "a.py:alpha"]
    assert labels("a.py:alpha") == ["a.py:alpha"]


def test_one_entry_of_a_list_is_a_target_of_its_own(tmp_path):
    write(tmp_path / "a.py", CASE.format("many", "[{}, {}]"))
    assert labels("a.py:many[1]", "a.py:many[0]", "a.py:many[1]") == [
        "a.py:many[1]", "a.py:many[0]",
    ]  # fmt: skip
    assert labels("a.py", "a.py:many[1]") == ["a.py:many"]  # it is among them already


def test_a_case_named_twice_counts_once(tmp_path):
    write(tmp_path / "a.py", CASE.format("one", {}) + CASE.format("two", {}))
    assert labels("a.py:two", "a.py", "a.py") == ["a.py:two", "a.py:one"]


def test_modules_and_packages_of_the_working_folder(tmp_path):
    write(tmp_path / "pkg" / "__init__.py", "")
    write(tmp_path / "pkg" / "inner.py", "from . import helper\n" + CASE.format("one", {}))
    write(tmp_path / "pkg" / "helper.py", "")
    write(tmp_path / "single.py", CASE.format("two", {}))
    assert labels("pkg.inner", "single:two") == ["pkg.inner:one", "single:two"]


def test_a_file_of_a_package_may_import_relatively(tmp_path):
    write(tmp_path / "pkg" / "__init__.py", "")
    write(tmp_path / "pkg" / "helper.py", "value = {'from': 'helper'}")
    write(
        tmp_path / "pkg" / "cases.py", "from .helper import value\n" + CASE.format("one", "value")
    )
    (case,) = Finder().find("pkg/cases.py")
    assert case.function() == {"from": "helper"}


def test_files_of_one_name_keep_apart_and_so_do_their_neighbours(tmp_path):
    for folder in ("left", "right"):
        write(tmp_path / folder / "helper.py", f"where = '{folder}'")
        write(tmp_path / folder / "late.py", f"where = '{folder}, late'")
        write(
            tmp_path / folder / "cases.py",
            "import helper\nimport gradproof as gp\n@gp.case\ndef one():\n"
            "    import helper as again, late\n    assert again is helper\n"
            "    return helper.where, late.where\n",
        )
    finder = Finder()
    cases = [case for side in ("left", "right") for case in finder.find(f"{side}/cases.py")]
    said = []
    for case in [*cases, *cases]:
        with case.folder.importable():
            said.append(case.function())
    assert said == [("left", "left, late"), ("right", "right, late")] * 2


def test_without_its_folder_a_late_import_fails_so_the_test_above_can(tmp_path):
    write(tmp_path / "sub" / "late.py", "")
    body = "import gradproof as gp\n@gp.case\ndef one():\n    import late\n"
    write(tmp_path / "sub" / "cases.py", body)
    (case,) = Finder().find("sub/cases.py")
    with pytest.raises(ModuleNotFoundError, match="late"):
        case.function()


def test_dataclasses_and_pickle_find_their_module(tmp_path):
    write(
        tmp_path / "a.py",
        "from __future__ import annotations\nimport dataclasses\nimport gradproof as gp\n"
        "@dataclasses.dataclass\nclass Weights:\n    w: float\n"
        "@gp.case\ndef one():\n    return Weights(3.0)\n",
    )
    (case,) = Finder().find("a.py")
    made = case.function()
    assert dataclasses.asdict(pickle.loads(pickle.dumps(made))) == {"w": 3.0}


def test_a_file_that_raises_leaves_nothing_behind(tmp_path):
    write(tmp_path / "helper.py", "")
    write(tmp_path / "a.py", "import helper\n1 / 0\n")
    before = set(sys.modules)
    with pytest.raises(LoadError) as caught:
        Finder().find("a.py")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert set(sys.modules) - before == set()


@pytest.mark.parametrize(
    "text", ["import sys; sys.exit(3)", "def broken(:", "import no_such_module_at_all"]
)
def test_whatever_an_import_raises_is_the_users(tmp_path, text):
    write(tmp_path / "a.py", text)
    write(tmp_path / "b.py", text)
    for target in ("a.py", "b"):
        with pytest.raises(LoadError):
            Finder().find(target)


def test_ctrl_c_during_an_import_is_not_swallowed(tmp_path):
    write(tmp_path / "a.py", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        Finder().find("a.py")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("aple.py", "There is no such file, but there is apple.py"),
        ("nowhere/a.py", "There is no such file.$"),
        ("apple.txt", "There is no module 'apple.txt'"),
        ("plain.txt", "not a Python file"),
        ("./folder:inside", r"This is a folder: name one of its files, as in folder.cases"),
        ("folder", "This is a folder: write folder."),
        ("no_such.module", "There is no module 'no_such'"),
        ("apple.no_such", "There is no module 'apple.no_such'"),
        ("folder/inside", "There is no such file, but there is inside.py"),
        ("empty.py", "No case here: write @gp.case above"),
        ("apple.py:rigth", "has no case 'rigth'; it has right"),
        ("apple.py:plain", "plain is there but is not a case: write @gp.case above it"),
        ("empty.py:right", "has no case 'right'; it has none"),
    ],
)
def test_wrong_use_says_what_to_change(tmp_path, target, said):
    write(tmp_path / "apple.py", CASE.format("right", {}) + "def plain(): ...\n")
    write(tmp_path / "empty.py", "")
    write(tmp_path / "plain.txt", "")
    write(tmp_path / "folder" / "inside.py", "")
    with pytest.raises(UsageError, match=said):
        Finder().find(target)
