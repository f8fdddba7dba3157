"""What functions are: which one a call means, and what is known of those from libraries."""

from __future__ import annotations

import builtins
import collections
import copy
import dataclasses
import functools
import inspect
import types
from collections.abc import Callable
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from .source_text import MISSING

VIEW_ATTRIBUTES = frozenset({"T", "mT", "H", "mH", "real", "imag", "flat", "data"})
# Array methods that write into the array: all of it, or some of it.
WRITE_ALL = frozenset({"fill", "sort", "resize", "byteswap"})
WRITE_PART = frozenset({"put", "partition", "itemset", "setfield"})
# NumPy's functions that write into their first argument.
NUMPY_WRITES = frozenset(
    {"at", "copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis", "shuffle"}
)
BLANKS = frozenset({"zeros", "zeros_like", "empty", "empty_like"})
# Give the same numbers back: whoever wrote those is still the last writer.
SAME = frozenset({"asarray", "array", "ascontiguousarray", "asanyarray", "copy"})
# Give back an array that may share memory with an argument; the other NumPy functions do not.
NUMPY_VIEWS = SAME | {
    "reshape", "ravel", "transpose", "permute_dims", "matrix_transpose", "swapaxes", "moveaxis",
    "rollaxis", "squeeze", "expand_dims", "atleast_1d", "atleast_2d", "atleast_3d",
    "broadcast_to", "broadcast_arrays", "flip", "fliplr", "flipud", "rot90", "diagonal", "diag",
    "split", "array_split", "hsplit", "vsplit", "dsplit", "real", "imag", "nan_to_num",
    "require", "asfortranarray", "as_strided", "sliding_window_view", "nditer", "einsum",
    "getitem", "unstack", "astype", "asarray_chkfinite", "frombuffer", "real_if_close",
}  # fmt: skip
# Methods that leave their object alone, and give an array that may be a view of it, or not.
VIEW_METHODS = frozenset(
    {"reshape", "ravel", "transpose", "view", "squeeze", "swapaxes", "diagonal", "conj",
     "conjugate", "astype", "numpy", "detach", "cpu", "t", "to", "contiguous", "flatten",
     "get", "items", "keys", "values", "expand", "permute", "unsqueeze", "double", "float",
     "__getitem__"}
)  # fmt: skip
FRESH_METHODS = frozenset(
    {"sum", "mean", "std", "var", "max", "min", "argmax", "argmin", "dot", "any", "all", "clip",
     "round", "cumsum", "cumprod", "prod", "trace", "repeat", "take", "tolist", "item",
     "nonzero", "ptp", "tobytes", "argsort", "searchsorted", "choose", "compress", "matmul",
     "size", "dim", "numel", "norm", "mm", "index", "count", "startswith", "endswith", "split",
     "join", "strip", "replace", "lower", "upper", "removeprefix", "removesuffix", "isdigit"}
)  # fmt: skip
# May give back one of their arguments, or something out of it.
_HANDS_ON = frozenset(
    {"zip", "enumerate", "iter", "next", "getattr", "max", "min", "sorted", "reversed"}
)
_BEYOND = frozenset(
    {"exec", "eval", "globals", "locals", "vars", "setattr", "delattr", "__import__", "compile"}
)
_PURE = frozenset({"numpy", "scipy", "math", "cmath", "jax", "jaxlib", "torch", "operator"})

MAPPINGS = (dict, collections.OrderedDict)


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """An object that an expression stands for, and the object that it is a method of."""

    thing: Any
    receiver: Any = MISSING


def member(owner: Any, name: str) -> Known | None:
    """An attribute, looked up without running any code of the user's."""
    if isinstance(owner, ModuleType):
        found = vars(owner).get(name, MISSING)
        return None if found is MISSING else Known(found)
    if isinstance(owner, np.ufunc):
        return Known(getattr(owner, name, None))
    cls = owner if isinstance(owner, type) else type(owner)
    own = {} if owner is cls else _attributes(owner)
    if name in own:
        return Known(own[name])
    found = inspect.getattr_static(cls, name, MISSING)
    if isinstance(found, staticmethod):
        return Known(found.__func__)
    if isinstance(found, classmethod):
        return Known(found.__func__, cls)
    if isinstance(found, FunctionType):
        return Known(found) if isinstance(owner, type) else Known(found, owner)
    return None


def _attributes(thing: Any) -> dict[str, Any]:
    """What an object holds itself."""
    try:
        held = object.__getattribute__(thing, "__dict__")
    except AttributeError:  # it has slots
        return {}
    return held if isinstance(held, dict) else {}


def plain(thing: Any, receiver: Any = MISSING) -> tuple[FunctionType, Any] | None:
    """The Python function that runs when something is called, and its ``self``."""
    for _ in range(20):  # wrappers around wrappers; a cycle is no function
        if isinstance(thing, FunctionType):
            return thing, receiver
        if isinstance(thing, MethodType):
            thing, receiver = thing.__func__, thing.__self__
        elif isinstance(thing, functools.partial):
            thing, receiver = thing.func, MISSING
        elif isinstance(thing, staticmethod | classmethod):
            thing = thing.__func__
        elif isinstance(thing, type):
            return None
        elif (wrapped := inspect.getattr_static(thing, "__wrapped__", MISSING)) is not MISSING:
            thing = wrapped
        else:
            call = inspect.getattr_static(type(thing), "__call__", MISSING)
            if not isinstance(call, FunctionType):
                return None
            return call, thing
    return None


def forbidden(thing: Any) -> bool:
    """Whether it may change names or attributes out of sight."""
    return any(thing is getattr(builtins, name) for name in _BEYOND)


def top_module(thing: Any) -> str:
    """The package that a library's function comes from."""
    module = getattr(thing, "__module__", None)
    owner = getattr(thing, "__self__", None)
    if not isinstance(module, str):
        module = owner.__name__ if isinstance(owner, ModuleType) else type(owner).__module__
    return module.partition(".")[0]


def is_numpy(thing: Any) -> bool:
    """Whether it is one of NumPy's functions."""
    return isinstance(thing, np.ufunc) or (
        not isinstance(thing, type) and callable(thing) and top_module(thing) == "numpy"
    )


def is_pure(thing: Any) -> bool:
    """Whether it leaves its arguments alone, unless told where to put its result."""
    if isinstance(thing, types.BuiltinFunctionType | type) and top_module(thing) == "builtins":
        return thing not in (map, filter)  # these call a function
    return top_module(thing) in _PURE


def hands_on(thing: Any) -> bool:
    """Whether its result may be one of its arguments, or a part of one."""
    if top_module(thing) == "builtins":
        return getattr(thing, "__name__", "") in _HANDS_ON
    return True


def output_position(thing: Any) -> int | None:
    """Where ``out`` stands among the positional arguments."""
    if isinstance(thing, np.ufunc):
        return thing.nin
    try:
        names = list(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return {"dot": 2, "concatenate": 2}.get(getattr(thing, "__name__", ""))
    return names.index("out") if "out" in names else None


def fields_of(thing: Any) -> tuple[str, ...] | None:
    """Names of the positional arguments of a class that only stores what it is given."""
    if not isinstance(thing, type):
        return None
    names = getattr(thing, "_fields", None)
    if issubclass(thing, tuple) and isinstance(names, tuple):
        maker = next(cls for cls in thing.__mro__ if "__new__" in vars(cls))
        return names if maker.__bases__ == (tuple,) and thing.__init__ is object.__init__ else None
    if dataclasses.is_dataclass(thing):
        made: Callable[..., Any] = thing.__init__
        code = getattr(made, "__code__", None)
        if code is None or code.co_filename != "<string>" or hasattr(thing, "__post_init__"):
            return None
        return tuple(f.name for f in dataclasses.fields(thing) if f.init and not f.kw_only)
    return () if thing is SimpleNamespace else None


def copies(thing: Any) -> bool:
    """Whether it gives back the same container again."""
    return thing in (copy.copy, copy.deepcopy)
