"""The replicas: one row for each edit of a module of this folder."""

from __future__ import annotations

from .further import FURTHER
from .replica import Replica, of

__all__ = ["REPLICAS", "Replica"]

ACTIVATION = ("activation",)
TERM = ("term", "sign", "constant")
SCALE = ("scale", "term", "constant")
SIGN = ("sign", "term")

REPLICAS: tuple[Replica, ...] = (
    *of(
        "mlp",
        ("dZ1 = dA1 * (1 - A1**2)", "dZ1 = dA1", ACTIVATION),
        ("dZ1 = dA1 * (1 - A1**2)", "dZ1 = dA1 * (1 - np.tanh(A1) ** 2)", ACTIVATION),
        ("dZ1 = dA1 * (1 - A1**2)", "dZ1 = dA1 * (1 - Z1**2)", ACTIVATION),
        ("dZ2 = (Z2 - Y) / m", "dZ2 = 2 * (Z2 - Y) / m", SCALE),
        ('dW2 = A1.T @ dZ2 + LAMBDA / m * params["W2"]', "dW2 = A1.T @ dZ2", ("parameter-term",)),
        (
            'dW1 = X.T @ dZ1 + LAMBDA / m * params["W1"]',
            'dW1 = X.T @ dZ1 - LAMBDA / m * params["W1"]',
            ("parameter-term", "term"),
        ),
        ('dA1 = dZ2 @ params["W2"].T', 'dA1 = dZ2 @ params["W2"].T / m', SCALE),
        ("db1 = dZ1.sum(axis=0)", "db1 = dZ1.mean(axis=0)", SCALE),
        ("db2 = dZ2.sum(axis=0)", "db2 = dZ2[0]", ("missing-accumulation", "upstream")),
    ),
    *of(
        "courseflat",
        (
            "D1[:, 1:] += lam / m * Theta1[:, 1:]",
            "D1 += lam / m * Theta1",
            ("parameter-term", "subset"),
        ),
        (
            "D2[:, 1:] += lam / m * Theta2[:, 1:]",
            "D2[:, 1:] -= lam / m * Theta2[:, 1:]",
            ("parameter-term", "subset", *TERM),
        ),
        ("d2 = (d3 @ Theta2[:, 1:]) * g * (1 - g)", "d2 = d3 @ Theta2[:, 1:]", ACTIVATION),
        (
            "d2 = (d3 @ Theta2[:, 1:]) * g * (1 - g)",
            "d2 = (d3 @ Theta2[:, 1:]) * sigmoid(g) * (1 - sigmoid(g))",
            (*ACTIVATION, "other-tensor"),
        ),
        ("D1 = d2.T @ a1 / m", "D1 = d2.T @ a1", ("scale", "term", "subset")),
        ("d3 = h - y", "d3 = (h - y) * h * (1 - h)", ("activation", "entry-factor")),
    ),
    *of(
        "classifier",
        (
            "scores = (p - one_hot) * weight[:, None]",
            "scores = (p - one_hot) * mask[:, None]",
            ("entry-factor",),
        ),
        (
            "scores = (p - one_hot) * weight[:, None]",
            "scores = (p - one_hot) * class_weight[labels][:, None]",
            ("entry-factor",),
        ),
        (
            "weight = class_weight[labels] * mask\n    scores",
            "weight = class_weight[labels] * (1 - mask)\n    scores",
            ("complement", "entry-factor"),
        ),
        ("return X.T @ scores / mask.sum()", "return X.T @ scores / len(mask)", SCALE),
        (
            "one_hot[np.arange(len(labels)), labels] = 1",
            "one_hot[np.arange(len(labels)), labels] = -1",
            TERM,
        ),
    ),
    *of(
        "rnn",
        (
            "dh = W.T @ dz + 0.2 * hs[t]",
            "dh = 0.2 * hs[t]",
            ("truncated", "missing-path", "held-fixed"),
        ),
        ("dh = W.T @ dz + 0.2 * hs[t]", "dh = W @ dz + 0.2 * hs[t]", ("transpose", "term")),
        ("dW += np.outer(dz, hs[t])", "dW = np.outer(dz, hs[t])", ("missing-accumulation", "zero")),
        ("db += dz", "db = dz", ("missing-accumulation",)),
        (
            "dW += np.outer(dz, hs[t])",
            "dW += np.outer(dz, hs[t + 1])",
            ("other-tensor", "unexplained"),
        ),
        (
            "dz = dh * (1 - hs[t + 1] ** 2)",
            "dz = dh * (1 - hs[t] ** 2)",
            (*ACTIVATION, "other-tensor"),
        ),
        ("dh = W.T @ dz + 0.2 * hs[t]", "dh = W.T @ dz", ("missing-path", "term", "held-fixed")),
        (
            "for t in reversed(range(T)):",
            "for t in reversed(range(T - 2, T)):",
            ("truncated", "missing-path", "held-fixed"),
        ),
    ),
    *of(
        "batchnorm",
        ("M = N * H * W", "M = N", ("term", "scale")),
        (
            "dx = istd * (dxhat - total / M - xhat * along / M)",
            "dx = istd * dxhat",
            ("held-fixed", "missing-path"),
        ),
        (
            "dx = istd * (dxhat - total / M - xhat * along / M)",
            "dx = istd * (dxhat - total / M)",
            ("held-fixed", "missing-path"),
        ),
        (
            "dx = istd * (dxhat - total / M - xhat * along / M)",
            "dx = istd * (dxhat + total / M - xhat * along / M)",
            (*TERM, "missing-path", "held-fixed"),
        ),
        ("dgamma = (dout * xhat).sum", "dgamma = (dout * x).sum", ("other-tensor", "unexplained")),
        ("dxhat = dout * gamma", "dxhat = dout", ("entry-factor", "column-scale")),
    ),
    *of(
        "layernorm",
        (
            "return (dy - y * c1 - c2) * rstd",
            "return (dy - y * c1) * rstd",
            ("held-fixed", "missing-path", "term"),
        ),
        (
            "return (dy - y * c1 - c2) * rstd",
            "return (dy - y * c1 - 2 * c2) * rstd",
            (*TERM, "missing-path", "held-fixed"),
        ),
        (
            "return (dy - y * c1 - c2) * rstd",
            "return dy - y * c1 - c2",
            ("entry-factor", "row-scale"),
        ),
    ),
    *of(
        "conv",
        ("return dx, dk\n\n\npoint", "return dx, dk[:, :, ::-1]\n\n\npoint", ("flip",)),
        ("dk += dy[:, i]", "dk = dy[:, i]", ("missing-accumulation",)),
        (
            "dx[:, i : i + width] += np.tensordot(dy[:, i], self.kernel, axes=1)",
            "dx[:, i : i + width] = np.tensordot(dy[:, i], self.kernel, axes=1)",
            ("missing-accumulation", "unexplained"),
        ),
        (
            "dx[:, i : i + width] += np.tensordot(dy[:, i], self.kernel, axes=1)",
            "dx[:, i : i + width] += np.tensordot(dy[:, i], self.kernel[:, :, ::-1], axes=1)",
            ("flip",),
        ),
        (
            "dy = mix * (1 - np.tanh(y) ** 2)",
            "dy = mix * (1 - np.tanh(y))",
            ("activation", "entry-factor", "term"),
        ),
    ),
    *of(
        "filtering",
        ("flipped = kernel[::-1]", "flipped = kernel", ("flip",)),
        (
            'np.convolve(g, flipped, mode="full")',
            'np.roll(np.convolve(g, flipped, mode="full"), 1)',
            ("permutation",),
        ),
    ),
    *of(
        "softmaxvjp",
        ("return s * (g - inner)", "return g * s * (1 - s)", ("diagonal",)),
        ("return s * (g - inner)", "return s * g", ("missing-path", "held-fixed", "diagonal")),
        asked=("softmax",),
    ),
    *of(
        "softmaxvjp",
        ("return g - p * g.sum(axis=-1, keepdims=True)", "return g - p * g", ("diagonal",)),
        (
            "return g - p * g.sum(axis=-1, keepdims=True)",
            "return g",
            ("missing-path", "held-fixed", "diagonal"),
        ),
        asked=("log",),
    ),
    *of(
        "activations",
        (
            "s = expit(BETA * x)\n    return g",
            "s = expit(x)\n    return g",
            ("activation", "unexplained", "entry-factor"),
        ),
        ("return g * (s + BETA * x * s * (1 - s))", "return g * (s + x * s * (1 - s))", TERM),
        asked=("swish",),
    ),
    *of(
        "activations",
        ("+ x * density)", "+ density)", ("entry-factor", "activation")),
        ("np.sqrt(2 * np.pi)", "np.sqrt(np.pi)", TERM),
        asked=("gelu",),
    ),
    *of(
        "activations",
        ("y + ALPHA)", "y + 1.0)", ("term", "branch", "subset", "constant")),
        asked=("elu",),
    ),
    *of(
        "activations",
        ("return g * expit(x)", "return g * expit(softplus(x))", ACTIVATION),
        asked=("softplus",),
    ),
    *of(
        "activations",
        (
            "return np.where(x > 0, g, ALPHA * g)",
            "return np.where(x > 0, g, -ALPHA * g)",
            ("branch", "term"),
        ),
        (
            "return np.where(x > 0, g, ALPHA * g)",
            "return np.where(x < 0, g, ALPHA * g)",
            ("complement", "branch"),
        ),
        asked=("leaky",),
    ),
    *of(
        "resizing",
        (
            "return g.reshape(c, h, 2, w, 2).sum(axis=(2, 4))",
            "return g[:, ::2, ::2]",
            ("block-sum",),
        ),
        ("sum(axis=(2, 4))", "mean(axis=(2, 4))\n    # a mean, once more", SCALE),
        asked=("upsample",),
    ),
    *of(
        "resizing",
        (
            "return g.repeat(2, axis=1).repeat(2, axis=2) / 4",
            "out = np.zeros_like(x)\n    out[:, ::2, ::2] = g\n    return out",
            ("block-sum", "zero"),
        ),
        (
            "return g.repeat(2, axis=1).repeat(2, axis=2) / 4",
            "return np.tile(g, (1, 2, 2)) / 4",
            ("block-sum", "permutation"),
        ),
        asked=("pool",),
    ),
    *of(
        "dropout",
        (
            'dh = np.outer(up, p["v"]) * keep / (1 - rate)',
            'dh = np.outer(up, p["v"]) / (1 - rate)',
            ("entry-factor",),
        ),
        (
            'dh = np.outer(up, p["v"]) * keep / (1 - rate)',
            'dh = np.outer(up, p["v"]) * keep',
            SCALE,
        ),
        (
            'dh = np.outer(up, p["v"]) * keep / (1 - rate)',
            'dh = np.outer(up, p["v"]) * ~keep / (1 - rate)',
            ("complement",),
        ),
        (
            "dpre = dh * (pre > 0)",
            "dpre = dh * (dh > 0)",
            (*ACTIVATION, "complement", "entry-factor"),
        ),
        ("dpre = dh * (pre > 0)", "dpre = dh", ACTIVATION),
    ),
    *of(
        "embedding",
        ("np.add.at(out, tokens, upstream)", "out[tokens] = upstream", ("missing-accumulation",)),
        ("np.add.at(out, tokens, upstream)", "out[tokens] += upstream", ("missing-accumulation",)),
        ("np.cos(rows) / len(tokens)\n    out", "np.cos(rows) / len(table)\n    out", SCALE),
    ),
    *of(
        "gaussian",
        ("return -jac.T @ (r / sigma)", "return -jac.T @ r", ("entry-factor",)),
        ("0.04 * theta\n\n\ndef report", "0.08 * theta\n\n\ndef report", ("parameter-term",)),
        ("-theta[0] * t * decay", "theta[0] * t * decay", ("sign", "entries", "term", "subset")),
        ("return -jac.T @ (r / sigma)", "return -jac.T @ (r * sigma)", ("entry-factor",)),
    ),
    *of(
        "profiled",
        ("return outer * ds - 1.5", "return -1.5", ("held-fixed",)),
        (
            "outer = 15 / s - 0.5 * np.sum(np.abs(r) ** 3) / s**2",
            "outer = 15 / s",
            ("held-fixed", "missing-path"),
        ),
        ("ds = -2 * X.T @ r / len(y)", "ds = -X.T @ r / len(y)", TERM),
    ),
    *of(
        "ratings",
        ("E = E / counts[:, None]\n    dU", "dU", ("entry-factor", "row-scale")),
        (
            'dV = E.T @ p["U"] + reg * p["V"]',
            'dV = E.T @ p["U"] + reg * p["U"][:5]',
            ("other-tensor", "unexplained"),
        ),
        (
            "- R) * seen\n    counts = seen.sum(axis=1)\n    E",
            "- R)\n    counts = seen.sum(axis=1)\n    E",
            ("entry-factor",),
        ),
        (
            'dU = E @ p["V"] + reg * p["U"]',
            'dU = 2 * E @ p["V"] + reg * p["U"]',
            ("term", "parameter-term"),
        ),
    ),
    *of(
        "mechanics",
        ("f = K * (r - 1.0) * d / r", "f = 23.02 * (r - 1.0) * d / r", ("constant", "term")),
        ("out[j] -= f", "out[j] += f", (*TERM, "subset")),
        ("out[:, 2] -= WALL", "out[:, 2] += WALL", (*TERM, "subset")),
    ),
    *of(
        "mechanics",
        ("s[3], s[4], s[5]", "s[5], s[4], s[3]", ("exchanged", "flip", "permutation")),
        ("s = C @ e + 4 * e**3", "s = C @ e + 3 * e**3", TERM),
        asked=("stress",),
    ),
    *of(
        "waves",
        ("return M.conj().T @ g", "return M.T @ g", ("conjugate",)),
        ("return M.conj().T @ g", "return M.conj().T @ g.conj()", ("conjugate",)),
        asked=("apply",),
    ),
    *of(
        "waves",
        ("return 2 * M.conj().T @ r", "return 2 * M.T @ r", ("conjugate",)),
        ("return 2 * M.conj().T @ r", "return M.conj().T @ r", (*TERM, "parameter-term")),
        asked=("misfit",),
    ),
    *of(
        "constraints",
        (
            "J[1] = [np.cos(q[0]), 2 * q[1], 0.0]",
            "J[1] = [-np.cos(q[0]), -2 * q[1], 0.0]",
            ("sign",),
            ("[1]",),
        ),
        (
            "J[2] = [q[2] ** 3, 0.0, 3 * q[2] ** 2 * q[0]]",
            "J[2] = [q[2] ** 3, 0.0, q[2] ** 2 * q[0]]",
            ("scale", "entries"),
            ("[2, 2]",),
        ),
        ("return J\n", "return J[:, [1, 0, 2]]\n", ("permutation", "exchanged")),
        ("return J\n", "return J * [1, 1, 0.5]\n", ("column-scale", "scale", "entries"), (":, 2",)),
    ),
    *of(
        "attention",
        (
            "dS = A * (dA - (dA * A).sum(axis=1, keepdims=True))",
            "dS = A * dA * (1 - A)",
            ("diagonal",),
        ),
        ('dQ = dS @ p["K"] * scale', 'dQ = dS @ p["K"]', SCALE),
        ('dK = dS.T @ p["Q"] * scale', 'dK = dS @ p["Q"] * scale', ("transpose",)),
        ("dV = A.T @ G", "dV = A @ G", ("transpose",)),
    ),
    *of(
        "kernel",
        (
            "d_variance = K",
            "d_variance = K / variance",
            ("log-parameter", "term", "entry-factor", "other-tensor"),
        ),
        (
            "d_length = K * D2 / length**2",
            "d_length = K * D2 / length**3",
            ("log-parameter", "entries", "term"),
        ),
        (
            "d_noise = noise * np.eye(len(s))",
            "d_noise = np.eye(len(s))",
            ("log-parameter", "term", "entry-factor"),
        ),
        ("return np.array([-0.5 * np.trace", "return np.array([0.5 * np.trace", SIGN),
    ),
    *of(
        "outputs",
        (
            "return first * (np.cos(x) * x + np.sin(x)) + second",
            "return second * (np.cos(x) * x + np.sin(x)) + second",
            ("other-output", "upstream", "zero"),
        ),
        ("summed = np.cumsum(third[::-1])[::-1]", "summed = np.cumsum(third)", ("flip",)),
        ("second * 3 * x**2", "second * x**2", TERM),
        ("second * 3 * x**2", "3 * x**2", ("upstream", "not-linear")),
    ),
    *FURTHER,
)
