"""A folder stands for its files that define cases; none is imported to find out."""

import pytest

from gradproof.cli.search import cases_in, files_with_cases
from gradproof.cli.targets import Finder
from gradproof.errors import UsageError

CASE = "import gradproof as gp\n@gp.case\ndef {}():\n    return {{}}\n"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_only_files_that_define_a_case_are_found(tmp_path):
    write(tmp_path / "b.py", CASE.format("two"))
    write(tmp_path / "a.py", CASE.format("one"))
    write(tmp_path / "deep" / "er" / "c.py", CASE.format("three"))
    write(tmp_path / "speaks.py", f"TEXT = '''gradproof\n{CASE.format('no')}'''\n")
    write(tmp_path / "other.py", "@case\ndef no(): ...\n")  # of another library
    write(tmp_path / "plain.py", "import gradproof as gp\ndef case(): ...\n")
    for left_out in (".hidden", "build", "node_modules", "__pycache__", "x.egg"):
        write(tmp_path / left_out / "d.py", CASE.format("no"))
    write(tmp_path / "env" / "pyvenv.cfg", "")
    write(tmp_path / "env" / "e.py", CASE.format("no"))
    assert files_with_cases(".") == ["a.py", "b.py", "deep/er/c.py"]
    assert files_with_cases("deep") == ["deep/er/c.py"]
    assert Finder().targets("deep") == ["deep/er/c.py"]
    assert Finder().targets("a.py") == ["a.py"]


def test_without_the_file_that_says_so_an_environment_is_a_folder_like_others(tmp_path):
    write(tmp_path / "env" / "e.py", CASE.format("yes"))
    assert files_with_cases(".") == ["env/e.py"]


def test_a_package_is_a_module_and_with_a_slash_a_folder(tmp_path):
    write(tmp_path / "package" / "__init__.py", "")
    write(tmp_path / "package" / "cases.py", CASE.format("one"))
    assert Finder().targets("package") == ["package"]
    assert Finder().targets("package/") == ["package/cases.py"]


def test_the_names_of_cases_are_read_from_the_text(tmp_path):
    write(
        tmp_path / "a.py",
        "import gradproof\nfrom gradproof import case\n1 / 0\n"
        "@gradproof.case\ndef one(): ...\n@case\ndef two(): ...\n"
        "if True:\n    @case\n    def three(): ...\ndef no():\n    @case\n    def four(): ...\n",
    )
    assert cases_in("a.py") == ["one", "two", "three"]
    assert cases_in("no such file.py") == []


def test_a_file_with_a_slip_of_the_pen_is_found_and_its_import_says_so(tmp_path):
    write(tmp_path / "a.py", CASE.format("one") + "def broken(:\n")
    assert files_with_cases(".") == ["a.py"]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "no Python file in this folder, nor in those below"),
        (1, "defines a case; looked at a0.py. Write @gp.case"),
        (3, "looked at a0.py, a1.py and a2.py. Write"),
        (9, "looked at a0.py, a1.py, a2.py, a3.py, a4.py, a5.py and 3 more. Write"),
    ],
)
def test_where_there_is_none_it_says_where_it_looked(tmp_path, count, said):
    (tmp_path / "folder").mkdir()
    for number in range(count):
        write(tmp_path / "folder" / f"a{number}.py", "")
    with pytest.raises(UsageError, match=said):
        files_with_cases("folder")
