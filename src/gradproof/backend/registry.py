"""Which array libraries there are, and whose array a leaf is.

A backend goes by the name of its library's module. Ours are files of this folder, others come by
entry point; each holds an instance of ``Backend`` (ours under the name ``BACKEND``). None is
loaded before the user has imported the library itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from ..errors import UsageError
from .numpy import BACKEND as NUMPY
from .protocol import OUTSIDE, About, Backend

GROUP = "gradproof.backends"

# How to load each backend, by the name of its library; empty until somebody asks.
# No cache of functools, which a compiler that traces through a check (torch.compile) ignores.
_PLACES: dict[str, Callable[[], Any]] = {}
_DONE: set[str] = set()  # what was loaded, or could not be
_LOADED: dict[str, Backend] = {}
_OWNERS: dict[type, Backend] = {}  # whose array something of a type is, where that is known
_BROKEN: dict[str, str] = {}  # why a backend could not be loaded


def frameworks() -> list[Backend]:
    """The libraries other than NumPy that the user has imported."""
    for name in _PLACES or _declared():
        if name not in _DONE and name in sys.modules and _imported(name):
            _load(name)
            _DONE.add(name)  # last: until then another thread waits for the same import
    return list(_LOADED.values())


def framework_of(leaf: Any) -> Backend | None:
    """The framework whose array a leaf is, or None."""
    owner = _OWNERS.get(type(leaf))
    if owner is not None:
        return owner
    module = type(leaf).__module__
    if module in ("builtins", "numpy"):
        return None
    for framework in frameworks():
        if isinstance(leaf, framework.about.arrays):
            if issubclass(type(leaf), framework.about.arrays):  # not for what this leaf is alone
                _OWNERS[type(leaf)] = framework
            return framework
    if _BROKEN:
        _complain(module.partition(".")[0])
    return None


def outside(error: BaseException) -> bool:
    """Whether an exception says that a function has no value at a place, and nothing worse."""
    if isinstance(error, ValueError | ArithmeticError):  # NumPy's LinAlgError is a ValueError
        return not isinstance(error, UsageError)
    found = (framework.meaning(error) for framework in frameworks() if isinstance(error, Exception))
    return OUTSIDE in found


def home(leaf: Any) -> Backend:
    """The library that a leaf belongs to; NumPy for numbers and all that is unknown."""
    return framework_of(leaf) or NUMPY


def _declared() -> dict[str, Callable[[], Any]]:
    """Look for backends, once."""
    from importlib.metadata import entry_points

    found = {point.name: point.load for point in entry_points(group=GROUP)}
    ours = (module.name for module in iter_modules([str(Path(__file__).parent)]))
    found |= {name: partial(_ours, name) for name in ours if name != "numpy"}
    _PLACES.update(found)
    return found


def _imported(name: str) -> bool:
    """Whether a module is there, and not in the middle of its own import."""
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    return module is not None and not getattr(spec, "_initializing", False)


def _ours(name: str) -> Any:
    """The backend in a file of this folder; None where the file only bears a module's name."""
    return getattr(import_module(f"{__package__}.{name}"), "BACKEND", None)


def register(name: str, backend: Backend) -> None:
    """Add a backend by hand, in place of any other of that name: while it is being written."""
    _DONE.add(name)
    _BROKEN.pop(name, None)
    _LOADED[name] = backend
    _OWNERS.clear()


def _load(name: str) -> None:
    """A backend that fails is the affair of those who check arrays of its library."""
    try:
        found = _PLACES[name]()
    except Exception as error:  # noqa: BLE001 - whatever it is: it is somebody else's code
        _BROKEN[name] = f"{type(error).__name__}: {error}"
        return
    if isinstance(found, Backend) and isinstance(getattr(found, "about", None), About):
        _LOADED[name] = found
        _OWNERS.clear()
    elif found is not None:
        _BROKEN[name] = f"{found!r:.60} is no instance of gradproof.backend.Backend with an about"


def _complain(library: str) -> None:
    for name, reason in _BROKEN.items():
        if name.partition(".")[0] == library:
            raise UsageError(
                f"gradproof's backend for {name} could not be loaded ({reason}): repair or "
                f"uninstall the package that declares it under {GROUP}."
            )
