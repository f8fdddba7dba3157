"""The fixture ``gradproof``: the checks of ``gradproof``, each an assertion about one test."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from .log import checked, log_of
from .marks import options

if TYPE_CHECKING:
    from gradproof.report.report import Report


def _method(name: str, what: str) -> Callable[..., Report]:
    def method(checks: Checks, *arguments: Any, **keywords: Any) -> Report:
        __tracebackhide__ = True
        return checks._checked(name, arguments, keywords)  # noqa: SLF001 - it is its method

    method.__name__ = name
    method.__doc__ = f"Check {what}: takes what ``gp.{name}`` takes."
    return method


class Checks:
    """What the ``gradproof`` fixture is: the checks of ``gradproof``, each an assertion."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        log_of(item)  # it has to be there before threads ask for it

    def __repr__(self) -> str:
        return "<the checks of gradproof>"

    __call__ = check = _method("check", "a claimed gradient")
    check_module = _method("check_module", "the parameters of a torch module")
    check_vjp = _method("check_vjp", "products with a transposed Jacobian")
    check_jvp = _method("check_jvp", "products with a Jacobian")
    check_adjoint = _method("check_adjoint", "an adjoint")

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
