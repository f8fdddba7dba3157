"""A fault is planted in a line or two; the right text must be among the edits."""

import ast
from pathlib import Path

import libcst as cst
import pytest

from gradproof.repair.candidates import candidates, candidates_of, registry
from gradproof.repair.edit import applied
from gradproof.repair.hints import MODULE, Hints, Meant

HEAD = "import numpy as np\n\n\n"
SHAPES = {
    "grad": {
        "A": (4, 4), "B": (4, 4), "W1": (4, 4), "W2": (4, 4), "dZ": (6, 4), "Z": (6, 4),
        "H": (6, 4), "v": (4,), "u": (6,), "m": (), "lam": (), "dW": (4, 4), "i": (), "n": (),
        "params['W']": (4, 4), "params['b']": (4,), "cache": None, "params": None, "x": (6, 4),
    }
}  # fmt: skip


def function(body, signature="A, B, W1, W2, Z, H, u, v, m, n, lam, params, cache, x"):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{HEAD}def grad({signature}):\n{lines}"


def after(source, functions=("grad",), hints=None):
    """The texts after each edit, likeliest first."""
    hints = Hints(SHAPES) if hints is None else hints
    return [applied(source, [one]) for one in candidates(source, functions, hints)]


HELPER = "\n\ndef helper(a, b=None):\n    return a\n"


def reached(wrong, right, **more):
    return function(right) + HELPER in after(function(wrong) + HELPER, **more)


FAMILIES = {
    "factor": [
        ("return 2 * A", "return A"),
        ("return A * B", "return A"),
        ("return A * B", "return B"),
        ("return A / m", "return A"),
        ("return 1 / m * A", "return A"),
        ("return (A + B) / m", "return A + B"),
        ("dW = A @ B\nreturn dW", "dW = A @ B / m\nreturn dW"),
        ("dW = A + B\nreturn dW", "dW = (A + B) / m\nreturn dW"),
        ("dW = A + B\nreturn dW", "dW = A + B / 2\nreturn dW"),
        ("dW = A\nreturn dW", "dW = 2 * A\nreturn dW"),
        ("return {'W': A @ B}", "return {'W': A @ B * lam}"),
        ("return A, B", "return A, B / len(A)"),
        ("dZ = Z\nreturn dZ", "dZ = Z * (1 - H**2)\nreturn dZ"),
        ("dZ = Z\nreturn dZ", "dZ = Z * u[:, None]\nreturn dZ"),
        ("k = x.shape[0]\nreturn A", "k = x.shape[0]\nreturn A / x.shape[0]"),
        ("a = A / m\nb = B / m\nreturn a, b", "a = A\nb = B\nreturn a, b"),
    ],
    "constant": [
        ("return A + 1", "return A + 2"),
        ("return A + 1", "return A + 0"),
        ("return A + 1", "return A + -1"),
        ("return A + 0.25", "return A + 0.5"),
        ("return A + 0.01", "return A + 0.1"),
        ("return A**2", "return A"),
        ("return A**2", "return A**3"),
        ("return (A + B)**2", "return A + B"),
        ("return A**2", "return 2 * A"),
        ("return 0.31 * A", "return lam * A"),
    ],
    "sign": [
        ("return A", "return -A"),
        ("return -A", "return A"),
        ("return A - B", "return B - A"),
        ("return A - B", "return A + B"),
        ("return A - (B + v)", "return B + v - A"),
        ("return A - (B - v)", "return A + (B - v)"),
        ("A += B\nreturn A", "A -= B\nreturn A"),
        ("np.add.at(A, i, B)\nreturn A", "np.subtract.at(A, i, B)\nreturn A"),
        ("return A + B", "return -(A + B)"),
        ("return -A @ B", "return A @ B"),
    ],
    "operator": [
        ("return A * B", "return A @ B"),
        ("return A @ B", "return A * B"),
        ("return A * B", "return A / B"),
        ("return A / B", "return A * B"),
        ("return m // 2", "return m / 2"),
        ("return np.dot(A, B)", "return A * B"),
        ("return (A + B) * W1", "return A + B + W1"),
        ("A *= m\nreturn A", "A /= m\nreturn A"),
    ],
    "transpose": [
        ("return A @ B", "return A.T @ B"),
        ("return A.T @ B", "return A @ B"),
        ("return A @ B", "return B @ A"),
        ("return A @ B.T", "return B @ A.T"),
        ("return np.dot(A, B.T)", "return np.dot(B, A.T)"),
        ("return A.transpose() @ B", "return A @ B"),
        ("return np.transpose(A) @ B", "return A @ B"),
        ("return np.linalg.inv(A)", "return np.linalg.inv(A).T"),
        ("return x.transpose(0, 2, 1)", "return x.transpose(0, 1, 2)"),
        ("return np.transpose(x, (0, 2, 1))", "return np.transpose(x, (2, 0, 1))"),
        ("return np.einsum('ni,nj->ji', A, B)", "return np.einsum('ni,nj->ij', A, B)"),
        ("return np.einsum('ij,nj->ni', A, B)", "return np.einsum('ji,nj->ni', A, B)"),
        ("return A.T @ x.conj()", "return A.conj().T @ x.conj()"),
        ("return A.conj() @ x", "return A @ x"),
        ("return (A + B) @ W1", "return (A + B).T @ W1"),
    ],
    "name": [
        ("return A @ W1", "return A @ W2"),
        ("return Z", "return H"),
        ("return params['W']", "return params['b']"),
        ("a = cache['A1']\nreturn a * cache['A2']", "a = cache['A2']\nreturn a * cache['A2']"),
        ("return cache[f'A{i}'] * cache[f'Z{i}']", "return cache[f'Z{i}'] * cache[f'Z{i}']"),
        ("return x.first + x.second", "return x.second + x.second"),
        ("return A, B", "return B, A"),
        ("return {'a': A @ B, 'b': B}", "return {'a': B, 'b': A @ B}"),
        ("g = {}\ng['a'] = A\ng['b'] = B\nreturn g", "g = {}\ng['b'] = A\ng['a'] = B\nreturn g"),
        ("Wz = dz = Wr = dr = A\nreturn Wz.T @ dz", "Wz = dz = Wr = dr = A\nreturn Wr.T @ dr"),
        (
            "Wz = dz = Wr = dr = A\nreturn Wz.T @ dz",
            "Wz = dz = Wr = dr = A\nreturn Wz.T @ dz + Wr.T @ dr",
        ),
        ("return make(a=A, b=B, c=v)", "return make(a=B, b=v, c=A)"),
    ],
    "axis": [
        ("return np.sum(A, axis=0)", "return np.sum(A, axis=1)"),
        ("return A.sum(axis=1)", "return A.sum(axis=-1)"),
        ("return A.sum(axis=1)", "return A.sum()"),
        ("return A.sum(axis=(0, 1))", "return A.sum(axis=0)"),
        ("return A.sum(0)", "return A.sum(1)"),
        ("return A.sum()", "return A.sum(axis=0)"),
        ("return np.sum(A)", "return np.sum(A, axis=0)"),
    ],
    "keepdims": [
        ("return A.sum(axis=0)", "return A.sum(axis=0, keepdims=True)"),
        ("return A.sum(axis=0, keepdims=True)", "return A.sum(axis=0)"),
        ("return A.sum(axis=0, keepdims=False)", "return A.sum(axis=0, keepdims=True)"),
    ],
    "reduction": [
        ("return np.mean(A, axis=0)", "return np.sum(A, axis=0)"),
        ("return A.sum()", "return A.mean()"),
        ("return np.maximum(A, 0)", "return np.minimum(A, 0)"),
        ("return np.sin(A)", "return np.cos(A)"),
        ("return np.cumsum(A)", "return np.cumsum(A[::-1])[::-1]"),
        ("return np.fft.fft(A)", "return np.fft.ifft(A)"),
        ("return np.round(A)", "return np.floor(A)"),
        ("return Z[-1]", "return Z.sum(axis=0)"),
        ("return {'b': Z}", "return {'b': Z.sum(axis=0)}"),
        ("return dict(b=Z)", "return dict(b=Z.sum(axis=0))"),
    ],
    "comparison": [
        ("return A > 0", "return A >= 0"),
        ("return A > 0", "return A < 0"),
        ("return A > 0", "return A > lam"),
        ("return A > 0", "return A > 1"),
        ("return np.where(A > 0, 1, 0.1)", "return np.where(A > 0, 0.1, 1)"),
        ("return A if m else B", "return B if m else A"),
        ("return A if not m else B", "return A if m else B"),
        ("return A * (A < 1)", "return A * (abs(A) < 1)"),
    ],
    "term": [
        ("return A + B", "return A"),
        ("return A + B", "return B"),
        ("return A - B @ W1", "return A"),
        ("dW = A @ B\nreturn dW", "dW = A @ B + lam * W1\nreturn dW"),
        ("dW = A @ B\nreturn dW", "dW = A @ B + lam * params[\"W\"]\nreturn dW"),
    ],
    "index": [
        ("return A[i]", "return A[i - 1]"),
        ("return A[i - 1]", "return A[i]"),
        ("return A[i, m]", "return A[m, i]"),
        ("return A[:-1]", "return A[1:]"),
        ("return A[1:]", "return A[:-1]"),
        ("return A[::-1]", "return A"),
        ("return A[::-1]", "return A[::1]"),
        ("return x.shape[0]", "return x.shape[1]"),
        ("for i in range(1, n):\n    A[i] = B[i]", "for i in range(n):\n    A[i] = B[i]"),
        ("for i in range(n - 1):\n    A[i] = B[i]", "for i in range(n):\n    A[i] = B[i]"),
        ("A[:, :-1] = B[:, :-1]", "A[:, :] = B[:, :]"),
        ("return np.roll(A, 1)", "return np.roll(A, -1)"),
        ("return cache[f'A{i}']", "return cache[f'A{i - 1}']"),
    ],
    "accumulation": [
        ("A[i] = B", "A[i] += B"),
        ("A[i] += B", "A[i] = B"),
        ("A[i] += B", "np.add.at(A, i, B)"),
        ("np.add.at(A, i, B)", "A[i] += B"),
        ("return np.zeros_like(A)", "return np.ones_like(A)"),
        ("for i in x:\n    dW = A * i", "dW = 0\nfor i in x:\n    dW += A * i"),
        ("dW = A\nreturn dW", "dW = A.copy()\nreturn dW"),
    ],
    "statement": [
        ("dW = A @ B\ndW[1, 2] += 0.01\nreturn dW", "dW = A @ B\nreturn dW"),
        ("dW = A @ B\ndW = np.clip(dW, -1, 1)\nreturn dW", "dW = A @ B\nreturn dW"),
        ("W1 = W1 - A\ndW = W1 @ B\nreturn dW", "dW = W1 @ B\nW1 = W1 - A\nreturn dW"),
    ],
    "callee": [("return grad(A)", "return helper(A)")],
    "arguments": [
        ("return np.outer(u, v)", "return np.outer(v, u)"),
        ("return helper(A, B)", "return helper(B, A)"),
    ],
    "unwrap": [
        ("return np.clip(A, -1, 1)", "return A"),
        ("return A.astype(np.float32)", "return A"),
        ("return np.float32(A)", "return A"),
        ("return np.sign(A) * B", "return A * B"),
        ("return np.abs(A + B) * B", "return (A + B) * B"),
        ("return helper(A)", "return A"),
    ],
}  # fmt: skip
PAIRS = [(wrong, right) for pairs in FAMILIES.values() for wrong, right in pairs]


@pytest.mark.parametrize(("wrong", "right"), PAIRS)
def test_the_right_text_is_among_the_edits(wrong, right):
    assert reached(wrong, right)


@pytest.mark.parametrize("wrong", dict.fromkeys(wrong for wrong, _ in PAIRS))
def test_every_edit_changes_the_text_in_a_way_of_its_own_and_parses(wrong):
    source = function(wrong)
    found = list(candidates(source, ["grad"], Hints(SHAPES)))
    texts = [applied(source, [one]) for one in found]
    assert source not in texts
    assert len(set(texts)) == len(texts)
    for text in texts:
        ast.parse(text)
    assert [one.cost for one in found] == sorted(one.cost for one in found)
    assert all(one.cost >= 0 and one.what for one in found)


# What the diagnosis knows


def rank(wrong, right, hints):
    return after(function(wrong), hints=hints).index(function(right))


def test_a_hinted_factor_comes_first():
    wrong, right = "dW = A @ B\nreturn dW", "dW = A @ B / m\nreturn dW"
    assert rank(wrong, right, Hints(SHAPES, factors=("1 / m",))) < 3
    assert rank(wrong, right, Hints(SHAPES)) >= 3


HELD = {"grad": {**SHAPES["grad"], "m": 6.0, "n": 3.0, "lam": 0.3}}


@pytest.mark.parametrize(
    ("factor", "wrong", "right", "appended"),
    [
        ("1 / 2", "return 2 * A @ B", "return A @ B", "return 2 * A @ B / 2"),
        ("1 / 2", "return A @ B * 2", "return A @ B", "return A @ B * 2 / 2"),
        ("1 / 4", "return 4 / m * A", "return 1 / m * A", "return 4 / m * A / 4"),
        ("2", "return A / 2", "return A", "return A / 2 * 2"),
        ("6", "return A / m", "return A", "return A / m * 6"),
        ("2", "return A / m", "return A / n", "return A / m * 2"),
        ("6", "return x.mean(axis=0)", "return x.sum(axis=0)", "return 6 * x.mean(axis=0)"),
        ("-1", "dW = A - B\nreturn dW", "dW = B - A\nreturn dW", "dW = -(A - B)\nreturn dW"),
        ("1 / 6", "return A @ B", "return A @ B / m", "return A @ B / 6"),
    ],
)
def test_a_hinted_factor_is_changed_where_it_stands_before_one_is_appended(
    factor, wrong, right, appended
):
    hints = Hints(HELD, factors=(factor,))
    assert rank(wrong, right, hints) < rank(wrong, appended, hints)


def test_a_hinted_term_comes_first():
    hints = Hints(SHAPES, terms=('lam * params["W"]',))
    wrong = "dW = A @ B\nreturn dW"
    assert rank(wrong, 'dW = A @ B + lam * params["W"]\nreturn dW', hints) < 3


def test_the_edits_of_an_accused_line_come_first():
    wrong = "dW = A.T @ B\ndb = v.T @ B\nreturn dW, db"
    right = "dW = A.T @ B\ndb = v @ B\nreturn dW, db"
    line = function(wrong).splitlines().index("    db = v.T @ B") + 1
    assert rank(wrong, right, Hints(SHAPES, lines=(line,))) < rank(wrong, right, Hints(SHAPES))
    assert next(candidates(function(wrong), ["grad"], Hints(SHAPES, lines=(line,)))).line == line


def test_a_name_of_the_same_shape_is_likelier():
    texts = after(function("return W1"))
    assert texts.index(function("return W2")) < texts.index(function("return Z"))


def test_names_of_the_module_come_in_when_their_shapes_are_known():
    hints = Hints({**SHAPES, MODULE: {"LIMIT": (), "TABLE": (4, 4), "helper": None}})
    texts = after(function("return 0.3 * A"), hints=hints)
    assert function("return LIMIT * A") in texts
    assert function("return 0.3 * TABLE") in texts
    assert not any("helper" in text for text in texts)


def test_without_shapes_there_still_are_edits():
    assert reached("return A @ W1 / m", "return A @ W2 / m", hints=Hints())


# What must stay as it is

UNTOUCHED = '''\
"""Module: 2 * 3."""
import numpy as np

@decorated(2 * 3)
def grad(A, B=2 * 3, *, lam: float = 1.0) -> "A * B":
    """Two times A - B, for 3 > 2."""
    import os.path as path
    assert A.shape[0] > 2, "2 * 3"
    if B is None:
        raise ValueError("A - B" + A)
    print(A * B, f"{A - 2}")
    os.remove(A[1:] * 2)
    return A
'''


def test_what_computes_no_gradient_is_never_edited():
    kept = UNTOUCHED.splitlines()
    for one in candidates(UNTOUCHED, ["grad"], Hints()):
        new = applied(UNTOUCHED, [one]).splitlines()
        assert new[:8] == kept[:8]
        assert new[9:12] == kept[9:12]


def test_only_the_functions_that_are_named_are_edited():
    source = "def one(a):\n    return 2 * a\n\n\ndef other(a):\n    return 3 * a\n"
    assert all(
        text.startswith("def one(a):\n    return 2 * a\n") for text in after(source, ["other"])
    )
    assert {one.line for one in candidates(source, ["one", "other"], Hints())} == {2, 6}
    assert list(candidates(source, ["none"], Hints())) == []


def test_names_of_functions_and_modules_stay():
    texts = after(function("return helper(A) + np.tanh(B)"))
    assert not any("np(" in text or " + A.tanh" in text or "A(A)" in text for text in texts)


# Any text that Python reads

ODD = [
    ("def grad(λ, ä):\n    # größer – ×\n    return 2 * λ + ä  # Ω\n", "grad", "2 * λ", "λ"),
    ("def grad(a, b):\r\n    c = 2 * a\r\n    return c - b\r\n", "grad", "2 * a", "a"),
    ("def grad(a, b):\n\tif a:\n\t\treturn 2 * a\n\treturn b\n", "grad", "2 * a", "a"),
    ("class L:\n    @property\n    def grad(self):\n        return 2 * self.a\n", "L.grad",
     "2 * self.a", "self.a"),
    ("def make(s):\n    def grad(a):\n        return s * a\n    return grad\n",
     "make.<locals>.grad", "s * a", "a"),
    ("grad = lambda a: 2 * a\n", "grad", "2 * a", "a"),
    ("grad = lambda a: 2 * a\n", "<lambda>", "2 * a", "a"),
    ("def grad(a):\n    return (  # why\n        2  # two\n        * a\n    )\n", "grad",
     "2  # two\n        * a", "a"),
    ("def grad(a, b):\n    return (\n        a\n        - b  # b\n    )\n", "grad",
     "a\n        - b", "b\n        - a"),
    ("def grad(a): return 2 * a\n", "grad", "2 * a", "a"),
    ("def grad(a): x = 1; return 2 * a", "grad", "2 * a", "a"),
    ("\ufeffdef grad(a):\n    return 2 * a\n", "grad", "2 * a", "a"),
    ("if True:\n    def grad(a):\n        return 2 * a\n", "grad", "2 * a", "a"),
    ("async def grad(a):\n    return 2 * await a\n", "grad", "2 * await a", "await a"),
    ("def grad(a, b):\n    return a*b if(a)else b\n", "grad", "(a)else", " b else"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "name", "old", "new"), ODD)
def test_the_text_outside_an_edit_is_the_same_to_the_last_blank(source, name, old, new):
    assert source.replace(old, new, 1) in after(source, [name], Hints())
    for text in after(source, [name], Hints()):
        ast.parse(text.removeprefix("\ufeff"))


def test_heads_of_compound_statements_are_edited():
    source = (
        "def grad(a, n, m, el):\n    if a > 0:\n        el = 2 * a\n"
        "    elif a < m:\n        el = a\n    while n > 1:\n        n = n - 1\n"
        "    for k in range(n):\n        el += k\n    return el\n"
    )
    texts = after(source, hints=Hints())
    changes = [("> 0", ">= 0"), ("< m", "> m"), ("> 1", ">= 1"), ("(n)", "(n - 1)"), ("2 * a", "a")]
    for old, new in changes:
        assert source.replace(old, new, 1) in texts
    for text in texts:
        ast.parse(text)


def test_what_the_diagnosis_says_that_an_expression_should_be_is_tried_early():
    source = function("dW = A - W1 * A\nreturn dW")
    whole = Meant("A - W1 * A", "A - W1 * A.sum(axis=-1, keepdims=True)", factor=False)
    told = Hints(SHAPES, lines=(5,), meant=(whole,))
    first = after(source, hints=told)[:20]
    assert source.replace("W1 * A", "W1 * A.sum(axis=-1, keepdims=True)") in first
    over = Meant("A - W1 * A", "1 / np.exp(params['W'])", factor=True)
    first = after(source, hints=Hints(SHAPES, lines=(5,), meant=(over,)))[:20]
    divided = source.replace("A - W1 * A", '(A - W1 * A) / np.exp(params["W"])')
    assert divided in first
    elsewhere = Hints(SHAPES, lines=(6,), meant=(over,))
    assert divided not in after(source, hints=elsewhere)


def test_of_several_lambdas_those_on_the_accused_lines():
    source = "f = lambda a: 2 * a\ng = lambda a: 3 * a\n"
    assert {one.line for one in candidates(source, ["<lambda>"], Hints())} == {1, 2}
    assert {one.line for one in candidates(source, ["<lambda>"], Hints(lines=(2,)))} == {2}


def test_a_lambda_that_only_hands_on_comes_after_what_it_calls():
    source = "def back(a):\n    return 2 * a\n\n\ngrad = lambda a: 3 * back(a)\n"
    hints = Hints(lines=(5,))
    texts = after(source, ["<lambda>", "back"], hints)
    deeper, handed = (source.replace(one, "") for one in ("2 * ", "3 * "))
    assert texts.index(deeper) < texts.index(handed)
    alone = after(source, ["<lambda>"], hints)
    assert alone.index(handed) < 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return a - (b + c)", "return b + c - a"),
        ("return a - b * c", "return b * c - a"),
        ("return 2 * (a + b)", "return a + b"),
        ("return (a + b) * c ** d", "return (a + b) * c"),
        ("return (2 * a) ** c", "return a ** c"),
        ("return (a + b) ** c", "return a + b"),
        ("return -(a * b)", "return a * b"),
        ("return f(2 * a)", "return f(a)"),
        ("return (a - b).sum()", "return (b - a).sum()"),
    ],
)
def test_parentheses_stand_where_they_must_and_nowhere_else(old, new):
    source = f"def grad(a, b, c, d, f):\n    {old}\n"
    assert source.replace(old, new) in after(source, hints=Hints())


# Real functions

ROOT = Path(__file__).parents[2]
REAL = [
    ("src/gradproof/demo/network.py", "backward_propagation"),
    ("benchmarks/faults/recurrent.py", "plain_back"),
    ("benchmarks/faults/normalisation.py", "layer_back"),
    ("benchmarks/faults/convolution.py", "overlap_overwritten"),
    ("benchmarks/faults/likelihood.py", "mirrored_back"),
    ("benchmarks/faults/losses.py", "cosine_back"),
]


@pytest.mark.parametrize(("file", "name"), REAL)
def test_every_edit_of_a_real_function_compiles_and_touches_nothing_else(file, name):
    source = (ROOT / file).read_text(encoding="utf-8")
    found = list(candidates(source, [name], Hints()))
    node = next(
        n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == name
    )
    assert 50 < len(found) < 2500
    assert {one.kind for one in found} >= {"factor", "sign", "name"}
    for one in found:
        assert node.lineno < one.line <= node.end_lineno
        text = applied(source, [one])
        lines = text.splitlines()[node.lineno - 1 :]
        end = next((k for k, line in enumerate(lines[1:], 1) if line[:1].strip()), len(lines))
        compile("\n".join(lines[:end]), "<edit>", "exec")


def test_no_edit_names_what_a_person_would_not_read():
    source = function("dW = 2 * A @ B / m\nreturn dW")
    whats = [one.what for one in candidates(source, ["grad"], Hints(SHAPES))]
    assert "drop the factor 2" in whats
    assert "drop the divisor m" in whats
    assert all(len(what) < 200 and "\n" not in what for what in whats)


# Kinds from outside


def test_a_kind_of_edit_is_one_function_that_is_registered(monkeypatch):
    monkeypatch.setattr(registry, "_registered", list(registry._registered))

    @candidates_of("doubled", cst.Return)
    def doubled(body, node):
        yield body.replace(node.value, f"twice({body.bare(node.value)})", 0.1)

    first = next(candidates(function("return A"), ["grad"], Hints(SHAPES)))
    assert (first.kind, first.what) == ("doubled", "A → twice(A)")


def test_every_kind_is_tried_by_an_example():
    assert {rule.kind for rule in registry.rules()} <= set(FAMILIES)
