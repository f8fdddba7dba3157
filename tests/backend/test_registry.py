"""Backends from outside: found by entry point, loaded when their library is, and never before."""

import ast
import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from docs_blocks import read
from gradproof.backend import About, Backend, registry
from gradproof.backend.numpy import BACKEND as NUMPY
from gradproof.backend.registry import framework_of, frameworks, home, register
from gradproof.errors import UsageError

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/how-to/array-library.md").read_text("utf-8")
FILES = {b.caption: b.code for b in read(PAGE) if b.caption and b.language == "python"}

CHECKS = """
import gradproof as gp, numpy as np, toylib
def careless(x):
    return toylib.Array(x.data**3, [(x, lambda g: 2 * g * x.data**2)])
def norm(p):
    return (p["x"] * p["x"]).sum()
x = toylib.Array(np.linspace(1.0, 2.0, 5))
print(gp.check(lambda x: toylib.cube(x).sum(), x).verdict,
      gp.check(lambda x: careless(x).sum(), x).verdict,
      gp.check(norm, {"x": x}, grad=lambda p: {"x": p["x"] * 2.0}).verdict,
      gp.check(norm, {"x": x}, grad=lambda p: {"x": p["x"] * 3.0}).verdict)
"""

PLAIN = """
import gradproof as gp, numpy as np
print(gp.check(lambda x: float(x @ x), np.ones(3), grad=lambda x: 2 * x).verdict)
"""


@pytest.fixture
def installed(tmp_path):
    """The files of the page, installed as a distribution with an entry point."""
    for name, code in FILES.items():
        (tmp_path / name).write_text(code, "utf-8")
    about = tmp_path / "gradproof_toylib-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: gradproof-toylib\nVersion: 1.0\n")
    declare(tmp_path, "toylib = gradproof_toylib:BACKEND")
    return tmp_path


def declare(folder, *lines):
    text = "\n".join(["[gradproof.backends]", *lines, ""])
    (folder / "gradproof_toylib-1.0.dist-info" / "entry_points.txt").write_text(text)


def fresh(folder, code):
    """What a new interpreter prints that has the folder on its path."""
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


# A library that gradproof has never heard of


def test_right_and_wrong_gradients_of_a_strange_library_are_told_apart(installed):
    assert fresh(installed, CHECKS) == "correct wrong correct wrong"


def test_without_its_backend_a_strange_array_is_no_point(installed):
    declare(installed)
    assert "neither a number, a NumPy array nor a container" in fresh(installed, CHECKS)


def test_a_backend_is_not_loaded_before_its_library_is_imported(installed):
    loaded = "import sys; print('toylib' in sys.modules, 'gradproof_toylib' in sys.modules)"
    assert fresh(installed, PLAIN + loaded).split() == ["correct", "False", "False"]
    assert fresh(installed, "import toylib" + PLAIN + loaded).split() == ["correct", "True", "True"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("gradproof_toylib:MISSING", "AttributeError: module 'gradproof_toylib' has no attribute"),
        ("no_such_module:BACKEND", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("toylib:cube", "is no instance of gradproof.backend.Backend with an about"),
        ("toylib", "is no instance of gradproof.backend.Backend with an about"),
    ],
)
def test_a_broken_backend_is_one_sentence_and_only_for_its_own_arrays(installed, value, reason):
    declare(installed, f"toylib = {value}")
    assert fresh(installed, "import toylib" + PLAIN) == "correct"
    told = fresh(installed, CHECKS).splitlines()[-1]
    assert "UsageError: gradproof's backend for toylib could not be loaded" in told
    assert reason in told


def test_a_class_that_lacks_a_member_says_which(installed):
    file = installed / "gradproof_toylib.py"
    file.write_text(file.read_text("utf-8").replace("def host(", "def guest("), "utf-8")
    assert "host" in fresh(installed, CHECKS).splitlines()[-1]
    assert fresh(installed, "import toylib" + PLAIN) == "correct"


def test_nobody_else_can_take_the_place_of_ours(installed):
    declare(installed, "torch = gradproof_toylib:BACKEND")
    code = "import torch; from gradproof.backend.registry import home; x = torch.ones(2)\n"
    assert fresh(installed, code + "print(type(home(x)).__module__)") == "gradproof.backend.torch"


# In this process


class Strange:
    dtype = np.dtype(float)


class Plain(Backend):
    """All defaults, on NumPy arrays."""

    about = About("Plain", Strange)

    def dtype(self, leaf):
        return leaf.dtype.name

    def host(self, leaf):
        return leaf

    def copy(self, leaf, *, promote):
        return NUMPY.copy(leaf, promote=promote)

    def array(self, numbers, like):
        return NUMPY.array(numbers, like)


@pytest.fixture
def known(monkeypatch):
    """The registry, as it was afterwards."""
    frameworks()
    for name in ("_PLACES", "_LOADED", "_BROKEN", "_DONE"):
        monkeypatch.setattr(registry, name, getattr(registry, name).copy())


def test_a_backend_can_be_registered_by_hand(known):
    backend = Plain()
    assert home(Strange()) is NUMPY
    register(__name__, backend)
    assert backend in frameworks()
    assert framework_of(Strange()) is backend
    assert home(np.ones(2)) is NUMPY


def test_a_module_in_the_middle_of_its_import_is_left_alone(known, monkeypatch):
    module, spec = ModuleType("halfway"), ModuleSpec("halfway", None)
    spec._initializing, module.__spec__ = True, spec
    monkeypatch.setitem(sys.modules, "halfway", module)
    backend = Plain()
    registry._PLACES["halfway"] = lambda: backend
    assert backend not in frameworks()
    spec._initializing = False
    assert backend in frameworks()


def test_a_library_without_derivatives_needs_a_gradient(known):
    with pytest.raises(UsageError, match="Plain has no derivatives of its own: pass grad="):
        Plain().vjp(lambda leaves: leaves, [])


def members(cls):
    return {name for name in vars(cls) if not name.startswith("_")} | {
        name for name in getattr(cls, "__annotations__", {}) if not name.startswith("_")
    }


def test_the_protocol_has_at_most_twenty_members_of_which_five_have_no_default():
    assert len(members(Backend)) <= 20
    assert len(Backend.__abstractmethods__ | {"about"}) <= 5


def test_no_backend_offers_what_the_protocol_does_not_know():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax.numpy")
    for backend in (NUMPY, home(torch.ones(1)), home(jax.ones(1))):
        assert type(backend) is not Backend
        assert members(type(backend)) <= members(Backend)


def names(path):
    """The words of a file's code: names, attributes and texts, without docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.name for alias in node.names)
            yield from (getattr(node, "module", None) or "").split(".")


def test_no_room_but_this_one_knows_a_library_by_its_name():
    source = ROOT / "src" / "gradproof"
    rooms = ("api", "diagnose", "engine", "judge", "plan", "records", "slopes", "space", "subject")
    files = [path for room in rooms for path in (source / room).rglob("*.py")]
    files.append(source / "backend" / "registry.py")
    assert len(files) > 30
    knowing = {path.name for path in files if {"torch", "jax"} & set(names(path))}
    # Those whose subject is a module of PyTorch.
    assert knowing == {"module.py", "operations.py"}
