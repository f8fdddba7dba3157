"""The exceptions of gradproof: wrong use, and a gradient that is not right."""

from typing import Any

# ``__module__`` is where users find them, and what tracebacks call them.


class UsageError(ValueError):
    """gradproof was called in a way that has no answer; the message says what to change."""

    __module__ = "gradproof"


class GradientError(AssertionError):
    """A gradient was judged ``wrong`` or ``suspect``; in a test, or could not be judged.

    The message is the rendered report; ``report`` is the report itself.
    """

    __module__ = "gradproof"

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report
