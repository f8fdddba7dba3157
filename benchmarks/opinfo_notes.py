"""Why gradproof and gradcheck's slow mode differ on some operators of torch: one sentence each."""

from __future__ import annotations

_STAIRCASE = (
    "A staircase of many small steps: whether it is flat, or the values of a sloping function are "
    "rounded, is not to be seen from outside."
)

# By operator, for what gradproof passes or leaves undecided.
EXPLAINED: dict[str, str] = {
    "__rpow__": "A negative number to the power of a fraction: value and gradients are NaN.",
    "bfloat16": "The output is bfloat16: its steps, 1/256 of it, are all that anybody sees.",
    "ceil": _STAIRCASE,
    "cfloat": "The output is complex64, in whose round-off gradcheck's steps of 1e-6 drown.",
    "cov": "The weights are float32, in whose round-off gradcheck's steps of 1e-6 drown.",
    "erfc": "At -4.8 the gradient is 9e-11 beside a value of 2, and drowns in its round-off.",
    "chalf": "The output is complex32: its steps, 1/2048 of it, are all that anybody sees.",
    "div.floor_rounding": _STAIRCASE,
    "div.trunc_rounding": _STAIRCASE,
    "float": "The output is float32, in whose round-off gradcheck's steps of 1e-6 drown.",
    "floor": _STAIRCASE,
    "grid_sampler_3d": "100,000 grid points, each with jumps near by; no step avoids all.",
    "half": "The output is float16: its steps, 1/2048 of it, are all that anybody sees.",
    "linalg.norm.subgradients_at_zero": (
        "At zero the nuclear norm has a kink, whose valid subgradient gradcheck rejects, and the "
        "0-norm jumps, so that it has no gradient."
    ),
    "nn.functional.cosine_embedding_loss": (
        "The target has to be 1 or -1: moved, it is neither, the loss jumps: it has no gradient."
    ),
    "nn.functional.hinge_embedding_loss": (
        "The target has to be 1 or -1: moved, it is neither, the loss jumps: it has no gradient."
    ),
    "nn.functional.multi_head_attention_forward": (
        "The softmax is saturated: the gradients of query and key are 1e-14 beside values of 100."
    ),
    "native_layer_norm": (
        "Normalised over a single entry the function is zero everywhere; the claim, 1e-13, is "
        "round-off."
    ),
    "round": _STAIRCASE,
    "round.decimals_3": _STAIRCASE,
    "trunc": _STAIRCASE,
}

# What gradproof refuses to judge, or the operator itself to compute, by the exception.
REFUSALS: dict[str, str] = {
    r"^UsageError.*that are not finite": (
        "The inputs hold infinities or NaN, where no gradient exists."
    ),
    r"p_in >= 0 && p_in <= 1": (
        "A sampling operator: moved, its probabilities leave [0, 1], and its own exception "
        "surfaces."
    ),
    r"aweights cannot be negative|all elements of std >= 0.0": (
        "Moved, weights or deviations become negative, and the operator's own exception surfaces."
    ),
    r"setStorage": "The operator reads memory beside its argument, of which a copy has none.",
    r"^UsageError.*torch.sparse_\w+ tensor, which is unsupported": (
        "The inputs are sparse: refused."
    ),
}

# Quick operators of all families: elementwise, kinks, reductions, views, linear algebra,
# indexing, losses, normalisation, convolution, complex outputs, random.
QUICK = (
    *("add", "clamp", "cosh", "erf", "exp", "lgamma", "log1p", "logit", "mul"),
    *("pow", "reciprocal", "sigmoid", "sinc", "sqrt", "tanh", "where", "abs", "sign"),
    *("amax", "cumprod", "cumsum", "logsumexp", "mean", "prod", "std", "var_mean", "norm", "sum"),
    *("cat", "diagonal", "expand", "flip", "stack", "transpose", "unbind", "split"),
    *("gather", "index_add", "index_select", "scatter_add", "take"),
    *("addmm", "dot", "linalg.inv", "linalg.solve", "matmul", "trace"),
    *("fft.rfft", "view_as_complex", "nn.functional.conv1d", "nn.functional.layer_norm"),
    *("nn.functional.gelu", "nn.functional.relu", "nn.functional.softplus", "softmax"),
    *("nn.functional.mse_loss", "nn.functional.huber_loss", "nn.functional.avg_pool1d"),
    *("nn.functional.dropout", "nn.functional.embedding", "nn.functional.cosine_similarity"),
)
