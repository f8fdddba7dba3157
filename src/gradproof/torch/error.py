"""What the drop-ins raise."""

from __future__ import annotations

from torch.autograd.gradcheck import GradcheckError as _GradcheckError

from ..errors import GradientError, UsageError
from ..report.report import Report


class GradcheckError(_GradcheckError, GradientError):
    """A gradient is wrong or suspect; ``report`` says where and why.

    It is torch's own ``GradcheckError`` (a ``RuntimeError``) and gradproof's ``GradientError``.
    There is no report where one of the further checks failed that an argument asks for.
    """

    __module__ = "gradproof.torch"

    def __init__(self, message: str, report: Report | None = None) -> None:
        RuntimeError.__init__(self, message)
        self.report = report


class ArgumentError(UsageError, AssertionError):
    """Wrong use where torch's own function has an ``assert``."""

    __module__ = "gradproof.torch"
