"""A torch module as a function of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..backend.passing import functional_call, handed_on
from ..space import tree

_COMPILED = "_orig_mod."


@dataclass(frozen=True, slots=True)
class ModuleFunction:
    """``module(*inputs, **kwargs)``, and a loss of that, as a function of named parameters.

    The parameters are named as the user knows them: a compiled module says ``_orig_mod.`` before
    the names of its own module. ``with_inputs``: it is a function of
    ``{"params": …, "inputs": …}``.
    """

    module: Any
    loss: Callable[[Any], Any] | None
    with_inputs: bool = False

    def names(self) -> dict[str, str]:
        """The full name of each parameter, by the one that a user knows."""
        return {name.replace(_COMPILED, ""): name for name, _ in self.module.named_parameters()}

    def __call__(self, params: Mapping[str, Any], *inputs: Any, **kwargs: Any) -> Any:
        """The output, or its loss; after the pass the module has its own parameters again."""
        if self.with_inputs:
            params, inputs = params["params"], params["inputs"]
        full = self.names()
        given = {full[name]: parameter for name, parameter in params.items()}
        output = functional_call(self.module, given, inputs, kwargs)
        if self.loss is None:
            return output
        handed_on(tree.leaves(output))
        return self.loss(output)
