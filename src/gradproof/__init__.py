"""gradproof: is this gradient right, and if not, where and why."""

from . import testing, textbook
from .case import case
from .check import check
from .errors import GradientError, UsageError
from .module import check_module
from .products import check_adjoint, check_jvp, check_vjp
from .records.finding import Finding, Kind
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
    "Finding",
    "Fix",
    "GradientError",
    "Kind",
    "Miss",
    "Report",
    "Slope",
    "Smoothness",
    "Suggestions",
    "UsageError",
    "Verdict",
    "case",
    "check",
    "check_adjoint",
    "check_jvp",
    "check_module",
    "check_vjp",
    "load",
    "slope",
    "stop_gradient",
    "suggest_fixes",
    "testing",
    "textbook",
]
