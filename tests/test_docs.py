"""The documentation: its code runs and prints what it shows; all that is public is named there."""

import ast
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

import docs_blocks
import gradproof as gp
from docs_blocks import LANGUAGES, SHOWN, Broken, Raised, alike, play, read, renewed
from gradproof.cli import commands as cli
from gradproof.diagnose import rules
from gradproof.engine import at_kink, implicit, rulings, second, start, state, summary, treads
from gradproof.judge import thresholds, verdict
from gradproof.plan import strategy
from gradproof.records.failure import Failure
from gradproof.records.finding import Kind, SourceLine
from gradproof.records.measured import Measured
from gradproof.report import plain, renderers

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

# Blocks that do not run: the page and the first line of each, and why.
NOT_RUN = {
    ("index.md", "pip install ."): "it installs the package, over the network",
    ("how-to/hunt.md", "gradproof hunt --pairs scipy.special --tries 100"): "it takes a while",
}


def skipped(page):
    """The first lines of a page's blocks that do not run."""
    name = page.relative_to(DOCS).as_posix()
    return frozenset(line for where, line in NOT_RUN if where == name)


def named(page):
    return page.relative_to(DOCS).with_suffix("").as_posix()


def text(name):
    return (DOCS / name).read_text("utf-8")


# The pages

# They start pytest, or look for repairs.
SLOW = {"how-to/pytest", "how-to/repair", "reference/command-line"}

# They need a package that not everybody has who runs the tests.
NEEDS = {"how-to/forces": "ase"}


@pytest.fixture(autouse=True)
def what_a_page_registers_is_gone_after_it(monkeypatch):
    for registry in (renderers._RENDERERS, rules._RULES, strategy._STRATEGIES):
        monkeypatch.setattr(registry, "entries", registry.all())


def played(page):
    """The page as a parameter, marked where it takes long to run."""
    name = named(page)
    missing = name in NEEDS and find_spec(NEEDS[name]) is None
    marks = [pytest.mark.slow] if name in SLOW else []
    marks += [pytest.mark.skip(f"{NEEDS[name]} is not installed")] if missing else []
    return pytest.param(page, id=name, marks=marks)


@pytest.mark.parametrize("page", [played(page) for page in PAGES])
def test_the_code_of_a_page_runs_and_prints_what_it_shows(page, tmp_path):
    play(page.read_text("utf-8"), tmp_path, skipped(page))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_is_run_compared_or_only_shown(page):
    blocks = read(page.read_text("utf-8"))
    assert {b.language for b in blocks} <= LANGUAGES | SHOWN
    commands = [b for b in blocks if b.language == "sh"]
    assert {b.code.split("\n")[0] for b in commands} <= skipped(page)


def test_what_does_not_run_is_still_there():
    for page, line in NOT_RUN:
        assert f"\n{line}\n" in text(page)


def test_the_readme_speaks_of_pages_that_exist():
    for link in re.findall(r"\]\((docs/[^)#]*)", (ROOT / "README.md").read_text("utf-8")):
        assert (ROOT / link).is_file(), link


def test_the_readme_is_read_in_some_minutes():
    assert len((ROOT / "README.md").read_text("utf-8").split()) < 900


def test_the_first_example_of_the_readme_prints_what_it_shows(tmp_path):
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    (code,) = (text for language, text in blocks if "report = gp.check(cost" in text)
    (shown,) = (text for _, text in blocks if text.startswith("cost: WRONG"))
    (tmp_path / "first.py").write_text(code, "utf-8")
    done = subprocess.run(
        [sys.executable, "first.py"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    here = str(ROOT) + os.sep  # paths are shown as seen from the checkout
    assert alike(shown, done.stdout.replace(here, ""))


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("sphinx")
    pytest.importorskip("furo")
    pytest.importorskip("sphinx_copybutton")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [*command, "-d", tmp_path / "trees", DOCS, tmp_path / "site"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    pages = [path.read_text("utf-8") for path in (tmp_path / "site").rglob("*.html")]
    loaded = "".join(pages)
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//[^"]*"', loaded)


# What the pages say of the package


def public_names():
    yield from (f"gradproof.{name}" for name in gp.__all__ if name not in ("testing", "textbook"))
    for module in (gp.testing, gp.textbook):
        yield from (
            f"{module.__name__}.{name}"
            for name, value in vars(module).items()
            if not name.startswith("_")
            and getattr(value, "__module__", "") in (module.__name__, f"{module.__name__}.vectors")
            and name not in ("objection")  # shared with the plugin
        )
    yield from ("gradproof.torch.gradcheck", "gradproof.torch.gradgradcheck")
    yield from ("gradproof.torch.GradcheckError",)
    yield from ("gradproof.jax.check_grads",)
    yield from ("gradproof.scipy.check_grad", "gradproof.scipy.Difference")


def described():
    """The names that the page of the API takes from docstrings."""
    found = re.findall(
        r"^\.\. auto(?:function|class|exception):: (\S+)", text("reference/api.md"), re.MULTILINE
    )
    return {name if name.startswith("gradproof.") else f"gradproof.{name}" for name in found}


def test_every_public_name_is_on_the_page_of_the_api():
    assert set(public_names()) == described()


def test_every_option_and_command_is_on_the_page_of_the_command_line():
    page = text("reference/command-line.md")
    for name, command in cli.commands.commands.items():
        assert f"## gradproof {name}" in page
        for parameter in command.get_params(click.Context(command)):
            if isinstance(parameter, click.Option) and "--help" not in parameter.opts:
                assert all(f"`{option}" in page for option in parameter.opts), (name, parameter)
    codes = re.findall(r"^ +(\d+)  ", cli.check.help, re.MULTILINE)
    assert codes
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == codes


def keys_of(value):
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from keys_of(item)


def test_every_key_of_a_saved_report_is_on_its_page(tmp_path):
    page = text("reference/report-file.md")
    (tmp_path / "cases.py").write_text(
        "import numpy as np, gradproof as gp\n"
        "@gp.case\n"
        "def wrong():\n"
        "    return dict(fun=lambda w: w @ w, point=np.ones(3), grad=lambda w: 3 * w)\n"
    )
    with pytest.raises(SystemExit):
        cli.run(["check", str(tmp_path / "cases.py"), "--json", str(tmp_path / "run.json")])
    saved = json.loads((tmp_path / "run.json").read_text("utf-8"))
    kinds = (gp.Report, gp.BlockResult, gp.Finding, SourceLine, Measured, Failure)
    declared = {field.name for kind in kinds for field in plain.saved(kind)}
    counts = set(saved.pop("counts"))
    assert counts == {*map(str, gp.Verdict), "errors"}
    for key in {*keys_of(saved), *declared}:
        assert f"`{key}`" in page, key


@pytest.mark.parametrize("page", ["explanation/verdicts.md", "how-to/precision.md"])
def test_the_bands_are_those_of_the_judge(page):
    rows = re.findall(r"^\| (b?float\d+) \| (\S+) \| (\S+) \|", text(page), re.MULTILINE)
    assert {dtype: (float(a), float(b)) for dtype, a, b in rows} == thresholds.BANDS


def test_every_reason_for_doubt_is_explained():
    page = text("explanation/verdicts.md")
    for reason in verdict._REASONS.values():
        assert f"| {reason} |" in page


def constant_pieces(node):
    """The texts of a string or an f-string, without what is filled in."""
    values = node.values if isinstance(node, ast.JoinedStr) else [node]
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value.strip(" .,;:()")


def texts_of(module):
    """What a module says, by the name that it is kept under: of ``_NAME`` and of ``words``."""
    for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if isinstance(node.value, ast.Constant | ast.JoinedStr):
                for target in targets:
                    yield getattr(target, "id", ""), list(constant_pieces(node.value))


REASONS = (  # a module of rulings, and the names that it keeps its reasons under
    (verdict, ("_MIXED",)),
    (state, ("_AT_KINK", "_NOT_FINITE")),
    (rulings, ("words",)),
    (treads, ("_WORDS",)),
    (summary, ("_NONE_BESIDE",)),
    (at_kink, ("_TOO_FEW",)),
    (second, ("_NOT_REPEATABLE",)),
    (implicit, ("_AT_KINK", "_TOLERANCE")),
    (start, ("_OFF_IN_DOUBLE",)),
)


def reasons():
    """The texts of every reason of the judge and of the rulings."""
    for reason in (verdict.UNKNOWN.reason, verdict._NOT_FINITE.reason):
        yield [reason]
    for reason in verdict._REASONS.values():
        yield [reason]
    for module, names in REASONS:
        found = [(name, pieces) for name, pieces in texts_of(module) if name in names]
        assert {name for name, _ in found} == set(names), module.__name__
        yield from (pieces for _, pieces in found)


def test_every_kind_of_finding_has_its_row_on_the_page_of_messages():
    page = text("reference/messages.md")
    rows = re.findall(r"^\| `([a-z-]+)` \| .+ \| .+ \|$", page, re.MULTILINE)
    assert rows == sorted(map(str, Kind))


def test_every_reason_is_on_the_page_of_messages():
    page = " ".join(text("reference/messages.md").split())
    missing = [p for pieces in reasons() for p in pieces if " ".join(p.split()) not in page]
    assert not missing


def test_figures_quoted_among_the_numerics_are_those_that_were_measured():
    figures = text("reference/benchmarks.md")
    rows = re.findall(r"^\| [\d.e-]+ \|.*$", text("explanation/numerics.md"), re.MULTILINE)
    assert rows
    for row in rows:
        assert row in figures


# The blocks themselves: a page that promises what is not so is found out


def page(*blocks):
    return "\n".join(f"```{language}\n{code}\n```" for language, code in blocks)


@pytest.mark.parametrize(
    "blocks",
    [
        [("python", "print(1 + 1)"), ("text", "3")],
        [("python", "print('a b c')"), ("text", "a\n…\nd")],
        [("python", "1 + 1  # → 3")],
        [("python", "x = 1\n\n(\n    x\n)  # → 2")],
        [("python", "x = 1  # → 1")],
        [("python", "def f():\n    x  # → 1\n\n    return 1")],
        [("text", "nobody printed this")],
        [("console", "$ echo yes\nno")],
        [("console", "$ false\n$ echo $?\n0")],
        [("console", "$ no_such_command_at_all")],
        [("console", "echo yes")],
        [("{code-block} python\n:caption: a.py\n", "x = 1"),
         ("{code-block} diff\n:caption: a.py\n", "-x = 2\n+x = 3")],
        [("python", "raise ValueError('no')"), ("text", "ValueError: yes")],
    ],
)  # fmt: skip
def test_a_broken_promise_is_found(blocks, tmp_path):
    with pytest.raises(Broken):
        play(page(*blocks), tmp_path)


@pytest.mark.parametrize(
    ("true", "false"),
    [("200×", "100×"), ("params['b']  scalar  correct", "params['b']  scalar  wrong")],
)
def test_a_wrong_promise_on_a_page_is_found(true, false, tmp_path):
    page = text("index.md")
    assert true in page
    with pytest.raises(Broken, match="what is printed is this instead"):
        play(page.replace(true, false), tmp_path, skipped(DOCS / "index.md"))


@pytest.mark.parametrize(
    "blocks",
    [
        [("python", "1 / 0")],
        [("python", "1 / 0"), ("python", "print(1)")],
        [("python", "1 / 0"), ("text", "1")],
    ],
)
def test_an_exception_that_the_page_does_not_show_is_found(blocks, tmp_path):
    with pytest.raises(Raised):
        play(page(*blocks), tmp_path)


@pytest.mark.parametrize("fence", ["```bash", "  ```python", "```{code-block}"])
def test_a_block_in_no_known_language_is_found(fence):
    try:
        languages = {b.language for b in read(f"{fence}\nx\n```\n")}
    except ValueError:
        return
    assert not languages <= LANGUAGES | SHOWN


def test_kept_promises_pass(tmp_path):
    blocks = [
        ("python", "x = 2\nprint('a', x, 'c')"),
        ("text", "a\n…\nc"),
        ("python", "x + 1  # → 3\n'wrong'.upper()  # → WRONG"),
        ("python", "raise ValueError('no')"),
        ("text", "ValueError: no"),
        ("{code-block} python\n:caption: a.py\n", "x = 1\n"),
        ("{code-block} diff\n:caption: a.py\n", "-x = 1\n+x = 3"),
        ("console", "$ python -c 'import a; print(a.x)'\n3\n$ false\n$ echo $?\n1"),
        ("python", "import a\na.x  # → 3"),
    ]
    play(page(*blocks), tmp_path)
    assert "a" not in sys.modules


def test_the_code_of_a_function_is_that_of_the_whole_file(tmp_path):
    check = """from pathlib import Path

file = f.__code__.co_filename
whole = compile(Path(file).read_text("utf-8"), file, "exec")"""
    blocks = [
        ("python", "import math"),
        ("python", "def f(x):\n    return math.sin(x)"),
        ("python", check),
        ("python", "f.__code__ in whole.co_consts  # → True"),
    ]
    play(page(*blocks), tmp_path)


def test_a_skipped_block_does_not_run(tmp_path):
    play(page(("python", "1 / 0")), tmp_path, frozenset({"1 / 0"}))


@pytest.mark.parametrize(
    ("promised", "printed", "same"),
    [
        ("0.03 s", "1.52 s", True),
        ("resolution 2.9e-08", "resolution 3.1e-08", True),
        ("resolution 2.9e-08", "resolution 2.9e-06", False),
        ("resolution 2.9e-02", "resolution 2.8e-02", False),
        ("123 evaluations", "125 evaluations", True),
        ("123 evaluations", "323 evaluations", False),
        ("4 of 5 entries", "5 of 5 entries", False),
        ("4.000000000 ± 3e-10", "4.0000000001 ± 2e-10", True),
        ("2.0 ± 3e-10", "4.0 ± 3e-10", False),
        ("a  b\nc", "a b c", True),
        ("a b", "a b c", False),
        ("a\n…\nd", "a b c d", True),
        ("a\n…", "a b c d", True),
        ("a … d", "a b c d", True),
        ("a … e", "a b c d", False),
        ("…\nb\n…\nd", "a b c d", True),
        ("…\nc\n…\nb", "a b c b", True),
        ("…\nc\n…\nb", "a b b c", False),
        ("a\n…\na", "a", False),
        ("=== 1 passed in 0.52s ===", "===== 1 passed in 1.02s =====", True),
        ("", "a", False),
    ],
)
def test_what_counts_as_printed(promised, printed, same):
    assert alike(promised, printed) is same


def test_pages_can_be_renewed(tmp_path):
    old = page(
        ("python", "print(1 + 1)"), ("text", "3"), ("console", "$ echo a\nb\n$ echo c\nc"),
        ("python", "1 / 0"), ("text", ""),
    )  # fmt: skip
    new = renewed(old, tmp_path)
    assert "```text\n2\n```" in new
    assert "$ echo a\na\n$ echo c\nc\n```" in new
    assert "ZeroDivisionError: division by zero" in new
    assert renewed(new, tmp_path) == new
    with pytest.raises(Raised):
        renewed(page(("python", "1 / 0"), ("text", "1")), tmp_path)


@pytest.mark.parametrize(
    ("shown", "printed", "renewed"),
    [
        ("found 3 faults\n…\ncost: wrong\n", ["found 4 faults", "x", "y", "cost: wrong"],
         "found 4 faults\n…\ncost: wrong\n"),
        ("…\ncost: wrong, 1\n", ["x", "y", "cost: wrong, 2"], "…\ncost: wrong, 2\n"),
        ("found 3 faults\n…\n", ["found 4 faults", "x", "y"], "found 4 faults\n…\n"),
        ("found 3\n", ["found 4", "more"], "found 4\nmore\n"),
        ("a\n…\nb 1\n…\nc\n", ["a", "x", "b 2", "y", "c"], "a\n…\nb 2\n…\nc\n"),
    ],
)  # fmt: skip
def test_a_renewed_page_leaves_out_what_it_left_out(shown, printed, renewed):
    assert docs_blocks.shortened("".join(line + "\n" for line in printed), shown) == renewed
