"""Edited functions in the place of the old ones, whoever holds them, and back again."""

import doctest
import functools
import importlib.util
import itertools
import linecache
import sys
import warnings
from pathlib import Path
from types import FunctionType

import pytest

from gradproof.errors import UsageError
from gradproof.repair.patch import (
    Unpatchable,
    adopt,
    alike,
    function_of,
    patched,
    replaced,
    source_of,
)

MODULE = '''\
from __future__ import annotations

import functools

import numpy as np

TIMES_RUN = [0]
TIMES_RUN[0] += 1


def plain(x, m=2):
    """Not edited: äöü."""
    return x * 10 + m


class Layer:
    __slots__ = ("__scale",)

    def __init__(self, scale):
        self.__scale = scale

    def backward(self, x):
        return x * 20 * self.__scale

    @staticmethod
    def static(x):
        return x * 30

    @classmethod
    def of_class(cls, x):
        return x * 40

    def __call__(self, x):
        return x * 50


class Child(Layer):
    def backward(self, x):
        return super().backward(x) * 2


def make(m, n):
    def grad(x):
        return x * m / n

    def only_m(x):
        return x - m

    return grad, only_m


def traced(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@traced
@functools.lru_cache(maxsize=None)
def decorated(x):
    return x * 60


square = lambda x: x * 70; cube = lambda x: x * 80
table = {"a": lambda x: x * 90, "b": lambda x: x * 91}
table["plain"] = plain
bound = functools.partial(plain, 3)


def outer(x):
    """Über 'x'; a text before what is edited: äöü."""
    inner = lambda y: y * 92
    return sum(inner(value) for value in [x, x])


def annotated(x: Undefined) -> Undefined:
    def nested(y: AlsoUndefined):
        return y * 93

    return nested(x)


if TIMES_RUN:
    def twice(x):
        return x * 94
else:
    def twice(x):
        return x * 95


def twice_again(x):
    return x * 96


def twice_again(x):
    return x * 97


def counting(x):
    for k in range(x):
        yield k * 98


async def waiting(x):
    return x * 99
'''

numbers = itertools.count()


@pytest.fixture(autouse=True)
def _forget():
    yield
    linecache.clearcache()


def imported(folder, text=MODULE, **how):
    """A module made from a text, and the text."""
    path = folder / f"edited_{next(numbers)}.py"
    path.write_text(text, encoding="utf-8", **how)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def module(tmp_path):
    return imported(tmp_path)


def edited(function, old, new):
    """The text of the function's module with one place changed."""
    text = source_of(function)
    assert text.count(old) == 1
    return text.replace(old, new)


KINDS = {
    "plain": (lambda m: m.plain, lambda m: m.plain(3), "x * 10", 32, 38),
    "table": (lambda m: m.table["plain"], lambda m: m.table["plain"](3), "x * 10", 32, 38),
    "partial": (lambda m: m.bound, lambda m: m.bound(), "x * 10", 32, 38),
    "method": (lambda m: m.Layer.backward, lambda m: m.Layer(1).backward(3), "x * 20", 60, 66),
    "bound": (lambda m: m.Layer(1).backward, lambda m: m.Layer(1).backward(3), "x * 20", 60, 66),
    "inherited": (lambda m: m.Layer.backward, lambda m: m.Child(1).backward(3), "x * 20", 120, 132),
    "static": (lambda m: m.Layer.static, lambda m: m.Layer.static(3), "x * 30", 90, 96),
    "static, as it is": (
        lambda m: vars(m.Layer)["static"], lambda m: m.Layer.static(3), "x * 30", 90, 96,
    ),
    "class": (lambda m: m.Layer.of_class, lambda m: m.Layer.of_class(3), "x * 40", 120, 126),
    "object": (lambda m: m.Layer(1), lambda m: m.Layer(1)(3), "x * 50", 150, 156),
    "object of a subclass": (lambda m: m.Child(1), lambda m: m.Child(1)(3), "x * 50", 150, 156),
    "decorated": (lambda m: m.decorated, lambda m: m.decorated.__wrapped__.__wrapped__(3),
                  "x * 60", 180, 186),
    "lambda": (lambda m: m.square, lambda m: m.square(3), "x * 70", 210, 216),
    "lambda on the same line": (lambda m: m.cube, lambda m: m.cube(3), "x * 80", 240, 246),
    "lambda in a table": (lambda m: m.table["b"], lambda m: m.table["b"](3), "x * 91", 273, 279),
    "lambda inside": (lambda m: m.outer, lambda m: m.outer(3), "y * 92", 552, 564),
    "function inside": (lambda m: m.annotated, lambda m: m.annotated(3), "y * 93", 279, 285),
    "first of two": (lambda m: m.twice, lambda m: m.twice(3), "x * 94", 282, 288),
    "second of two": (lambda m: m.twice_again, lambda m: m.twice_again(3), "x * 97", 291, 297),
    "generator": (lambda m: m.counting, lambda m: sum(m.counting(3)), "k * 98", 294, 300),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_function(module, kind):
    get, use, factor, before, after = KINDS[kind]
    function = function_of(get(module))
    assert use(module) == before
    text = edited(function, factor, f"{factor} + x * 2" if "k" not in factor else "k * 100")
    if factor.startswith("y"):
        text = text.replace("+ x", "+ y")
    with patched([function], text):
        assert use(module) == after
        assert function_of(get(module)) is function
    assert use(module) == before
    assert module.TIMES_RUN == [1]


def test_a_coroutine(module):
    with patched([module.waiting], edited(module.waiting, "x * 99", "x * 2")):
        with pytest.raises(StopIteration) as stop:
            module.waiting(3).send(None)
        assert stop.value.value == 6


def test_several_functions_at_once(module):
    text = edited(module.plain, "x * 10", "x * 11").replace("x * 20", "x * 21")
    with patched([module.plain, module.Layer.backward, module.square], text):
        assert module.plain(3) == 35
        assert module.Layer(1).backward(3) == 63
        assert module.square(3) == 210
    assert module.plain(3) == 32
    assert module.Layer(1).backward(3) == 60


def test_the_old_code_comes_back_after_an_error(module):
    code = module.plain.__code__
    with (
        pytest.raises(ZeroDivisionError),
        patched([module.plain], edited(module.plain, "x * 10", "x / 0")),
    ):
        module.plain(3)
    assert module.plain.__code__ is code


def test_an_unpatchable_text_leaves_everything_as_it_was(module):
    grad, _ = module.make(6, 3)
    text = edited(grad, "x * 10", "x * 11").replace("x * m / n", "x * m / n + only_m(x)")
    with pytest.raises(Unpatchable), patched([module.plain, grad], text):
        pass
    assert module.plain(3) == 32


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("x * m / n", "x * m", 18),
        ("x * m / n", "x / n", 1),
        ("x * m / n", "x", 3),
        ("x * m / n", "(lambda y: y * m)(x)", 18),
        ("x * m / n", "sum(m for _ in range(x))", 18),
        ("x * m / n", "(lambda m: m)(x)", 3),
    ],
)
def test_closures_keep_their_variables(module, old, new, expected):
    grad, _ = module.make(6, 3)
    text = edited(grad, old, new)
    code = replaced(grad, text)
    assert code.co_freevars == ("m", "n")
    with patched([grad], text):
        assert grad(3) == expected
    assert grad(3) == 6


def test_an_unused_variable_of_a_lambda(tmp_path):
    module = imported(tmp_path, "def make(m):\n    return [lambda x: x * m, lambda x: x + m]\n")
    times, plus = module.make(5)
    with patched([times, plus], edited(times, "x * m", "x * 2")):
        assert (times(3), plus(3)) == (6, 8)
    with patched([times, plus], edited(times, "x + m", "x + 1")):
        assert (times(3), plus(3)) == (15, 4)


def test_a_generator_whose_variable_goes(tmp_path):
    text = "def make(m):\n    def grad(x):\n        yield x * m\n    return grad\n"
    grad = imported(tmp_path, text).make(5)
    with patched([grad], edited(grad, "x * m", "x")):
        assert list(grad(3)) == [3]


def test_super_may_go(module):
    with patched([module.Child.backward], edited(module.plain, "super().backward(x) * 2", "x")):
        assert module.Child(1).backward(3) == 3
    assert module.Child(1).backward(3) == 120


def test_private_names_stay_private(module):
    with patched([module.Layer.backward], edited(module.plain, "* self.__scale", "+ self.__scale")):
        assert module.Layer(1).backward(3) == 61


def test_a_variable_that_the_closure_has_not(module):
    _, only_m = module.make(6, 3)
    with pytest.raises(Unpatchable, match="only_m did not keep n of the function around it"):
        replaced(only_m, edited(only_m, "x - m", "x - n"))


def test_a_free_variable_that_becomes_a_local_one(module):
    grad, _ = module.make(6, 3)
    with pytest.raises(Unpatchable, match="the edit makes m another variable"):
        replaced(grad, edited(grad, "return x * m / n", "m = 1; return x * m / n"))


@pytest.mark.parametrize(
    "new", ["x * (", "x * /", "x * 10)\ndef plain(x:\n  pass", "\0", "return 1"]
)
def test_a_text_that_does_not_parse(module, new):
    with pytest.raises(Unpatchable, match="does not parse"):
        replaced(module.plain, edited(module.plain, "x * 10", new))


def test_a_function_that_goes(module):
    text = edited(module.twice_again, "def twice_again(x):\n    return x * 97", "")
    with pytest.raises(AssertionError):
        edited(module.twice_again, "def twice_again(x):", "")
    with pytest.raises(Unpatchable, match="adds or drops a function called twice_again"):
        replaced(module.twice_again, text)


def test_a_lambda_that_goes_beside_another(module):
    text = edited(module.square, "lambda x: x * 70", "None")
    with pytest.raises(Unpatchable, match="adds or drops a function called <lambda>"):
        replaced(module.cube, text)


def test_edits_that_shift_lines(module):
    text = edited(module.plain, "    return x * 10 + m", "    x = x + 1\n\n    return x * 10 + m")
    assert replaced(module.plain, text).co_firstlineno == module.plain.__code__.co_firstlineno
    moved = replaced(module.square, text)
    assert moved.co_firstlineno == module.square.__code__.co_firstlineno + 2
    with patched([module.plain, module.square, module.table["b"], module.twice], text):
        assert module.plain(3) == 42
        assert (module.square(3), module.table["b"](3), module.twice(3)) == (210, 273, 282)


def test_lines_that_go(module):
    text = edited(module.plain, '    """Not edited: äöü."""\n', "")
    with patched([module.plain, module.outer], text):
        assert module.plain(3) == 32
        assert module.outer(3) == 552


def test_a_line_put_behind_the_last_one(tmp_path):
    module = imported(
        tmp_path, "def f(x):\n    y = [x]\n    yield y\n\n\ndef g(x):\n    return 2\n"
    )
    text = edited(module.f, "    yield y\n", "    yield y\n    yield x\n")
    with patched([module.f, module.g], text):
        assert list(module.f(3)) == [[3], 3]
        assert module.g(3) == 2


def test_an_error_tells_the_line_of_the_edited_text(module):
    text = edited(module.twice_again, "return x * 97", "y = x\n    return x / 0 * y")
    line = text[: text.index("x / 0")].count("\n") + 1
    with patched([module.twice_again], text), pytest.raises(ZeroDivisionError) as error:
        module.twice_again(3)
    assert error.traceback[-1].lineno + 1 == line


def test_an_edit_elsewhere_leaves_the_code(module):
    text = edited(module.plain, "x * 97", "x * 2")
    assert replaced(module.plain, text) is module.plain.__code__
    assert replaced(module.plain, source_of(module.plain)) is module.plain.__code__


def test_edits_of_statements_far_apart(module):
    text = edited(module.plain, "x * 10", "x * 11\\\n").replace("x * 97", "x * 98")
    functions = [module.plain, module.Layer.backward, module.cube, module.twice_again]
    with patched(functions, text):
        results = module.plain(3), module.Layer(1).backward(3), module.cube(3)
        assert results == (35, 60, 240)
        assert module.twice_again(3) == 294


def test_line_ends_of_windows(tmp_path):
    module = imported(tmp_path, newline="\r\n")
    text = source_of(module.plain)
    assert text == MODULE
    with patched([module.plain], edited(module.plain, "x * 10", "x * 11")):
        assert module.plain(3) == 35


def test_no_line_end_at_the_end_and_a_form_feed(tmp_path):
    module = imported(
        tmp_path, "def g(x):\n    return x\n\f\ndef f(x):\n    return 'a\x85b', x * 10"
    )
    with patched([module.f], edited(module.f, "x * 10", "x * 11")):
        assert module.f(3) == ("a\x85b", 33)


def test_the_source_is_the_text_of_the_file(module):
    assert source_of(module.plain) == MODULE
    assert source_of(module.Layer.backward) == MODULE


def test_a_file_that_has_changed(module, tmp_path):
    file = module.plain.__code__.co_filename
    text = source_of(module.plain)
    for change in (MODULE.replace("x * 10", "x * 11"), "# new\n" + MODULE, "def plain(:", ""):
        tmp_path.joinpath(file).write_text(change, encoding="utf-8")
        with pytest.raises(UsageError, match=r"has changed since|no source to repair"):
            source_of(module.plain)
    tmp_path.joinpath(file).write_text(text, encoding="utf-8")
    assert source_of(module.plain) == text


def test_a_change_elsewhere_in_the_file_is_allowed(module, tmp_path):
    file = tmp_path / module.plain.__code__.co_filename
    file.write_text(MODULE.replace("x * 99", "x * 98"), encoding="utf-8")
    assert "x * 98" in source_of(module.plain)
    with patched([module.plain], edited(module.plain, "x * 10", "x * 11")):
        assert module.plain(3) == 35


def test_what_the_compiler_warns_of_is_not_said_again(tmp_path):
    text = "def f(x):\n    return x is 5, '\\d', x * 10\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = imported(tmp_path, text)
    with patched([module.f], edited(module.f, "x * 10", "x * 11")):
        assert module.f(3) == (False, "\\d", 33)


def test_functions_without_a_source():
    space = {}
    exec("def typed(x): return x", space)
    with pytest.raises(
        UsageError, match=r"typed at the prompt or built by exec .*Put it in a file"
    ):
        source_of(space["typed"])


@pytest.mark.parametrize("given", [len, functools.partial(len, []), int, 3, [].append])
def test_what_is_not_written_in_python(given):
    with pytest.raises(UsageError, match="is not written in Python"):
        function_of(given)


def test_what_wraps_itself():
    def loop():
        pass

    loop.__wrapped__ = loop
    with pytest.raises(UsageError, match="is not written in Python"):
        function_of(loop)


def test_a_cell_of_a_notebook():
    text = "def cell(x: Undefined):\n    return x * 10\n"
    name = "<ipython-input-7-abc>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space = {}
    # Under the ``from __future__ import annotations`` of an earlier cell.
    exec(compile(text, name, "exec", 0x1000000, dont_inherit=True), space)
    cell = space["cell"]
    assert source_of(cell) == text
    with patched([cell], text.replace("10", "11")):
        assert cell(3) == 33


def test_a_doctest():
    text = (
        ">>> def grad(x):\n...     return x * 10\n"
        ">>> with patched([grad], source_of(grad).replace('10', '11')):\n...     grad(3)\n33\n"
    )
    space = {"patched": patched, "source_of": source_of}
    test = doctest.DocTestParser().get_doctest(text, space, "edited", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(test) == (0, 2)


def test_a_module_in_an_archive(tmp_path, monkeypatch):
    import zipfile

    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("in_an_archive.py", MODULE)
    monkeypatch.syspath_prepend(tmp_path / "archive.zip")
    import in_an_archive

    monkeypatch.delitem(sys.modules, "in_an_archive")
    with patched([in_an_archive.plain], edited(in_an_archive.plain, "x * 10", "x * 11")):
        assert in_an_archive.plain(3) == 35


def test_a_backward_of_torch(tmp_path):
    torch = pytest.importorskip("torch")
    module = imported(
        tmp_path,
        "import torch\n\n\nclass Square(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(ctx, x):\n"
        "        ctx.save_for_backward(x)\n        return x**2\n\n"
        "    @staticmethod\n    def backward(ctx, g):\n"
        "        (x,) = ctx.saved_tensors\n        return g * x\n",
    )

    def slope():
        x = torch.tensor(3.0, requires_grad=True)
        module.Square.apply(x).backward()
        return x.grad.item()

    function = function_of(module.Square.backward)
    with patched([function], edited(function, "g * x", "g * x * 2")):
        assert slope() == 6
    assert slope() == 3


def test_those_alike(module):
    first, only_m = module.make(6, 3)
    second, _ = module.make(5, 1)
    found = alike([first])
    assert found[0] is first
    assert set(found) == {first, second, module.make}
    with patched(found, edited(first, "x * m / n", "x * m")):
        assert (first(3), second(3), module.make(4, 1)[0](3)) == (18, 15, 12)
        assert only_m(3) == -3
    assert (first(3), second(3), module.make(4, 1)[0](3)) == (6, 15, 12)
    assert alike([module.plain]) == (module.plain,)


def test_the_specimens_of_this_file_are_functions(module):
    for get, *_ in KINDS.values():
        assert type(function_of(get(module))) is FunctionType


def test_adopted_functions_are_those_of_the_written_text(module):
    text = source_of(module.plain)
    file = module.plain.__code__.co_filename
    changed = text.replace("x * 10", "x * 11").replace("\n\nclass Layer", "\n\n\nclass Layer")
    method = module.Layer(1).backward
    adopt(file, text, changed)
    Path(file).write_text(changed, encoding="utf-8")
    assert module.plain(1) == 13
    assert method(2) == 40
    assert source_of(module.plain) == changed
    assert source_of(function_of(method)) == changed  # one line further down


def test_nothing_is_adopted_from_a_text_with_other_functions(module):
    text = source_of(module.plain)
    adopt(module.plain.__code__.co_filename, text, text + "def more():\n    return 1\n")
    assert source_of(module.plain) == text
