"""Python source for what a script needs: functions with all that they read, arrays, numbers."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import textwrap
from dataclasses import dataclass, field
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ..backend.registry import framework_of
from ..naming import is_library
from .source import held

_MOST_ENTRIES = 4096
_BUILTINS = set(dir(__import__("builtins")))


class UnwritableError(Exception):
    """Something has no source that stands alone."""


@dataclass(slots=True)
class Writer:
    """The lines of a script so far: imports, then definitions, each name once."""

    imports: dict[str, None] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    bound: dict[str, Any] = field(default_factory=dict)

    def bind(self, name: str, value: Any) -> str:
        """Make a value known under a name, and return the name."""
        if name in self.bound:
            if self.bound[name] is not value and not _same(self.bound[name], value):
                raise UnwritableError(f"two things are called {name}")
            return name
        self.bound[name] = value
        if isinstance(value, ModuleType):
            self._import(name, value)
        elif isinstance(value, FunctionType) and not is_installed(value):
            self._define(name, value)
        elif isinstance(value, type) and not is_installed(value):
            self._define_class(name, value)
        else:
            text = self.expression(value)
            if text != name:
                self.lines.append(f"{name} = {text}")
        return name

    def expression(self, value: Any) -> str:
        """An expression for a value; what it needs is defined before."""
        if value is None or isinstance(value, bool | int | str | bytes | type(...)):
            return repr(value)
        if isinstance(value, float | complex):
            return self._number(value)
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic):
            self.bind("np", np)
            return f"np.{value.dtype.name}({value.item()!r})"
        if type(value) in (list, tuple, dict, set):
            return self._container(value)
        if isinstance(value, partial):
            return self._partial(value)
        if framework_of(value) is not None:
            return self._foreign(value, "torch" if hasattr(value, "requires_grad") else "jax")
        if isinstance(value, FunctionType) and not is_installed(value):
            return self.bind(_usable(value.__name__, value), value)
        if isinstance(value, MethodType) and not is_installed(value):
            return f"{self.expression(value.__self__)}.{value.__func__.__name__}"
        named = self._imported(value)
        return self._object(value) if named is None else named

    def _number(self, value: float | complex) -> str:
        text = repr(value)
        if "nan" in text or "inf" in text:
            self.bind("np", np)
            return text.replace("nan", "np.nan").replace("inf", "np.inf")
        return text

    def _array(self, array: Any) -> str:
        if array.size > _MOST_ENTRIES or array.dtype.kind not in "fciub":
            raise UnwritableError(f"an array of {array.size} entries")
        self.bind("np", np)
        if array.size > 8 and (array == array.reshape(-1)[0]).all():
            return f"np.full({array.shape}, {self.expression(array.reshape(-1)[0].item())}" + (
                ")" if array.dtype == np.float64 else f", dtype=np.{array.dtype.name})"
            )
        kind = (
            "" if array.dtype in (np.float64, np.complex128) else f", dtype=np.{array.dtype.name}"
        )
        if not array.size:
            return f"np.empty({array.shape}{kind})"
        entries = self.expression(array.tolist())
        return f"np.array({entries}{kind})"

    def _foreign(self, value: Any, library: str) -> str:
        module = importlib.import_module(library)
        if library == "torch":
            self.bind("torch", module)
            grad = ", requires_grad=True" if value.requires_grad else ""
            return f"torch.tensor({value.detach().tolist()!r}, dtype={value.dtype}{grad})"
        self.bind("jnp", importlib.import_module("jax.numpy"))
        array = np.asarray(value)
        return f"jnp.asarray({self._array(array)})"

    def _container(self, value: Any) -> str:
        if isinstance(value, dict):
            pairs = (f"{self.expression(k)}: {self.expression(v)}" for k, v in value.items())
            return "{" + ", ".join(pairs) + "}"
        inside = ", ".join(self.expression(one) for one in value)
        if isinstance(value, tuple):
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        if isinstance(value, set):
            return "{" + inside + "}" if value else "set()"
        return f"[{inside}]"

    def _partial(self, value: Any) -> str:
        self.imports["from functools import partial"] = None
        inside = [self.expression(one) for one in (value.func, *value.args)]
        inside += [f"{key}={self.expression(one)}" for key, one in value.keywords.items()]
        return f"partial({', '.join(inside)})"

    def _object(self, value: Any) -> str:
        """A plain object of the user's, made of its attributes."""
        kind = type(value)
        if is_installed(kind) or not hasattr(value, "__dict__") or kind.__flags__ & 256:
            raise UnwritableError(f"a {kind.__name__}")
        self.bind(kind.__name__, kind)
        name = f"a_{kind.__name__.lower()}"
        if name not in self.bound:
            self.bound[name] = value
            state = self.expression(dict(vars(value)))
            self.lines += [f"{name} = {kind.__name__}.__new__({kind.__name__})",
                           f"vars({name}).update({state})"]  # fmt: skip
        elif self.bound[name] is not value:
            raise UnwritableError(f"two objects of {kind.__name__}")
        return name

    def _imported(self, value: Any) -> str | None:
        """Something of an installed package, by the name under which it can be imported."""
        name = getattr(value, "__name__", "")
        home = getattr(value, "__module__", None) or ""
        for module in (home, "numpy", "scipy.special", *_parents(home)):
            if module and name.isidentifier():
                found = getattr(sys.modules.get(module), name, None)
                if found is value and module != "__main__":
                    if module == "builtins":
                        return name
                    if module in ("numpy", "torch"):
                        alias = self.bind({"numpy": "np"}.get(module, module), sys.modules[module])
                        return f"{alias}.{name}"
                    self.imports[f"from {module} import {name}"] = None
                    self.bound.setdefault(name, value)
                    return name
        return None

    def _import(self, name: str, module: ModuleType) -> None:
        full = module.__name__
        if full == name:
            self.imports[f"import {full}"] = None
        elif full.endswith(f".{name}"):
            self.imports[f"from {full.rpartition('.')[0]} import {name}"] = None
        else:
            self.imports[f"import {full} as {name}"] = None

    def _define(self, name: str, function: FunctionType) -> None:
        text, own = source_of(function)
        for global_name, value in held(function).items():
            known = global_name in _BUILTINS and getattr(
                sys.modules["builtins"], global_name) is value  # fmt: skip
            is_default = global_name in inspect.signature(function).parameters
            if not known and not is_default and value is not function:
                self.bind(global_name, value)
        self.lines.append(text if own else f"{name} = {text}")
        if own not in ("", name):
            self.lines.append(f"{name} = {own}")

    def _define_class(self, name: str, kind: type) -> None:
        try:
            text = textwrap.dedent(inspect.getsource(kind)).rstrip()
        except (OSError, TypeError):
            raise UnwritableError(f"the class {name} has no source") from None
        bases = {base.__name__: base for base in kind.__bases__ if base is not object}
        mentions = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
        for base_name, base in bases.items():
            if base_name in mentions:
                self.bind(base_name, base)
        scope: dict[str, Any] = {}
        for member in vars(kind).values():
            plain = getattr(member, "__func__", member)
            if isinstance(plain, FunctionType):
                scope |= held(plain)
                scope |= {k: v for k, v in plain.__globals__.items() if k in mentions}
        for global_name, value in scope.items():
            if global_name in mentions and global_name not in _BUILTINS and value is not kind:
                self.bind(global_name, value)
        self.lines.append(text)

    def text(self, *after: str) -> str:
        """The whole script."""
        imports = sorted(self.imports, key=lambda line: (line.startswith("from"), line))
        body = "\n".join(self._spaced())
        return "\n".join([*imports, "", *([body, ""] if body else []), *after]) + "\n"

    def _spaced(self) -> list[str]:
        found: list[str] = []
        for line in self.lines:
            block = "\n" in line or line.startswith(("def ", "class "))
            found += ["", line, ""] if block else [line]
        return found


def is_installed(thing: Any) -> bool:
    """Whether something belongs to an installed package, so that a script can import it."""
    code = getattr(getattr(thing, "__func__", thing), "__code__", None)
    if isinstance(code, CodeType):
        return is_library(code.co_filename) and not code.co_filename.startswith("<string")
    if isinstance(thing, BuiltinFunctionType):
        return True
    home = sys.modules.get(getattr(thing, "__module__", "") or "")
    file = getattr(home, "__file__", None)
    return home is not None and home.__name__ != "__main__" and (not file or is_library(file))


def source_of(function: FunctionType) -> tuple[str, str]:
    """The source of a function and the name that it defines, "" for a lambda."""
    try:
        text = textwrap.dedent(inspect.getsource(function)).rstrip()
    except (OSError, TypeError):
        raise UnwritableError(f"{function.__name__} has no source") from None
    if function.__name__ != "<lambda>":
        return text, function.__name__
    places = [place for place in function.__code__.co_positions() if None not in place]
    inside = [node for node in _lambdas(function) if all(_holds(node, place) for place in places)]
    if not inside:
        raise UnwritableError("a lambda whose source was not found")
    return ast.unparse(min(inside, key=lambda node: len(ast.unparse(node)))), ""


def _lambdas(function: FunctionType) -> list[ast.Lambda]:
    """The lambdas of the file of a function that begin in its line."""
    try:
        whole = ast.parse("".join(inspect.findsource(function)[0]))
    except (OSError, SyntaxError):
        return []
    first = function.__code__.co_firstlineno
    nodes = (node for node in ast.walk(whole) if isinstance(node, ast.Lambda))
    return [node for node in nodes if node.lineno == first]


def _holds(node: ast.Lambda, place: tuple[Any, ...]) -> bool:
    """Whether an instruction lies in a lambda; its first ones bear the line alone."""
    line, end_line, column, end_column = place
    if (line, column, end_column) == (node.lineno, 0, 0):
        return True
    begin, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    return begin <= (line, column) and (end_line, end_column) <= end


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:k]) for k in range(len(parts) - 1, 0, -1)]


def _usable(name: str, function: FunctionType) -> str:
    return name if name.isidentifier() else f"function_{function.__code__.co_firstlineno}"


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return type(one) is type(other) and isinstance(one, int | float | str | tuple) and one == other
