"""Further replicas: of units, losses and solvers of other kinds, written after the rules."""

from __future__ import annotations

from .replica import Replica, of

FURTHER: tuple[Replica, ...] = (
    *of(
        "rmsnorm",
        (
            "d_u = d_gate * (s + u * s * (1 - s))",
            "d_u = d_gate * s",
            ("missing-path", "term", "activation", "held-fixed"),
        ),
        (
            'd_h = d_u @ p["U"].T + d_v @ p["V"].T',
            'd_h = d_u @ p["U"].T',
            ("missing-path", "held-fixed"),
        ),
        (
            "(d_h * n).sum(axis=0)",
            "(d_h * h).sum(axis=0)",
            ("other-tensor", "entry-factor", "column-scale", "log-parameter"),
        ),
        (
            "d_out = (out - target) / out.size",
            "d_out = (out - target) / len(out)",
            ("scale", "term", "constant"),
        ),
        ("d_v = d_prod * gate", "d_v = d_prod * u", ("other-tensor", "entry-factor")),
    ),
    *of(
        "huber",
        (
            "psi = np.where(np.abs(r) <= DELTA, r, DELTA * np.sign(r))",
            "psi = np.where(np.abs(r) <= DELTA, r, DELTA)",
            ("branch", "sign", "term", "entry-factor", "subset"),
        ),
        (
            "w = sample_weight / sample_weight.sum()",
            "w = sample_weight / len(sample_weight)",
            ("term", "scale", "constant"),
        ),
        (
            "+ ALPHA * theta[:-1]\n    out[-1]",
            "+ ALPHA * np.sign(theta[:-1])\n    out[-1]",
            ("parameter-term", "other-tensor", "missing-path", "entry-factor", "term"),
        ),
        (
            "out[-1] = -np.sum(w * psi)",
            "out[-1] = -np.sum(psi)",
            ("entry-factor", "other-tensor", "scale", "entries"),
        ),
        (
            "out[-1] = -np.sum(w * psi)",
            "out[-1] = -np.sum(w * psi) + ALPHA * theta[-1]",
            ("parameter-term", "subset", "term"),
        ),
    ),
    *of(
        "logdet",
        ("- inverse.T", "- inverse", ("transpose",)),
        (
            "np.tanh(Y) @ S.T / S.shape[1] - inverse.T",
            "np.tanh(Y) @ S.T - inverse.T",
            ("scale", "term", "constant"),
        ),
        (
            "np.tanh(Y) @ S.T / S.shape[1] - inverse.T",
            "np.tanh(Y) @ S.T / S.shape[1] + inverse.T",
            ("term", "sign", "constant"),
        ),
    ),
    *of(
        "policy",
        (
            "d_logits = chosen - p * chosen.sum(axis=1, keepdims=True)",
            "d_logits = chosen - p * chosen",
            ("diagonal",),
        ),
        (
            "d_logits += -BONUS * p * (logp + entropy)",
            "d_logits += -BONUS * p * (logp + 1)",
            ("diagonal", "term", "constant"),
        ),
        (
            "d_logits += -BONUS * p * (logp + entropy)",
            "d_logits += BONUS * p * (logp + entropy)",
            ("term", "sign", "constant"),
        ),
        (
            "= ratio * advantage\n    d_logits",
            "= advantage\n    d_logits",
            ("entry-factor", "row-scale", "missing-path", "held-fixed"),
        ),
    ),
    *of(
        "contrast",
        (
            "return (g - along * unit) / np.linalg",
            "return g / np.linalg",
            ("missing-path", "held-fixed"),
        ),
        (
            "return (g - along * unit) / np.linalg.norm(x, axis=1, keepdims=True)",
            "return g - along * unit",
            ("entry-factor", "row-scale"),
        ),
        ("t * d.T @ a", "t * d @ a", ("transpose",)),
        (
            '"scale": np.sum(d * logits)',
            '"scale": np.sum(d * logits) / t',
            ("log-parameter", "scale", "other-tensor"),
        ),
    ),
    *of(
        "counts",
        (
            "d_eta = n - (n + r) * mu / (r + mu)",
            "d_eta = n - mu",
            ("other-tensor", "entry-factor", "row-scale", "term"),
        ),
        ("mu / (r + mu)\n    d_r", "mu / (r + mu) ** 2\n    d_r", ("entry-factor", "term")),
        (
            "digamma(n + r) - digamma(r)",
            "digamma(n + r) + digamma(r)",
            ("term", "sign", "constant"),
        ),
        ("+ 1 - (n + r)", "- (n + r)", ("constant", "term", "missing-path", "scale")),
    ),
    *of(
        "gridsample",
        (
            "np.add.at(d_image, (i, j + 1), g * (1 - a) * b)",
            "np.add.at(d_image, (i, j + 1), g * a * b)",
            ("other-tensor", "entry-factor", "complement"),
        ),
        (
            "np.stack([d_a, d_b], axis=1)",
            "np.stack([d_b, d_a], axis=1)",
            ("exchanged", "permutation", "flip"),
        ),
        (
            "d_a = g * (bottom - top)",
            "d_a = g * (top - bottom)",
            ("sign", "subset", "column-scale", "entries", "term"),
        ),
        (
            "np.add.at(d_image, (i + 1, j), g * a * (1 - b))",
            "d_image[i + 1, j] += g * a * (1 - b)",
            ("missing-accumulation",),
        ),
    ),
    *of(
        "rk4",
        ("H / 2 * lam + H * dx2", "H / 2 * lam", ("missing-path", "held-fixed", "truncated")),
        (
            "lam = lam + dx1 + dx2 + 2 * weights[t] * x",
            "lam = lam + dx1 + dx2 + weights[t] * x",
            ("term", "sign", "constant"),
        ),
        ("dk += dk1 + dk2", "dk += dk1", ("missing-path", "held-fixed", "term")),
        (
            "lam = lam + dx1 + dx2 + 2 * weights[t] * x",
            "lam = lam + dx1 + 2 * weights[t] * x",
            ("missing-path", "held-fixed", "truncated"),
        ),
    ),
    *of(
        "vae",
        (
            "d_logvar = 0.5 * d_z * std * noise",
            "d_logvar = d_z * std * noise",
            ("scale", "term", "constant"),
        ),
        ("d_logvar = 0.5 * d_z * std * noise", "d_logvar = 0.5 * d_z * noise", ("entry-factor",)),
        ("(np.exp(logvar) - 1)", "(np.exp(logvar) + 1)", ("constant", "sign", "term")),
        (
            "d_mu = d_z + BETA * mu / len(X)",
            "d_mu = d_z + BETA * mu",
            ("term", "sign", "constant", "scale"),
        ),
        (
            "d_mu = d_z + BETA * mu / len(X)",
            "d_mu = d_z",
            ("missing-path", "held-fixed", "parameter-term"),
        ),
    ),
    *of(
        "cox",
        (
            "hazard = np.cumsum(event / at_risk)",
            "hazard = np.cumsum(event[::-1] / at_risk[::-1])[::-1]",
            ("flip", "other-tensor"),
        ),
        (
            "at_risk = np.cumsum(risk[::-1])[::-1]\n    hazard",
            "at_risk = np.cumsum(risk)\n    hazard",
            ("flip", "other-tensor"),
        ),
        (
            "hazard = np.cumsum(event / at_risk)",
            "hazard = event / at_risk",
            ("missing-accumulation", "missing-path"),
        ),
        (
            "hazard = np.cumsum(event / at_risk)",
            "hazard = np.cumsum(1 / at_risk)",
            ("entry-factor",),
        ),
    ),
    *of(
        "mixture",
        ('(resp * z / np.exp(p["ls"]))', "(resp * z)", ("entry-factor", "column-scale")),
        ("(resp * (z**2 - 1))", "(resp * (z - 1))", ("other-tensor", "entry-factor", "term")),
        ("len(x) * weights\n", "weights\n", ("term", "scale", "entry-factor")),
        (
            "resp.sum(axis=0) - len(x) * weights",
            "resp.sum(axis=0)",
            ("missing-path", "held-fixed", "term", "diagonal"),
        ),
    ),
    *of(
        "factors",
        (
            "- self.V * ((X**2).T @ d[:, None])",
            "- ((X**2).T @ d[:, None])",
            ("entry-factor", "other-tensor"),
        ),
        (
            "- self.V * ((X**2).T @ d[:, None])",
            "- self.V * (X.T @ d[:, None])",
            ("other-tensor", "entry-factor"),
        ),
        ("2 * self.decay * self.V", "self.decay * self.V", ("parameter-term", "term")),
        (
            "d = -y / (1 + np.exp(margin)) / len(y)",
            "d = -1 / (1 + np.exp(margin)) / len(y)",
            ("entry-factor", "row-scale"),
        ),
    ),
    *of(
        "smoothing",
        ("out[1:] += flow", "out[1:] -= flow", ("term", "sign", "constant", "subset")),
        ("out[1:-1] -= 2 * bend", "out[1:-1] -= bend", ("term", "sign", "constant")),
        ("flow = LAM * step / np", "flow = LAM / np", ("entry-factor", "other-tensor")),
    ),
    *of(
        "gru",
        (
            "dz = dh * (h - n) * z * (1 - z)",
            "dz = dh * (n - h) * z * (1 - z)",
            ("term", "sign", "constant"),
        ),
        ("dh = dh * z + drh * r", "dh = drh * r", ("missing-path", "held-fixed", "truncated")),
        ("dr = drh * h * r * (1 - r)", "dr = drh * h", ("activation",)),
        ("drh * r + (self", "drh + (self", ("entry-factor",)),
        ("dWr += np.outer(xh, dr)", "dWr += np.outer(xrh, dr)", ("other-tensor",)),
    ),
    *of(
        "pairs",
        (
            "(dpair * switch(r) + pair * slope(r))",
            "dpair * switch(r)",
            ("missing-path", "held-fixed", "term"),
        ),
        ("0.6 * r**-7", "0.6 * r**-6", ("entry-factor", "term", "other-tensor", "constant")),
        ("out[j] += f", "out[j] = f", ("missing-accumulation",)),
    ),
)
