"""What a thing is in words, what to write in its place, and where a line of code stands."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from array import array
from collections.abc import ItemsView, KeysView, ValuesView
from functools import cache, partial
from pathlib import Path
from types import CodeType, GeneratorType
from typing import Any

_MOST_KEYS = 6

_LIBRARIES = [
    Path(__file__).resolve().parent,
    *(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")),
]

_ITERABLES = (range, map, filter, zip, enumerate, array, KeysView, ValuesView, ItemsView)
_LIST = "write list(...) around it, or np.array(list(...)) for one array"


def called(function: Any) -> str:
    """What a function is called in a report: ``Cube`` for ``Cube.apply``, ``f`` for a partial.

    A lambda has no name, but a place.
    """
    while isinstance(function, partial):
        function = function.func
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and function.__name__ == "apply":
        return owner.__name__
    code = getattr(inspect.unwrap(function), "__code__", None)
    if isinstance(code, CodeType) and code.co_name == "<lambda>" == function.__name__:
        return f"lambda at {place(code.co_filename, code.co_firstlineno, short=True)}"
    return str(getattr(function, "__name__", type(function).__name__))


def what(thing: Any) -> str:
    """What a thing is: ``a pandas DataFrame``, ``a lambda``, ``an array of shape (3,)``, …."""
    known = _known(thing)
    if known:
        return known[0]
    if hasattr(thing, "shape") and hasattr(thing, "dtype"):
        return f"an array of shape {tuple(thing.shape)} and type {thing.dtype}"
    if isinstance(thing, dict):
        if not thing:
            return "an empty dict"
        more = ", …" if len(thing) > _MOST_KEYS else ""
        return f"a dict with the keys {', '.join(map(repr, list(thing)[:_MOST_KEYS]))}{more}"
    if isinstance(thing, tuple | list):
        return f"a {type(thing).__name__} of {len(thing)}"
    return "None" if thing is None else _a(type(thing).__name__)


def instead(thing: Any) -> str:
    """What to write in the place of a thing that is no number or array; perhaps nothing."""
    known = _known(thing)
    return known[1] if known else ""


def is_function(thing: Any) -> bool:
    """Whether it is a function or a class, and not an object that can be called besides."""
    return isinstance(thing, partial) or (callable(thing) and hasattr(thing, "__name__"))


def place(file: str, line: int, *, short: bool = False) -> str:
    """``file.py:12`` as seen from here, if it is below; ``Cell In[7], line 4`` in a notebook.

    ``short``: without the folders.
    """
    cell = cell_of(file)
    if cell:
        return f"{cell}, line {line}"
    path = Path(file)
    if short:
        return f"{path.name}:{line}"
    here = Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else file}:{line}"


def cell_of(file: str) -> str:
    """``Cell In[7]`` where IPython compiled a cell under the name of this file, else nothing."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    naming = getattr(getattr(shell, "compile", None), "format_code_name", None)
    found = naming(file) if naming is not None else None
    return " ".join(found) if found else ""


def _known(thing: Any) -> tuple[str, str] | None:
    """In words what a thing is, and what to write; None of what has no words of its own."""
    home = type(thing).__module__.partition(".")[0]
    kind = type(thing).__name__
    if home in ("pandas", "polars", "xarray"):
        return _a(f"{home} {kind}"), "write .to_numpy() behind it"
    if hasattr(thing, "tocsr") and hasattr(thing, "toarray"):
        return f"a SciPy sparse matrix ({kind})", "write .toarray() behind it"
    if home == "autograd" and kind.endswith("Box"):
        return (
            f"a value that autograd is tracing ({kind})",
            "call gradproof outside autograd.grad, and keep no value from inside it",
        )
    if home in ("jax", "jaxlib") and any("Tracer" in c.__name__ for c in type(thing).__mro__):
        return (
            f"a value that JAX is tracing ({kind})",
            "call gradproof outside jax.jit, jax.grad and jax.vmap, and keep no value from inside",
        )
    if inspect.iscoroutine(thing):
        thing.close()  # or Python warns that nobody awaited it
        return (
            f"a coroutine ({thing.__name__})",
            "functions must be plain ones: write def for async def, or run it with asyncio.run",
        )
    return _callable(thing)


def _callable(thing: Any) -> tuple[str, str] | None:
    """Of functions, classes and generators."""
    if isinstance(thing, GeneratorType):
        return f"a generator ({thing.__name__})", _LIST
    if isinstance(thing, _ITERABLES):
        return _a("array.array" if isinstance(thing, array) else type(thing).__name__), _LIST
    if isinstance(thing, type):
        return f"the class {thing.__name__}", "make an instance of it, or call one of its methods"
    if isinstance(thing, partial):
        return f"a functools.partial of {called(thing)}", "call it"
    if is_function(thing):
        name = called(thing)
        return (f"a {name}" if name.startswith("lambda") else f"the function {name}"), "call it"
    return None


def _a(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiouAEIOU' else 'a'} {noun}"


@cache
def is_library(file: str) -> bool:
    """Whether a file belongs to an installed library, or is none."""
    path = Path(file).resolve()
    installed = not {"site-packages", "dist-packages"}.isdisjoint(path.parts)  # of any environment
    known = installed or any(map(path.is_relative_to, _LIBRARIES))
    return file.startswith("<") or known or any(map(_installs, path.parents))


@cache
def _installs(folder: Path) -> bool:
    """Whether packages were installed into a folder, as by ``pip install --target``."""
    return next(folder.glob("*.dist-info"), None) is not None
