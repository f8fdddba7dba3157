"""From a report to repairs: whatever computes the gradient, and in one sentence where none does."""

import ast
import copy
import doctest
import functools
import importlib.util
import itertools
import linecache
import os
import pickle
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import gradproof as gp
from gradproof.repair import session, suggest
from gradproof.repair.sandbox import NO_ANSWER

# Long searches for repairs.
pytestmark = pytest.mark.slow

POINT = np.array([1.5, -0.7, 0.4])
NUMBER = itertools.count()

SOURCE = """\
import numpy as np

CALLS = []


def square(w):
    return float(w @ w)


def sigmoid(x, deriv=False):
    s = 1 / (1 + np.exp(-x))
    if deriv:
        return s * (1 + s)
    return s


def through(w):
    return float(np.sum(sigmoid(w)))


def through_grad(w):
    return sigmoid(w, deriv=True)


def three(w):
    return 3 * w


def prints(w):
    print("hello")
    return 3 * w


def mutates(w):
    w *= 2
    return 1.5 * w


def logs(w):
    with open("log.txt", "a") as file:
        file.write("called")
    return 3 * w


def loops(w):
    out, k = np.zeros_like(w), 0
    while k < len(w):
        out[k] = -2 * w[k]
        k += 1
    return out


def both(w):
    return float(np.sum(np.sin(w))), -np.cos(w)


def made(scale):
    def fun(w):
        return float(scale * np.sum(w**2))

    def grad(w):
        return -2 * scale * w

    return fun, grad


class Model:
    def __init__(self, X):
        self.X = X

    def value(self, w):
        return float(np.sum((self.X @ w) ** 2))

    def grad(self, w):
        return 2 * self.X.T @ (self.X @ -w)


def outputs(w):
    return np.array([w[0] * w[1], np.sin(w[2])])


def vjp(w, g):
    return np.array([g[0] * w[1], g[0] * w[0], g[1] * np.sin(w[2])])


def jacobian(w):
    return np.array([[w[1], w[0], 0.0], [0.0, 0.0, -np.cos(w[2])]])


def jvp(w, v):
    return np.array([w[1] * v[0] + w[0] * v[1], -np.cos(w[2]) * v[2]])


def unlike(w):
    return np.floor(w)


def relu(w, X):
    return float(np.sum(np.maximum(X @ w, 0) ** 2 + np.maximum(X @ w, 0)))


def relu_grad(w, X):
    Z = X @ w
    return X.T @ ((2 * Z + 1) * (Z < 0))
"""


@pytest.fixture
def load(tmp_path):
    def load(source=SOURCE):
        path = tmp_path / f"code_{next(NUMBER)}.py"
        path.write_text(source, "utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        linecache.checkcache(str(path))
        return module

    return load


@pytest.fixture
def code(load):
    return load()


def repaired(report, **options):
    """The changed lines of the first repair, whose proof is looked at."""
    found = gp.suggest_fixes(report, **{"most": 1, **options})
    assert len(found) == 1, found.reason
    assert found[0].report.ok
    assert [str(report.verdict) for report in found[0].elsewhere] == ["correct", "correct"]
    lines = found[0].diff.splitlines()
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("---", "+++")]


def wrong(fun, grad, point=POINT, **options):
    report = gp.check(fun, point, grad=grad, **options)
    assert not report.ok
    return report


def test_a_factor(code):
    old, new = repaired(wrong(code.square, code.three))
    assert old == "-    return 3 * w"
    assert new.startswith("+    return ")


def test_the_functions_are_as_before(code):
    report = wrong(code.square, code.three)
    before = code.three.__code__
    repaired(report)
    assert code.three.__code__ is before
    assert np.array_equal(code.three(POINT), 3 * POINT)


def test_a_helper_that_fun_calls_as_well(code):
    assert repaired(wrong(code.through, code.through_grad)) == [
        "-        return s * (1 + s)", "+        return s * (1 - s)",
    ]  # fmt: skip


def test_a_wrapper_in_another_file_does_not_keep_the_search_from_the_fault(code, load):
    wrapper = load("def wrap(grad, shift, more):\n    return lambda w: grad(w)\n")
    grad = wrapper.wrap(code.through_grad, 1.0, 2.0)
    assert "+        return s * (1 - s)" in repaired(wrong(code.through, grad))


@pytest.mark.parametrize("name", ["prints", "mutates", "loops"])
def test_functions_that_do_other_things_too(code, name, capfd):
    report = wrong(code.square, getattr(code, name))
    said = capfd.readouterr().out.count("hello")
    assert (said > 0) is (name == "prints")
    repaired(report)
    assert capfd.readouterr().out.count("hello") < 10  # of the process that asks


def test_value_and_gradient_from_one_function(code):
    lines = repaired(wrong(code.both, True))
    assert lines == [
        "-    return float(np.sum(np.sin(w))), -np.cos(w)",
        "+    return float(np.sum(np.sin(w))), np.cos(w)",
    ]


def test_closures(code):
    fun, grad = code.made(3.0)
    assert repaired(wrong(fun, grad))[0] == "-        return -2 * scale * w"


def test_methods(code):
    model = code.Model(np.arange(12.0).reshape(4, 3) / 7)
    assert repaired(wrong(model.value, model.grad))[0].startswith("-        return 2 * self.X.T")


def test_a_partial(code):
    grad = functools.partial(code.relu_grad, X=np.eye(3))
    repaired(wrong(functools.partial(code.relu, X=np.eye(3)), grad))


def test_single_precision(code):
    repaired(wrong(lambda w: np.sum(w**2), code.three, POINT.astype(np.float32)))


def test_at_a_kink(code):
    X = np.array([[1.0, 0.5, 2.0], [0.3, -1.0, 0.2], [1.0, 1.0, 1.0]])
    point = np.array([0.5, -1.0, 0.0])  # the first row sees zero
    lines = repaired(wrong(code.relu, code.relu_grad, point, args=(X,)))
    assert lines[1].endswith(("(Z > 0))", "(Z >= 0))"))


def test_products(code):
    report = gp.check_vjp(code.outputs, code.vjp, POINT)
    old, new = repaired(report)
    assert old.endswith("g[1] * np.sin(w[2])])")
    assert new.endswith("g[1] * np.cos(w[2])])")


def test_a_jacobian(code):
    report = wrong(code.outputs, code.jacobian)
    assert repaired(report)[1].endswith("[0.0, 0.0, np.cos(w[2])]])")


def test_a_product_beside_a_wrong_one_in_forward_mode(code):
    right = gp.suggest_fixes(gp.check_vjp(
        code.outputs, lambda w, g: np.array([g[0] * w[1], g[0] * w[0], g[1] * np.cos(w[2])]),
        POINT, jvp=code.jvp,
    ))  # fmt: skip
    assert not right
    assert right.reason.startswith("What is wrong is the jvp")
    with pytest.raises(gp.UsageError, match="Repairs of a jvp are not looked for"):
        gp.suggest_fixes(gp.check_jvp(code.outputs, code.jvp, POINT))


@pytest.mark.slow
def test_a_backward_of_torch(load):
    torch = pytest.importorskip("torch")
    code = load(
        "import torch\n\n\nclass Cube(torch.autograd.Function):\n    @staticmethod\n"
        "    def forward(ctx, x):\n        ctx.save_for_backward(x)\n        return x**3\n\n"
        "    @staticmethod\n    def backward(ctx, g):\n        (x,) = ctx.saved_tensors\n"
        "        return g * 3 * x\n\n\n"
        "class Layer(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.weight = torch.nn.Parameter(torch.linspace(-1, 2, 6, dtype=torch.float64))\n"
        "\n    def forward(self, x):\n        return Cube.apply(self.weight * x)\n"
    )
    x = torch.linspace(-1, 2, 6, dtype=torch.float64)
    for report in (gp.check(code.Cube.apply, x), gp.check_module(code.Layer(), x)):
        assert repaired(report)[0] == "-        return g * 3 * x"
        search = session.Session(report, 60.0)
        search.suggestions(1)
        assert {place.file for place in search.places} == {code.__file__}


def test_random_numbers_are_as_before(code):
    report = wrong(code.square, code.three)
    state = np.random.get_state(legacy=False)  # noqa: NPY002
    repaired(report)
    assert np.array_equal(np.random.get_state(legacy=False)["state"]["key"], state["state"]["key"])  # noqa: NPY002


def test_several_repairs_come_likeliest_first(code):
    found = gp.suggest_fixes(wrong(code.square, code.three), most=3)
    costs = [sum(edit.cost for edit in fix.edits) for fix in found]
    assert costs == sorted(costs)
    assert found.tried > 0
    assert found.complete


# Where there is nothing


def test_none_is_an_honest_answer(code):
    found = gp.suggest_fixes(wrong(code.through, code.unlike))
    assert not found
    assert found.complete
    assert found.reason.startswith("No edit of these kinds, and no two of them together, repairs")
    assert found.closest.wrong == ("params",)
    assert "-    return np.floor(w)\n" in found.closest.diff


def test_the_time_is_up(code):
    found = gp.suggest_fixes(wrong(code.through, code.unlike), seconds=1e-9)
    assert not found
    assert not found.complete
    assert found.reason == "No repair was found before the time was up (0 were tried)."
    assert found.closest is None


def test_right_already(code):
    found = gp.suggest_fixes(gp.check(code.square, POINT, grad=lambda w: 2 * w))
    assert found.reason == "The gradient is correct: there is nothing to repair."


def test_code_that_writes_is_told_so(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = wrong(code.square, code.logs)
    found = gp.suggest_fixes(report)
    assert found.reason.startswith(
        "The code as it stands writes to log.txt: candidates run without"
    )
    assert found.tried == 0


def test_code_that_does_not_run_in_another_process(load):
    here = os.getpid()
    code = load(
        f"import os\n\n\ndef grad(w):\n    assert os.getpid() == {here}, 'elsewhere'\n"
        "    return 3 * w\n\n\n"
        f"def silent(w):\n    while os.getpid() != {here}:\n        pass\n    return 3 * w\n"
    )
    found = gp.suggest_fixes(wrong(lambda w: w @ w, code.grad))
    assert found.reason.endswith("so nothing was tried: AssertionError: elsewhere.")
    found = gp.suggest_fixes(wrong(lambda w: w @ w, code.silent))
    assert found.reason.startswith(f"In another process the code as it stands gave {NO_ANSWER}")
    assert "JAX" in found.reason


@pytest.mark.slow
def test_edits_that_give_no_answer_are_counted(load, monkeypatch):
    code = load(
        "import numpy as np\n\n\ndef grad(w):\n    found = np.floor(w)\n"
        "    while not np.array_equal(found, np.floor(w)):\n        pass\n    return found\n"
    )
    monkeypatch.setattr(session, "_MANY", 0.0)
    report = wrong(lambda w: np.sum(np.exp(w) * w), code.grad)
    found = gp.suggest_fixes(report, seconds=4)
    assert f"gave {NO_ANSWER} in time)." in found.reason
    assert found.reason.endswith("as JAX, may be the reason.")


def refused(match, report, **options):
    with pytest.raises(gp.UsageError, match=match):
        gp.suggest_fixes(report, **options)


def test_what_is_not_meant(code):
    report = wrong(code.square, code.three)
    refused("report must be what gp.check returned, but is an empty dict", {})
    for most in (0, True, 1.5):
        refused("most must be a positive integer", report, most=most)
    for seconds in (0, -1, float("nan"), "1"):
        refused("seconds must be a positive number", report, seconds=seconds)


def test_a_report_without_its_functions(code, tmp_path):
    report = wrong(code.square, code.three)
    report.save(tmp_path / "report.json")
    match = "was loaded, pickled or copied .*: call suggest_fixes on what gp.check returned"
    for other in (
        gp.load(tmp_path / "report.json"), pickle.loads(pickle.dumps(report)), copy.copy(report),
    ):  # fmt: skip
        refused(match, other)


def test_a_gradient_without_code(code):
    refused("array that was computed before: pass grad as", wrong(code.square, 3 * POINT))
    refused("None of the code .* is yours", wrong(code.square, np.sign))


def test_code_without_a_file(code):
    namespace = {}
    exec("def grad(w):\n    return 3 * w\n", namespace)
    refused("grad was typed at the prompt or built by exec", wrong(code.square, namespace["grad"]))


def test_a_cell_of_a_notebook_is_repaired_but_not_written(code):
    file, text = "ipykernel_1/17.py", "def grad(w):\n    return 3 * w\n"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    namespace = {}
    exec(compile(text, file, "exec"), namespace)
    report = wrong(code.square, namespace["grad"])
    assert repaired(report)[0] == "-    return 3 * w"
    with pytest.raises(gp.UsageError, match="nothing was written") as e:
        gp.suggest_fixes(report, most=1)[0].apply()
    assert str(e.value).endswith("\n\ndef grad(w):\n    return 2 * w\n")


def test_a_cell_that_imports_what_its_functions_call(code, monkeypatch):
    """IPython compiles a cell one statement at a time: its functions do not know its imports."""
    file = "/tmp/ipykernel_1/18.py"
    text = "import numpy as np\ndef grad(w):\n    return 3 * np.asarray(w)\n"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    names = {file: ("Cell", "In[7]")}
    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=names.get))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    namespace = {}
    for node in ast.parse(text).body:
        exec(compile(ast.Module([node], []), file, "exec"), namespace)
    report = wrong(code.square, namespace["grad"])
    assert report.findings[0].line.number == 3
    assert "Cell In[7], line 3, in grad" in report.text()
    assert "repair: gp.suggest_fixes(report) looks" in report.text()  # no command reads a cell
    [fix] = gp.suggest_fixes(report, most=1)
    assert "+    return 2 * np.asarray(w)" in fix.diff
    assert fix.diff.startswith("--- a/Cell In[7]\n")
    assert repr(fix).startswith("Fix(Cell In[7], line 3: ")
    with pytest.raises(gp.UsageError, match=r"^Cell In\[7\] is a cell of a notebook"):
        fix.apply()


def test_the_same_code_in_another_file_is_left_alone(load):
    here, there = load(), load()
    report = wrong(here.square, here.three)
    search = session.Session(report, 60.0)
    assert search.suggestions(1)
    files = {function.__code__.co_filename for p in search.places for function in p.functions}
    assert files == {here.__file__}
    assert here.three.__code__ == there.three.__code__


def test_tests_that_pytest_has_rewritten_may_hold_a_wrapper(code):
    assert code.three(1) == 3  # what is rewritten is this function
    report = wrong(code.square, lambda w: code.three(+w))
    assert repaired(report)[0].lstrip("- ").startswith(("return 3 * w", "report = wrong"))


def test_a_file_that_has_changed_or_is_gone(code, tmp_path):
    report = wrong(code.square, code.three)
    path = tmp_path / f"{code.__name__}.py"
    path.write_text("\n\n" + SOURCE, "utf-8")
    refused("has changed since it was imported", report)
    path.unlink()
    refused("is gone or empty: there is no source", report)


def python(statements):
    done = subprocess.run(
        [sys.executable, "-c", statements], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_libcst():
    assert "Repairs need libcst, which is not installed: pip install 'gradproof[fix]'." in python(
        "import sys; sys.modules['libcst'] = None\n"
        "import gradproof as gp, gradproof.demo.network as n\n"
        "X, Y, p = n.article_test_case()\n"
        "report = gp.check(n.cost, p, grad=n.broken_backprop, args=(X, Y), effort='quick')\n"
        "try:\n    gp.suggest_fixes(report)\nexcept gp.UsageError as error:\n    print(error)\n"
    )


def test_what_repairs_need_is_imported_only_for_them():
    loaded = python("import gradproof, sys; gradproof.Fix; print(*sys.modules)").split()
    heavy = ("libcst", "multiprocessing", "gradproof.repair.session", "gradproof.repair.sandbox")
    assert "gradproof.repair" in loaded
    assert not [name for name in loaded if name.startswith(heavy)]


def test_the_example_of_the_docstring():
    assert doctest.testmod(suggest).failed == 0
