"""A torch module as a function of its parameters, and what it returns while they are held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch.nn.utils.stateless import _reparametrize_module

from .torch import functional_call

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
        """The output, or its loss; afterwards the module has its own parameters again."""
        params, inputs = self._split(params, inputs)
        output = functional_call(self.module, self._full(params), inputs, kwargs)
        return output if self.loss is None else self.loss(output)

    @contextmanager
    def held(self, params: Mapping[str, Any], *inputs: Any, **kwargs: Any) -> Iterator[Any]:
        """The same; the module keeps the given parameters until the end, for its backward pass.

        Backward passes that run the module again, as those of checkpoints do, would meet the
        module's own parameters otherwise.
        """
        params, inputs = self._split(params, inputs)
        buffers = {name: buffer.clone() for name, buffer in self.module.named_buffers()}
        given = {**self._full(params), **buffers}
        with _reparametrize_module(self.module, given, tie_weights=True):
            output = self.module(*inputs, **kwargs)
            yield output if self.loss is None else self.loss(output)

    def _split(
        self, params: Mapping[str, Any], inputs: tuple[Any, ...]
    ) -> tuple[Mapping[str, Any], tuple[Any, ...]]:
        return (params["params"], params["inputs"]) if self.with_inputs else (params, inputs)

    def _full(self, params: Mapping[str, Any]) -> dict[str, Any]:
        full = self.names()
        return {full[name]: parameter for name, parameter in params.items()}
