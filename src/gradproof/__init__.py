"""gradproof: is this gradient right, and if not, where and why."""

from difflib import get_close_matches
from importlib import import_module
from typing import Any

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
from .version import __version__ as __version__

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

# Drop-ins for other libraries' own checkers: imported when first used, since those are large.
_DROP_INS = ("jax", "scipy", "torch")


def __getattr__(name: str) -> Any:
    if name not in _DROP_INS:
        close = get_close_matches(name, __dir__(), 1)
        meant = f": did you mean {close[0]}?" if close else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{meant}")
    return import_module(f".{name}", __name__)


def __dir__() -> list[str]:
    return [*__all__, *_DROP_INS, "__version__"]  # `sorted` is a space here
