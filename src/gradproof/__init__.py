"""gradproof: is this gradient right, and if not, where and why."""

from difflib import get_close_matches
from importlib import import_module
from sys import modules
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .version import __version__ as __version__

if TYPE_CHECKING:
    from . import testing, textbook
    from .api.case import case
    from .api.check import check
    from .api.forces import check_forces
    from .api.implicit import check_implicit
    from .api.layers import check_layer, check_layers
    from .api.module import check_module
    from .api.operations import check_operations
    from .api.products import check_adjoint, check_jvp, check_vjp
    from .errors import GradientError, UsageError
    from .hunt.hunt import hunt
    from .hunt.result import Found, Hunt
    from .hunt.spaces import (
        arrays,
        floats,
        integers,
        one_of,
        positive_definite,
        shapes,
        simplex,
        ties,
        trees,
    )
    from .hunt.spaces import sorted_ as sorted  # noqa: A004 - what it is called as gp.sorted
    from .records.claim_result import ClaimResult
    from .records.finding import Finding, Kind
    from .records.operation import Operation
    from .records.slope import Slope, Smoothness
    from .records.verdict import Verdict
    from .repair import Fix, Miss, Suggestions, suggest_fixes
    from .report.files import load
    from .report.report import BlockResult, Report
    from .slopes import slope
    from .subject.stopped import stop_gradient

__all__ = [
    "BlockResult",
    "ClaimResult",
    "Finding",
    "Fix",
    "Found",
    "GradientError",
    "Hunt",
    "Kind",
    "Miss",
    "Operation",
    "Report",
    "Slope",
    "Smoothness",
    "Suggestions",
    "UsageError",
    "Verdict",
    "arrays",
    "case",
    "check",
    "check_adjoint",
    "check_forces",
    "check_implicit",
    "check_jvp",
    "check_layer",
    "check_layers",
    "check_module",
    "check_operations",
    "check_vjp",
    "floats",
    "hunt",
    "integers",
    "load",
    "one_of",
    "positive_definite",
    "shapes",
    "simplex",
    "slope",
    "sorted",
    "stop_gradient",
    "suggest_fixes",
    "testing",
    "textbook",
    "ties",
    "trees",
]

# Where each name comes from: imported when it is first asked for.
_HOMES = {
    name: home
    for home, names in {
        "api.case": "case",
        "api.check": "check",
        "api.forces": "check_forces",
        "api.implicit": "check_implicit",
        "api.layers": "check_layer check_layers",
        "api.module": "check_module",
        "api.operations": "check_operations",
        "api.products": "check_adjoint check_jvp check_vjp",
        "errors": "GradientError UsageError",
        "hunt.hunt": "hunt",
        "hunt.result": "Found Hunt",
        "hunt.spaces": "arrays floats integers one_of positive_definite shapes simplex sorted ties"
        " trees",
        "records.claim_result": "ClaimResult",
        "records.finding": "Finding Kind",
        "records.operation": "Operation",
        "records.slope": "Slope Smoothness",
        "records.verdict": "Verdict",
        "repair": "Fix Miss Suggestions suggest_fixes",
        "report.files": "load",
        "report.report": "BlockResult Report",
        "slopes": "slope",
        "subject.stopped": "stop_gradient",
    }.items()
    for name in names.split()
}

# Modules of the same: drop-ins for other libraries' own checkers among them, which are large.
_MODULES = ("jax", "scipy", "testing", "textbook", "torch")
_ALIASES = {"sorted": "sorted_"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name not in _HOMES:
        close = get_close_matches(name, __dir__(), 1)
        meant = f": did you mean {close[0]}?" if close else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{meant}")
    found = getattr(import_module(f".{_HOMES[name]}", __name__), _ALIASES.get(name, name))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return list(dict.fromkeys([*__all__, *_MODULES, "__version__"]))  # `sorted` is a space here


class _Package(ModuleType):
    """``gp.hunt`` is a function, although a package of that name is part of this one."""

    @property
    def hunt(self) -> Any:
        """The function, whoever imported the package."""
        return import_module(".hunt.hunt", __name__).hunt

    @hunt.setter
    def hunt(self, _: ModuleType) -> None:
        """What the import system does with every module."""


modules[__name__].__class__ = _Package
