"""scipy.optimize.check_grad: forward differences, all entries or one random direction."""

from __future__ import annotations

from ..contestant import Answer
from ..specimen import Problem
from .answering import SEED, answering, installed, passes_if
from .blocks import Blocks

# The documentation gives no bound. SciPy's own test_check_grad holds gradients of scalars to
# assert_almost_equal(r, 0), which is 1.5e-7, and Jacobians to r < 5e-7.
BOUND = 5e-7


class CheckGrad:
    """A norm is returned; the bound it is held to is the widest that SciPy's own tests use."""

    names_blocks = False
    names_entries = False
    names_cause = False
    rule = (
        f"returned norm below {BOUND:g} passes: the widest bound in SciPy's own tests "
        "(scipy/optimize/tests/test_optimize.py, test_check_grad); its documentation gives none. "
        f"Random direction: rng={SEED}"
    )

    def __init__(self, direction: str) -> None:
        self.direction = direction
        self.name = f"scipy check_grad, {direction}"

    def version(self) -> str | None:
        return installed("scipy")

    @answering
    def judge(self, problem: Problem) -> Answer:
        from scipy.optimize import check_grad

        blocks = Blocks(problem, real=True)
        norm = check_grad(
            blocks.value_of, blocks.claim_of, blocks.vector, direction=self.direction, rng=SEED
        )
        return passes_if(bool(norm < BOUND), f"{norm:.3g}")
