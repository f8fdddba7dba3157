"""A repair as a diff that patch and git read, and as a file in which nothing else has changed."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import gradproof as gp
from gradproof.errors import UsageError
from gradproof.repair.apply import content_of
from gradproof.repair.edit import Edit
from gradproof.repair.fix import Fix, Suggestions

SOURCE = '# é\n\ndef grad(w):\n\tif True:\n\t\ts = "\x1c\u2028"\n\x0c\n\t\treturn 3 * w\n'
REPORT = gp.check(lambda w: float(w @ w), np.ones(2), grad=lambda w: 2 * w)
CODED = "# -*- coding: latin-1 -*-\n"

CONTENTS = {
    "plain": SOURCE.encode(),
    "crlf": SOURCE.replace("\n", "\r\n").encode(),
    "mixed": SOURCE.replace("\n", "\r\n", 4).encode(),
    "bom": b"\xef\xbb\xbf" + SOURCE.encode(),
    "latin": (CODED + SOURCE.replace("\u2028", "")).encode("latin-1"),
    "no end": SOURCE.rstrip().encode(),
    "no end crlf": SOURCE.replace("\n", "\r\n").rstrip().encode(),
}


def read(content):
    """As the interpreter reads a file."""
    text = content.decode("latin-1" if content.startswith(b"# -*-") else "utf-8-sig")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else f"{text}\n"


def edits_of(source):
    """One in the last line, and a new line behind it."""
    begin, line = source.index("3 * w"), source.count("\n")
    return (
        Edit(begin, begin + 1, "2", "constant", line, "3 → 2", 1.0),
        Edit(len(source), len(source), "\n\ndone = 1\n", "statement", line, "add", 1.0),
    )


def made(path, content=CONTENTS["plain"]):
    path.write_bytes(content)
    source = read(content)
    return Fix(str(path), edits_of(source)[:1], REPORT, (), source, content_of(str(path), source))


@pytest.mark.parametrize("name", CONTENTS)
def test_only_the_edit_changes_in_the_file(name, tmp_path):
    content = CONTENTS[name]
    path = tmp_path / "net.py"
    assert made(path, content).apply() == path
    assert path.read_bytes() == content.replace(b"3 * w", b"2 * w")
    assert (tmp_path / "net.py.orig").read_bytes() == content


@pytest.mark.parametrize("tool", [["patch", "-s", "-p1", "-i"], ["git", "apply"]])
@pytest.mark.parametrize("name", CONTENTS)
def test_the_diff_does_what_apply_does(name, tool, tmp_path, monkeypatch):
    if shutil.which(tool[0]) is None:
        pytest.skip(f"there is no {tool[0]}")
    monkeypatch.chdir(tmp_path)
    content = CONTENTS[name]
    fix = made(tmp_path / "net.py", content)
    encoding = "latin-1" if name == "latin" else "utf-8"
    Path("a.diff").write_bytes(fix.diff.encode(encoding))
    # Within a repository git would look for the file from its root.
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    subprocess.run([*tool, "a.diff"], check=True, env=alone, capture_output=True)
    assert Path("net.py").read_bytes() == content.replace(b"3 * w", b"2 * w")


def test_a_line_behind_a_last_one_that_does_not_end(tmp_path):
    content = b"def grad(w):\r\n    return 3 * w"
    path = tmp_path / "net.py"
    path.write_bytes(content)
    source = read(content)
    Fix(str(path), edits_of(source), REPORT, (), source, content).apply()
    assert path.read_bytes() == b"def grad(w):\r\n    return 2 * w\r\n\r\n\r\ndone = 1"


def test_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package").mkdir()
    fix = made(tmp_path / "package" / "net.py")
    assert fix.what == "line 7: 3 → 2"
    assert str(fix) == fix.diff
    assert fix.diff.startswith("--- a/package/net.py\n+++ b/package/net.py\n@@ -4,4 +4,4 @@\n")
    assert repr(fix) == "Fix(net.py, line 7: 3 → 2: correct)"
    assert fix.repaired == SOURCE.replace("3", "2")
    monkeypatch.chdir(tmp_path / "package")
    assert fix.diff.startswith("--- a/net.py\n")


def test_a_file_elsewhere_is_named_from_the_root(tmp_path, monkeypatch):
    fix = made(tmp_path / "net.py")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert fix.diff.startswith(f"--- a{tmp_path}/net.py\n")


def test_plain_data(tmp_path):
    told = json.loads(json.dumps(made(tmp_path / "net.py").to_dict()))
    assert set(told) == {"file", "diff", "edits", "report", "elsewhere", "caveat"}
    assert told["edits"] == [{"line": 7, "kind": "constant", "what": "3 → 2", "new": "2"}]
    assert told["report"]["verdict"] == "correct"


def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    fix = made(tmp_path / "real" / "net.py")
    link = tmp_path / "net.py"
    link.symlink_to(Path("real") / "net.py")
    Fix(str(link), fix.edits, fix.report, (), fix.source, fix.content).apply()
    assert link.is_symlink()
    assert b"2 * w" in (tmp_path / "real" / "net.py").read_bytes()
    assert b"3 * w" in (tmp_path / "net.py.orig").read_bytes()


def test_rights_stay(tmp_path):
    fix = made(tmp_path / "net.py")
    (tmp_path / "net.py").chmod(0o750)
    fix.apply(None)
    assert (tmp_path / "net.py").stat().st_mode & 0o777 == 0o750
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


def refused(fix, match, **options):
    """Nothing is written; ``None`` where there is no file."""
    folder = Path(fix.file).parent
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(UsageError, match=match):
        fix.apply(**options)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_what_is_not_written(tmp_path):
    path = tmp_path / "net.py"
    fix = made(path)
    refused(fix, "backup must be a suffix", backup="a/b")
    (tmp_path / "net.py.orig").write_text("mine")
    refused(fix, "net.py.orig is there already and holds something else")
    (tmp_path / "net.py.orig").unlink()
    (tmp_path / "net.py.orig").mkdir()
    refused(fix, "net.py.orig cannot be read: Is a directory")
    path.chmod(0o444)
    refused(fix, "net.py is read-only")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"# more\n")
    refused(fix, "has changed since it was repaired: nothing was written; run again")
    path.unlink()
    refused(fix, "cannot be read: No such file")


def test_an_original_that_is_there_already_is_no_hindrance(tmp_path):
    fix = made(tmp_path / "net.py")
    (tmp_path / "net.py.orig").write_bytes(fix.content)
    fix.apply()
    refused(fix, "has changed since")


@pytest.mark.parametrize("content", [b"other\n", b"# -*- coding: none -*-\n", b"\xff\n"])
def test_a_file_that_changed_during_the_search(content, tmp_path):
    path = tmp_path / "net.py"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="changed while repairs of it were looked for"):
        content_of(str(path), SOURCE)


def test_no_file_no_content(tmp_path):
    assert content_of(str(tmp_path / "none.py"), SOURCE) == b""
    fix = Fix("<cell>", edits_of(SOURCE)[:1], REPORT, (), SOURCE)
    assert "+\t\treturn 2 * w\n" in fix.diff


def test_suggestions_say_what_they_are(tmp_path):
    fix = made(tmp_path / "net.py")
    assert str(Suggestions([fix, fix])) == f"{fix.diff}\n{fix.diff}"
    assert repr(Suggestions([fix])) == f"[{fix!r}]"
    assert str(Suggestions(reason="No.")) == "No."
    assert repr(Suggestions(reason="No.")) == "Suggestions([], reason='No.')"
