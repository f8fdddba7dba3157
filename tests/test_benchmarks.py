"""Every benchmark runs, at a tiny size; how fast anything is, is not asked here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def run(script, tmp_path, *options):
    record = tmp_path / "record.json"
    command = [sys.executable, str(BENCHMARKS / script), "--json", str(record), *options]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(record.read_text())
    missed = [demand["text"] for demand in found["demands"] if demand["reached"] is False]
    assert done.returncode == bool(missed)
    for demand in found["demands"]:
        assert demand["text"].partition(":")[0] in done.stdout
    return found, missed, done.stdout


@pytest.mark.parametrize("form", [(), ("--markdown",)])
def test_scaling(tmp_path, form):
    found, missed, printed = run("scaling.py", tmp_path, "--quick", "--checks", "1", *form)
    assert not missed  # the verdicts, resolutions and evaluations of tiny networks
    assert [row["parameters"] for row in found["rows"]] == [47, 47, 830, 830]
    assert {row["verdict"] for row in found["rows"]} == {"correct"}
    assert ("| layers |" in printed) == bool(form)


def test_transformer(tmp_path):
    """In full: what it counts are forward passes, the same on every machine."""
    found, missed, _ = run("transformer.py", tmp_path)
    assert not missed
    assert [row["verdict"] for row in found["rows"]] == ["correct", "wrong", "wrong"]


def test_triton_kernel(tmp_path):
    pytest.importorskip("triton")
    found, missed, _ = run("triton_kernel.py", tmp_path, "--count", "200")
    assert not missed
    assert {row["dtype"] for row in found["rows"]} == {"float32", "bfloat16"}


def test_layers(tmp_path):
    found, missed, _ = run("layers.py", tmp_path, "--quick")
    assert not missed
    assert {row["dtype"] for row in found["rows"]} == {"float64", "float32"}


def test_jax_windows(tmp_path):
    found, _, _ = run("jax_windows.py", tmp_path, "--quick")
    assert {row["form"] for row in found["rows"]} == {"one by one", "vmap"}


def test_scaling_refuses_to_measure_nothing(tmp_path):
    command = [sys.executable, str(BENCHMARKS / "scaling.py"), "--checks", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "at least 1" in done.stderr


def test_import_time(tmp_path):
    found, _, _ = run("import_time.py", tmp_path, "--quick")
    assert {len(times) for times in found["seconds"].values()} == {1}


def test_error_bars(tmp_path):
    for package in ("scipy.differentiate", "numdifftools", "jacobi"):
        pytest.importorskip(package)
    found, _, _ = run("error_bars.py", tmp_path, "--count", "8")
    assert len(found["rows"]) == 16


def test_second_order(tmp_path):
    found, missed, _ = run("second_order.py", tmp_path)
    assert not missed
    assert len(found["rows"]) == found["figures"]["right"] + found["figures"]["wrong"]


def test_speed(tmp_path):
    record = tmp_path / "record.json"
    command = [sys.executable, str(BENCHMARKS / "speed.py"), "--only", "article"]
    done = subprocess.run(
        [*command, "--json", str(record)], capture_output=True, text=True, check=False
    )
    (figure,) = json.loads(record.read_text("utf-8"))
    assert done.returncode == (not figure["reached"]), done.stderr
    assert figure["name"].partition(":")[0] in done.stdout
    assert figure["value"] < 0.5


SUITE = """
import pytest
import torch
from torch.autograd import Function, gradcheck

X = torch.linspace(-1, 2, 4, dtype=torch.float64).requires_grad_()


class Off(Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return 2.0005 * g


def test_right():
    assert gradcheck(torch.sin, X, fast_mode=True)


def test_slightly_wrong():
    assert gradcheck(Off.apply, X)


def test_wrong():
    with pytest.raises(RuntimeError, match="mismatch for output 0"):
        gradcheck(lambda x: Off.apply(Off.apply(x)) + x.detach(), X)


def test_of_something_else():
    assert X.dim() == 1
"""


def test_dropins(tmp_path):
    pytest.importorskip("torch")
    file, record = tmp_path / "test_suite.py", tmp_path / "record.json"
    file.write_text(SUITE)
    command = [sys.executable, str(BENCHMARKS / "dropins.py"), str(file), "--json", str(record)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    found = json.loads(record.read_text())
    ends = {
        who: {name.split("::")[1]: test["outcome"] for name, test in tests.items()}
        for who, tests in found.items()
    }
    assert set(ends["torch"].values()) == {"passed"}
    assert ends["gradproof"] == {**ends["torch"], "test_slightly_wrong": "failed"}
    assert set(ends["torch"]) == {"test_right", "test_slightly_wrong", "test_wrong"}
    assert "test_slightly_wrong: failed, with torch's own passed" in done.stdout
    assert "2 tests: passed with torch's own, passed with gradproof's" in done.stdout


def test_pairs_of_released_packages(tmp_path):
    record = tmp_path / "record.jsonl"
    command = [
        sys.executable, str(BENCHMARKS / "released_pairs.py"), "--json", str(record),
        "--workers", "1", "--most", "2000", "--tries", "20", "--only", "scipy.special.lqn",
    ]  # fmt: skip
    first = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert first.returncode == 0, first.stderr
    assert "scipy.special.lqn 1: wrong" in first.stdout
    assert "closed form: scipy_lqn.py" in first.stdout
    lines = record.read_text().splitlines()
    assert len(lines) == 4
    again = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert record.read_text().splitlines() == lines
    assert "| scipy | 4 | 80 |" in again.stdout
