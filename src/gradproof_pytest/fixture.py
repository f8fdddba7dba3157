"""The fixture ``gradproof``: the checks of ``gradproof``, each an assertion about one test."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

from .log import checked, log_of
from .marks import options

if TYPE_CHECKING:
    from gradproof.report.report import Report


class Checks:
    """What the ``gradproof`` fixture is: the checks of ``gradproof``, each an assertion."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        log_of(item)  # it has to be there before threads ask for it

    def __repr__(self) -> str:
        return "<the checks of gradproof>"

    def __call__(self, *arguments: Any, **keywords: Any) -> Report:
        """Check a claimed gradient: takes what ``gp.check`` takes."""
        __tracebackhide__ = True
        return self._checked("check", arguments, keywords)

    def check(self, *arguments: Any, **keywords: Any) -> Report:
        """Check a claimed gradient: takes what ``gp.check`` takes."""
        __tracebackhide__ = True
        return self._checked("check", arguments, keywords)

    def check_module(self, *arguments: Any, **keywords: Any) -> Report:
        """Check the parameters of a torch module: takes what ``gp.check_module`` takes."""
        __tracebackhide__ = True
        return self._checked("check_module", arguments, keywords)

    def check_vjp(self, *arguments: Any, **keywords: Any) -> Report:
        """Check products with a transposed Jacobian: takes what ``gp.check_vjp`` takes."""
        __tracebackhide__ = True
        return self._checked("check_vjp", arguments, keywords)

    def check_jvp(self, *arguments: Any, **keywords: Any) -> Report:
        """Check products with a Jacobian: takes what ``gp.check_jvp`` takes."""
        __tracebackhide__ = True
        return self._checked("check_jvp", arguments, keywords)

    def check_adjoint(self, *arguments: Any, **keywords: Any) -> Report:
        """Check an adjoint: takes what ``gp.check_adjoint`` takes."""
        __tracebackhide__ = True
        return self._checked("check_adjoint", arguments, keywords)

    def _checked(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Report:
        __tracebackhide__ = True
        import gradproof

        wanted = options(self._item)
        report = getattr(gradproof, name)(*arguments, **wanted.applied(keywords))
        report, found = checked(self._item, report, wanted.undecided)
        if isinstance(found, Warning):
            warnings.warn(found, stacklevel=3)
        elif found is not None:
            raise found
        return report


@pytest.fixture(name="gradproof")
def gradproof_fixture(request: pytest.FixtureRequest) -> Checks:
    """Check gradients: ``gradproof(cost, params, grad=backprop)`` takes what ``gp.check`` takes.

    It returns the report where the gradient is right and fails the test with the report where it
    is not, or where the verdict is undecided. ``gradproof.check_module``, ``check_vjp``,
    ``check_jvp`` and ``check_adjoint`` do the same for their namesakes in ``gp``.
    ``@pytest.mark.gradproof(effort="thorough", seed=3, undecided="warn")`` on a test, its class
    or its module sets how.

    The fixture belongs to one test, because the marks do: fixtures of a wider scope, and tests
    under Hypothesis' ``@given``, call ``gp.testing.assert_gradient`` instead.
    """
    return Checks(request.node)
