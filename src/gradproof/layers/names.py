"""The names that people give to the parts of a layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

FORWARD = (
    "forward", "__call__", "forward_pass", "forward_propagation", "forward_prop", "forwardprop",
    "feedforward", "feed_forward", "forward_propagate", "fprop", "fwd", "call", "apply",
    "updateOutput", "propagate", "activate", "compute", "evaluate", "f", "loss",
)  # fmt: skip
BACKWARD = (
    "backward", "backward_pass", "backward_propagation", "backward_prop", "backprop", "back_prop",
    "back_propagation", "backpropagation", "backpropagate", "back_propagate", "backward_propagate",
    "bprop", "bwd", "vjp", "pullback", "grad", "gradient", "compute_gradient", "calc_gradient",
    "derivative", "deriv", "derive", "prime", "df",
)  # fmt: skip

# Of these, that of a function entry by entry, or the gradient of a value, if nothing is given from
# above.
DERIVATIVES = BACKWARD[BACKWARD.index("grad") :]

# Where a forward that returns nothing leaves its output.
OUTPUT = ("output", "out", "outputs", "y", "Y", "a", "A", "z", "Z", "h", "H", "result", "value")

PARAMETERS = (
    "params", "parameters", "weights", "trainable_params", "trainable_parameters", "variables",
    "trainable_weights", "trainable_variables", "get_params", "get_parameters", "getParameters",
    "_params", "_parameters", "theta", "p",
)  # fmt: skip
GRADIENTS = (
    "grads", "gradients", "grad", "gradient", "dparams", "d_params", "param_grads", "dweights",
    "get_grads", "get_gradients", "getGradParameters", "gradParams", "grad_params", "derivatives",
    "_grads", "_gradients", "dtheta",
)  # fmt: skip
PAIRS = ("params_and_grads", "parameters_and_gradients", "get_params_and_grads", "param_grad_pairs")
VALUES = ("data", "value", "val", "array", "w")  # of a parameter that is an object
THEIR_GRADIENTS = ("grad", "gradient", "grads")

# What else a backward may be given.
PLAIN_RATES = frozenset({"lr", "learningrate", "stepsize", "learnrate"})
RATES = PLAIN_RATES | {"eta", "alpha", "rate", "step"}
CACHES = frozenset({
    "cache", "caches", "ctx", "context", "saved", "tape", "memo", "memory", "store", "residuals",
    "res", "aux", "state", "tmp", "stash",
})  # fmt: skip
INPUTS = frozenset({"x", "input", "inputs", "inp", "xs", "aprev", "data", "ypred", "pred"})
TARGETS = frozenset({"y", "t", "target", "label", "ytrue", "truth", "mask", "weight"})
RESULTS = frozenset({"y", "out", "output", "outputs", "a"})

# Where a backward that returns nothing leaves the gradient of its only input.
INPUT_GRADIENTS = (
    "dx", "dX", "dinputs", "dinput", "grad_input", "gradInput", "input_grad", "grad_inputs",
    "dA_prev", "da_prev", "dA", "da", "delta", "dout", "grad",
)  # fmt: skip

# What is so called is a parameter, although nothing is claimed of it.
SURELY = frozenset({
    "w", "b", "weight", "bias", "bia", "gamma", "beta", "kernel", "wx", "wh", "u", "wq", "wk", "wv",
    "wo", "w1", "w2", "b1", "b2", "bx", "bh", "wxh", "whh", "why",
})  # fmt: skip
FROZEN = ("trainable", "requires_grad", "learnable")

# Other objects that a layer knows, whose parameters are not its own.
NEIGHBOURS = frozenset({
    "prev", "previous", "next", "parent", "prevlayer", "previouslayer", "nextlayer", "network",
    "model", "net", "inputlayer", "outputlayer", "inbound", "outbound", "optimizer", "optimiser",
})  # fmt: skip

# How a gradient is called after its parameter, the plainest first.
_MADE = (
    "d{}", "grad{}", "{}grad", "gradient{}", "{}gradient", "grads{}", "dld{}", "djd{}", "ded{}",
    "dcd{}", "dlossd{}", "g{}", "{}g", "{}d", "nabla{}", "derivative{}", "delta{}", "{}delta",
)  # fmt: skip

_PRIVATE = re.compile(r"^_[A-Za-z0-9]+(?=__)")  # the class's name in that of its private attribute


def plain(name: Any) -> str:
    """A name without underscores, capitals and plural: ``grad_Weights`` is ``gradweight``."""
    text = _PRIVATE.sub("", str(name)).replace("_", "").lower()
    text = text.removesuffix("es") if text.endswith("ses") else text
    return text.removesuffix("s") if len(text) > 1 else text


def gradient_name(name: str, known: Iterable[Any]) -> Any:
    """Which of the ``known`` names is that of the gradient of ``name``; None where none is."""
    by_plain: dict[str, Any] = {}
    for other in known:
        by_plain.setdefault(plain(other), other)
    if "d" + name in known:
        return "d" + name
    made = (plain(pattern.format(plain(name))) for pattern in _MADE)
    return next((by_plain[one] for one in made if one in by_plain), None)


def in_mapping(name: str, found: Mapping[Any, Any]) -> Any:
    """The key under which a mapping of gradients has ``name``; None where it has not."""
    key = gradient_name(name, found)
    if key is None:
        key = next((key for key in found if str(key) == name or plain(key) == plain(name)), None)
    return key
