"""What was found in released packages: each script has its line in the page, and can be run."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted(p for p in (ROOT / "examples/found").glob("*.py") if p.name != "run.py")


@pytest.fixture(scope="module")
def run():
    spec = importlib.util.spec_from_file_location("run_found", ROOT / "examples/found/run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_script_has_its_line_and_each_line_its_script():
    lines = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/found.md").read_text(), re.MULTILINE)
    assert sorted(lines) == [path.stem for path in SCRIPTS]


@pytest.mark.parametrize(
    ("claim", "said"), [("1.0", "gone"), ("1.001", "still there"), ("float('nan')", "still there")]
)
def test_a_fault_is_there_where_claim_and_truth_differ(run, tmp_path, claim, said):
    path = tmp_path / "script.py"
    path.write_text(
        f"PACKAGE = 'numpy'\ndef claim():\n    return {claim}\ndef truth():\n    return 1.0\n"
    )
    told, there = run.state(path)
    assert told.startswith(said)
    assert there == (said != "gone")


def test_what_is_not_installed_is_not_tried(run, tmp_path):
    path = tmp_path / "script.py"
    path.write_text("import no_such_package\n")
    assert run.state(path) == ("not installed (no_such_package)", None)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_each_script_says_what_is_claimed_and_what_is_true(run, path):
    told, there = run.state(path)
    assert there is not None or told.startswith("not installed"), told
