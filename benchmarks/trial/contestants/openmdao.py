"""OpenMDAO's check_partials of a component whose compute_partials is the claim."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contestant import Answer, Verdict
from ..specimen import Problem
from .answering import answering, installed, shortened
from .blocks import Array, Blocks

COMPONENT, OUTPUT = "claimed", "f"


class OpenMDAO:
    """Each parameter is one input of an explicit component with one output."""

    name = "openmdao check_partials"
    names_blocks = True
    names_entries = False
    names_cause = False
    rule = (
        "ValueError of openmdao.utils.assert_utils.assert_check_partials at its defaults (atol and "
        "rtol 1e-6) accuses; the pairs in its message name the parameters"
    )

    def version(self) -> str | None:
        return installed("openmdao")

    @answering
    def judge(self, problem: Problem) -> Answer:
        import openmdao.api as om

        blocks = Blocks(problem, real=True)
        asked = om.Problem(reports=None)  # reports are files
        asked.model.add_subsystem(COMPONENT, _component(blocks))
        asked.setup()
        asked.run_model()
        pairs = asked.check_partials(out_stream=None)[COMPONENT]
        complaint = _complaint(pairs)
        if not complaint:
            return Answer(Verdict.PASSES, blocks=())
        named = tuple(
            name
            for i, name in enumerate(blocks.names)
            if _complaint({key: pairs[key] for key in [(OUTPUT, _input(i))]})
        )
        return Answer(Verdict.ACCUSES, blocks=named, note=shortened(complaint))


def _component(blocks: Blocks) -> Any:
    import openmdao.api as om

    def arrays(inputs: Any) -> list[Array]:
        return [inputs[_input(i)] for i in range(len(blocks.arrays))]

    class Claimed(om.ExplicitComponent):
        def setup(self) -> None:
            for i, array in enumerate(blocks.arrays):
                self.add_input(_input(i), val=np.atleast_1d(array))
            self.add_output(OUTPUT, val=0.0)
            self.declare_partials(OUTPUT, "*")

        def compute(self, inputs: Any, outputs: Any) -> None:
            outputs[OUTPUT] = blocks.value(*arrays(inputs))

        def compute_partials(self, inputs: Any, partials: Any) -> None:
            for i, claim in enumerate(blocks.claim(*arrays(inputs))):
                partials[OUTPUT, _input(i)] = claim.reshape(1, -1)

    return Claimed()


def _complaint(pairs: Any) -> str:
    """What ``assert_check_partials`` says against these pairs of output and input."""
    from openmdao.utils.assert_utils import assert_check_partials

    try:
        assert_check_partials({COMPONENT: pairs})
    except ValueError as error:
        return str(error)
    return ""


def _input(index: int) -> str:
    """A name that OpenMDAO accepts; those of parameters may be anything."""
    return f"x{index}"
