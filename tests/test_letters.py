"""Letters that a stream cannot show have stand-ins, and nothing raises where they are printed."""

import io
import subprocess
import sys

import numpy as np
import pytest

import gradproof as gp
from gradproof.letters import fitted, is_plain


def stream(encoding):
    return io.TextIOWrapper(io.BytesIO(), encoding)


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("1.0 ± 2 → 2×3 ‖x‖ …", "ascii", "1.0 +- 2 -> 2x3 ||x|| ..."),
        ("1.0 ± 2 → 2×3 ‖x‖ …", "cp1252", "1.0 ± 2 -> 2×3 ||x|| …"),
        ("1.0 ± 2 → 2×3 ‖x‖ …", "utf-8", "1.0 ± 2 → 2×3 ‖x‖ …"),
        ("params['größe'] 重", "ascii", "params['gr\\xf6\\xdfe'] \\u91cd"),
        ("params['größe'] 重", "latin-1", "params['größe'] \\u91cd"),
    ],
)
def test_stand_ins(text, encoding, shown):
    assert fitted(text, stream(encoding)) == shown
    shown.encode(encoding)


def test_a_stream_without_an_encoding_is_left_alone():
    assert fitted("±", io.StringIO()) == "±"
    assert not is_plain(io.StringIO())


@pytest.mark.parametrize(
    ("encoding", "plain"), [("ascii", True), ("cp1252", True), ("utf-8", False)]
)
def test_whether_a_stream_knows_only_old_letters(encoding, plain):
    assert is_plain(stream(encoding)) is plain


def fun(p):
    return float(np.sum(p["größe ×"] ** 2))


def wrong(p):
    return {"größe ×": 3 * p["größe ×"]}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_is_printed_never_raises(monkeypatch, encoding):
    out = stream(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    report = gp.check(fun, {"größe ×": np.ones((2, 3))}, grad=wrong)
    print(report)
    print(report.text())
    print(gp.suggest_fixes(report, seconds=1e-3))
    print(gp.hunt(lambda x: float(x @ x), gp.arrays(2), grad=lambda x: 3 * x, tries=10))
    gp.textbook.gradient_check(fun, {"größe ×": np.ones(2)}, wrong)
    out.flush()
    shown = out.buffer.getvalue().decode(encoding)
    assert ("+-" if encoding == "ascii" else "±") in shown
    assert ("2x3" if encoding == "ascii" else "2×3") in shown


def test_a_saved_text_keeps_its_letters(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdout", stream("ascii"))
    report = gp.check(fun, {"größe ×": np.ones((2, 3))}, grad=wrong)
    report.save(tmp_path / "report.txt")
    assert "±" in (tmp_path / "report.txt").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_script_whose_output_is_a_pipe(tmp_path, encoding):
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np, gradproof as gp\n"
        "print(gp.check(lambda x: float(np.sum(x**2)), np.ones((2, 3)), grad=lambda x: 3 * x))\n",
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, check=True, timeout=300,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert b"WRONG" in done.stdout
    assert not done.stderr
