"""What is hunted: from the arguments of one try to the question that a check answers."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..api.check import check, own_claim
from ..backend.registry import framework_of
from ..errors import UsageError
from ..layers.layer import Hints as LayerHints
from ..layers.layer import study
from ..layers.single import Single
from ..naming import called, what
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.asked import Asked, Options
from ..subject.providers import Autodiff, Products
from .arrays import Arrays, Floats
from .branches import Forks, forks_of
from .domains import PositiveDefinite
from .family import Family
from .guards import Inside, Laid, Symmetric
from .layout import layout_of

POINT = "point"


@dataclass(frozen=True, slots=True)
class Manner:
    """How every try is checked: what ``gp.check`` takes beside functions, point and settings."""

    correct_below: float | None = None
    wrong_above: float | None = None
    tolerance: float | None = None


class Target:
    """The base: arguments that vary, and the question that each choice of them is."""

    name: str
    family: Family

    def asked(self, values: Mapping[str, Any], effort: str = "quick", seed: int = 0) -> Asked:
        """The question at one choice of the arguments."""
        raise NotImplementedError

    def whole(self, values: Mapping[str, Any], effort: str, seed: int) -> Report | None:  # noqa: ARG002
        """The report of a check that is more than one question, as of a Hessian; else None."""
        return None

    def code(self) -> list[Any]:
        """The functions whose source says what else to try."""
        raise NotImplementedError

    @cached_property
    def forks(self) -> Forks:
        """The lines of its code after which there are two ways to go on."""
        return forks_of(self.code())

    def __getstate__(self) -> dict[str, Any]:
        """All but what holds in one process only."""
        return {name: value for name, value in vars(self).items() if name != "forks"}


_OF_CHECK = ("hess", "hessp", "surrogate", "order", "layout", "bounds", "jac_sparsity", "tangent")


@dataclass
class Function(Target):
    """``fun(point, **options)`` and ``grad(point, **options)``, the latter perhaps a framework's.

    ``library`` is the framework whose arrays the functions take, "" for NumPy.
    """

    fun: Callable[..., Any]
    grad: Any
    family: Family
    name: str
    manner: Manner = field(default_factory=Manner)
    library: str = ""
    like: Callable[..., Any] | None = None
    elementwise: bool | None = None

    def asked(self, values: Mapping[str, Any], effort: str = "quick", seed: int = 0) -> Asked:
        """The question at one point, with some settings."""
        point, options = self.given(values)
        fun, grad = self._guarded(values, point)
        manner = self.manner
        wanted = Options(
            (), options, effort, seed, manner.correct_below, manner.wrong_above, self.name,
            tolerance=manner.tolerance,
        )  # fmt: skip
        if grad is None:
            where, claim = own_claim(point)
            return Asked(fun, where, claim, wanted)
        if callable(grad) and self._is_elementwise(fun, grad, point, options):
            return Asked(fun, Point(point), Products(partial(_pulled, grad)), wanted)
        return Asked(fun, Point(point), grad, wanted)

    def given(self, values: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The point and the settings, in the arrays of the framework."""
        moved = {name: to_library(value, self.library) for name, value in values.items()}
        return moved.pop(POINT), moved

    def code(self) -> list[Any]:
        """Both functions."""
        return [one for one in (self.fun, self.grad) if callable(one)]

    def _is_elementwise(self, fun: Any, grad: Any, point: Any, options: Any) -> bool:
        """Whether ``grad`` returns the derivative of each entry, found out once."""
        if self.elementwise is None and isinstance(point, np.ndarray) and point.size > 1:
            with np.errstate(all="ignore"):
                value, slope = fun(point, **options), grad(point, **options)
            self.elementwise = np.shape(value) == np.shape(slope) == point.shape
        return bool(self.elementwise) and isinstance(point, np.ndarray)

    def _guarded(self, values: Mapping[str, Any], point: Any) -> tuple[Any, Any]:
        """The functions with the layout of the point kept, and their domain."""
        fun, grad = self.fun, self.grad
        layouts = [
            layout_of(leaf) if type(leaf) is np.ndarray else "" for leaf in tree.leaves(point)
        ]
        if any(layouts):
            fun = Laid(fun, tuple(layouts))
            grad = Laid(grad, tuple(layouts)) if callable(grad) else grad
        if (flags := self._symmetric(values)) and any(flags):
            fun = Symmetric(fun, flags, both=False)
            grad = Symmetric(grad, flags, both=True) if callable(grad) else grad
        bounds = self._bounds(values)
        if bounds:
            fun = Inside(fun, bounds, fold=False)
            grad = Inside(grad, bounds, fold=True) if callable(grad) else grad
        return fun, grad

    def _symmetric(self, values: Mapping[str, Any]) -> tuple[bool, ...]:
        """Which leaves of the point are symmetric matrices, and stay so however they are moved."""
        if self.library:
            return ()
        pairs = zip(self.family.flat.paths, self.family.spaces, strict=True)
        flags = tuple(isinstance(s, PositiveDefinite) for path, s in pairs if path[0] == POINT)
        return flags if len(flags) == len(tree.leaves(values[POINT])) else ()

    def _bounds(self, values: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
        """The domain of each leaf of the point; empty where none is declared."""
        if self.library:
            return ()
        found = []
        for path, space in zip(self.family.flat.paths, self.family.spaces, strict=True):
            if path[0] == POINT:
                if isinstance(space, Arrays | Floats):
                    found.append((space.low, space.high))
                else:
                    found.append((-math.inf, math.inf))
        declared = any(low > -math.inf or high < math.inf for low, high in found)
        return tuple(found) if declared and len(found) == len(tree.leaves(values[POINT])) else ()


def _pulled(grad: Any, point: Any, cotangent: Any, **options: Any) -> Any:
    """The product that a derivative of each entry stands for.

    Of complex entries to complex ones it is that of complex analysis, as cos is for sin.
    """
    slope = grad(point, **options)
    return cotangent * (np.conj(slope) if np.iscomplexobj(cotangent) else slope)


@dataclass
class Module(Target):
    """A torch module: its parameters and its inputs, both at once."""

    module: Any
    family: Family
    name: str
    manner: Manner = field(default_factory=Manner)

    def asked(self, values: Mapping[str, Any], effort: str = "quick", seed: int = 0) -> Asked:
        """The question at some inputs."""
        from ..backend.torch import BACKEND
        from ..subject.modules import ModuleFunction

        moved = {name: to_library(value, "torch") for name, value in values.items()}
        inputs = moved.pop(POINT)
        inputs = inputs if isinstance(inputs, tuple) else (inputs,)
        params = {name: p for name, p in self.module.named_parameters() if p.requires_grad}
        usual = next(iter(params.values()), None)
        if usual is not None:
            inputs = tuple(x.to(usual.dtype) if x.is_floating_point() else x for x in inputs)
        function = ModuleFunction(self.module, None, with_inputs=True)
        manner = self.manner
        wanted = Options(
            (), moved, effort, seed, manner.correct_below, manner.wrong_above, self.name,
            tolerance=manner.tolerance,
        )  # fmt: skip
        where = Point({"params": params, "inputs": inputs})
        return Asked(function, where, Autodiff(BACKEND), wanted)

    def code(self) -> list[Any]:
        """Its forward."""
        return [type(self.module).forward]


@dataclass
class Layer(Target):
    """An object with a forward and a backward by hand."""

    layer: Any
    family: Family
    name: str
    manner: Manner = field(default_factory=Manner)

    def asked(self, values: Mapping[str, Any], effort: str = "quick", seed: int = 0) -> Asked:
        """The question at some inputs."""
        options = dict(values)
        inputs = options.pop(POINT)
        inputs = inputs if isinstance(inputs, tuple) else (inputs,)
        hints = LayerHints(kwargs=options, seed=seed)
        single = Single(study(self.layer, inputs, hints), inputs)
        fun, vjp = single.functions()
        wanted = Options(
            (), None, effort, seed, self.manner.correct_below, self.manner.wrong_above, self.name
        )
        return Asked(fun, Point(single.point), Products(vjp), wanted)

    def code(self) -> list[Any]:
        """Forward and backward."""
        kind = type(self.layer)
        found = [getattr(kind, name, None) for name in ("forward", "__call__", "backward")]
        return [one for one in found if callable(one)]


@dataclass
class CaseTarget(Target):
    """A case with parameters: a function that returns the arguments of ``gp.check``."""

    case: Callable[..., Any]
    family: Family
    name: str
    given: Mapping[str, Any] = field(default_factory=dict)

    def asked(self, values: Mapping[str, Any], effort: str = "quick", seed: int = 0) -> Asked:
        """The question that the case returns for some arguments."""
        return asked_by(self.arguments(values), effort, seed, self.name)

    def whole(self, values: Mapping[str, Any], effort: str, seed: int) -> Report | None:
        """The report where more is asked about than a gradient."""
        made = self.arguments(values)
        if not any(made.get(key) is not None for key in _OF_CHECK):
            return None
        return check(**{**made, "effort": effort, "seed": seed, "name": self.name})

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What the case returns, with what replaces it."""
        made = self.case(**values)
        if not isinstance(made, Mapping) or not {"fun", POINT} <= set(made):
            raise UsageError(
                f"{self.name} returns a {type(made).__name__}: a case with parameters returns "
                "dict(fun=…, point=…, grad=…)."
            )
        return {**made, **self.given}

    def code(self) -> list[Any]:
        """The case, and the functions that it returned at an ordinary choice."""
        found = [self.case]
        try:
            made = self.case(**self.family.make(
                {axis: choices[0] for axis, choices in self.family.axes().items()},
                np.random.default_rng(0),
            ))  # fmt: skip
            found += [made[key] for key in ("fun", "grad") if callable(made.get(key))]
        except Exception:  # noqa: BLE001 - whatever a case raises is said where it is tried
            return found
        return found


def asked_by(made: Mapping[str, Any], effort: str, seed: int, name: str) -> Asked:
    """The question that some arguments of ``gp.check`` ask."""
    options = Options(
        tuple(made.get("args", ())), made.get("kwargs"), effort, seed, made.get("correct_below"),
        made.get("wrong_above"), name, tolerance=made.get("tolerance"),
    )  # fmt: skip
    grad = made.get("grad")
    if grad is None or grad is False:
        where, claim = own_claim(made[POINT])
        return Asked(made["fun"], where, claim, options)
    return Asked(made["fun"], Point(made[POINT]), grad, options)


def to_library(value: Any, library: str) -> Any:
    """NumPy arrays of floating-point numbers as those of a framework."""
    if not library:
        return value
    flat = tree.flatten(value, "")
    return flat.unflatten([_as(leaf, library) for leaf in flat.leaves])


def _as(leaf: Any, library: str) -> Any:
    if not isinstance(leaf, np.ndarray):
        return leaf
    if library == "torch":
        import torch

        return torch.from_numpy(np.array(leaf, order="C", copy=True))
    import jax

    return jax.numpy.asarray(np.array(leaf, order="C"))


def target_of(
    fun: Any, grad: Any, arguments: Mapping[str, Any], manner: Manner, like: Any
) -> Target:
    """What kind of thing is hunted."""
    if like is not None and not callable(like):
        raise UsageError(f"like must be a function like fun, but is {what(like)}.")
    family = Family(arguments)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(fun, torch.nn.Module):
        return Module(fun, family, type(fun).__name__, manner)
    if grad is None and hasattr(fun, "backward") and not isinstance(fun, type):
        return Layer(fun, family, type(fun).__name__, manner)
    if not callable(fun):
        raise UsageError(
            f"fun must be a function of the point, but is {what(fun)}: the order is "
            "gp.hunt(fun, point, grad=...)."
        )
    library = library_of(fun) if grad is None else ""
    return Function(fun, grad, family, called(fun), manner, library, like)


def library_of(fun: Any) -> str:
    """The framework of a function that is differentiated by one: the one that its code names."""
    from .source import mentioned

    for leaf in getattr(fun, "__defaults__", None) or ():
        if framework_of(leaf) is not None:
            return "torch" if hasattr(leaf, "requires_grad") else "jax"
    for library in ("torch", "jax"):
        if library in sys.modules and mentioned(fun, library):
            return library
    raise UsageError(
        "There is no claimed gradient to hunt: pass grad=, a function of the same arguments. Only "
        "functions of torch tensors and JAX arrays have derivatives of their own."
    )
