"""Recurrent networks over a few time steps: a plain cell and an LSTM."""

import numpy as np

from .fault import ALL, Family, at, part

rng = np.random.default_rng(808)
T, N, D, H = 4, 3, 2, 5
X = rng.normal(size=(T, N, D))
V = rng.normal(size=(T, N, H))

# The plain cell, from an initial state that is a parameter too

PLAIN = {
    "Wx": rng.normal(size=(D, H)),
    "Wh": rng.normal(size=(H, H)) / 2,
    "b": rng.normal(size=H) / 2,
    "h0": rng.normal(size=(N, H)),
}


def states(params, X):
    """The states before, between and after the time steps."""
    h = [params["h0"]]
    for x in X:
        h.append(np.tanh(x @ params["Wx"] + h[-1] @ params["Wh"] + params["b"]))
    return h


def plain_cost(params, X, V):
    return float(np.sum(V * np.array(states(params, X)[1:])))


def plain_back(params, X, V):
    h = states(params, X)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros((N, H))
    for t in reversed(range(T)):
        da = (dh + V[t]) * (1 - h[t + 1] ** 2)
        grads["Wx"] += X[t].T @ da
        grads["Wh"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dh = da @ params["Wh"].T
    grads["h0"] = dh
    return grads


def one_time_step_survives(params, X, V):
    h = states(params, X)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros((N, H))
    for t in reversed(range(T)):
        da = (dh + V[t]) * (1 - h[t + 1] ** 2)
        grads["Wx"] += X[t].T @ da
        grads["Wh"] = h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dh = da @ params["Wh"].T
    grads["h0"] = dh
    return grads


def initial_state_detached(params, X, V):
    h = states(params, X)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros((N, H))
    for t in reversed(range(T)):
        da = (dh + V[t]) * (1 - h[t + 1] ** 2)
        grads["Wx"] += X[t].T @ da
        grads["Wh"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dh = da @ params["Wh"].T
    grads["h0"] = np.zeros_like(params["h0"])
    return grads


def averaged_over_time(params, X, V):
    h = states(params, X)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros((N, H))
    for t in reversed(range(T)):
        da = (dh + V[t]) * (1 - h[t + 1] ** 2)
        grads["Wx"] += X[t].T @ da / T
        grads["Wh"] += h[t].T @ da / T
        grads["b"] += da.sum(axis=0)
        dh = da @ params["Wh"].T
    grads["h0"] = dh
    return grads


def recurrent_weight_not_transposed(params, X, V):
    h = states(params, X)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros((N, H))
    for t in reversed(range(T)):
        da = (dh + V[t]) * (1 - h[t + 1] ** 2)
        grads["Wx"] += X[t].T @ da
        grads["Wh"] += h[t].T @ da
        grads["b"] += da.sum(axis=0)
        dh = da @ params["Wh"]
    grads["h0"] = dh
    return grads


def recurrent_weight_transposed_gradient(params, X, V):
    h = states(params, X)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros((N, H))
    for t in reversed(range(T)):
        da = (dh + V[t]) * (1 - h[t + 1] ** 2)
        grads["Wx"] += X[t].T @ da
        grads["Wh"] += da.T @ h[t]
        grads["b"] += da.sum(axis=0)
        dh = da @ params["Wh"].T
    grads["h0"] = dh
    return grads


# LSTM: the gates side by side in the order input, forget, cell, output

LSTM = {
    "Wx": rng.normal(size=(D, 4 * H)),
    "Wh": rng.normal(size=(H, 4 * H)) / 2,
    "b": rng.normal(size=4 * H) / 2,
}


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def lstm_forward(params, X):
    """For each time step: the state and cell before it, the four gates, the cell after it."""
    h = c = np.zeros((N, H))
    steps = []
    for x in X:
        i, f, g, o = np.split(x @ params["Wx"] + h @ params["Wh"] + params["b"], 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        after = f * c + i * g
        steps.append((h, c, i, f, g, o, after))
        c, h = after, o * np.tanh(after)
    return steps, h


def lstm_cost(params, X, V):
    steps, h = lstm_forward(params, X)
    outputs = [step[0] for step in steps[1:]] + [h]
    return float(np.sum(V * np.array(outputs)))


def cell_back(step, dh, dc):
    """The derivatives with respect to the gates' inputs and to the cell before."""
    _, c, i, f, g, o, after = step
    tanh = np.tanh(after)
    dc = dc + dh * o * (1 - tanh**2)
    gates = [
        dc * g * i * (1 - i),
        dc * c * f * (1 - f),
        dc * i * (1 - g**2),
        dh * tanh * o * (1 - o),
    ]
    return np.concatenate(gates, axis=1), dc * f


def gates_back(params, X, V):
    """The derivatives with respect to the gates' inputs, and the states before, over time."""
    steps, _ = lstm_forward(params, X)
    dA = np.empty((T, N, 4 * H))
    dh, dc = np.zeros((N, H)), np.zeros((N, H))
    for t in reversed(range(T)):
        dA[t], dc = cell_back(steps[t], dh + V[t], dc)
        dh = dA[t] @ params["Wh"].T
    return dA, np.array([step[0] for step in steps])


def lstm_back(params, X, V):
    dA, before = gates_back(params, X, V)
    dWx = np.einsum("tnd,tnk->dk", X, dA)
    dWh = np.einsum("tnh,tnk->hk", before, dA)
    return {"Wx": dWx, "Wh": dWh, "b": dA.sum(axis=(0, 1))}


def no_path_through_the_cell(params, X, V):
    steps, _ = lstm_forward(params, X)
    dA = np.empty((T, N, 4 * H))
    dh = np.zeros((N, H))
    for t in reversed(range(T)):
        dA[t], _ = cell_back(steps[t], dh + V[t], np.zeros((N, H)))
        dh = dA[t] @ params["Wh"].T
    dWx = np.einsum("tnd,tnk->dk", X, dA)
    dWh = np.einsum("tnh,tnk->hk", np.array([step[0] for step in steps]), dA)
    db = dA.sum(axis=(0, 1))
    return {"Wx": dWx, "Wh": dWh, "b": db}


def forget_gate_sign(params, X, V):
    dA, before = gates_back(params, X, V)
    dWx = np.einsum("tnd,tnk->dk", X, dA)
    dWx[:, H : 2 * H] *= -1
    dWh = np.einsum("tnh,tnk->hk", before, dA)
    return {"Wx": dWx, "Wh": dWh, "b": dA.sum(axis=(0, 1))}


def gates_in_another_order(params, X, V):
    dA, before = gates_back(params, X, V)
    i, f, g, o = np.split(dA, 4, axis=2)
    dWx = np.einsum("tnd,tnk->dk", X, dA)
    dWh = np.einsum("tnh,tnk->hk", before, np.concatenate([o, i, f, g], axis=2))
    return {"Wx": dWx, "Wh": dWh, "b": dA.sum(axis=(0, 1))}


def bias_counted_twice(params, X, V):
    dA, before = gates_back(params, X, V)
    dWx = np.einsum("tnd,tnk->dk", X, dA)
    dWh = np.einsum("tnh,tnk->hk", before, dA)
    db = np.zeros(4 * H)
    for _ in ("input", "recurrent"):
        db += dA.sum(axis=(0, 1))
    return {"Wx": dWx, "Wh": dWh, "b": db}


def last_time_step_of_the_bias(params, X, V):
    dA, before = gates_back(params, X, V)
    dWx = np.einsum("tnd,tnk->dk", X, dA)
    dWh = np.einsum("tnh,tnk->hk", before, dA)
    return {"Wx": dWx, "Wh": dWh, "b": dA[-1].sum(axis=0)}


plain = Family("recurrent", plain_cost, PLAIN, (X, V), plain_back)
lstm = Family("lstm", lstm_cost, LSTM, (X, V), lstm_back)
WX, WH, B, H0 = "['Wx']", "['Wh']", "['b']", "['h0']"
SUM = ("missing-accumulation", "unexplained")
FAULTS = (
    plain.plant(
        "one time step survives",
        one_time_step_survives,
        at(WH, ALL, *SUM, line='grads["Wh"] = h[t].T @ da'),
    ),
    plain.plant(
        "initial state detached",
        initial_state_detached,
        at(H0, ALL, "zero", line='grads["h0"] = np.zeros_like(params["h0"])'),
    ),
    plain.plant(
        "averaged over time",
        averaged_over_time,
        at(WX, ALL, "scale", line='grads["Wx"] += X[t].T @ da / T'),
        at(WH, ALL, "scale", line='grads["Wh"] += h[t].T @ da / T'),
    ),
    plain.plant(
        "recurrent weight not transposed on the way back",
        recurrent_weight_not_transposed,
        at(
            WX,
            ALL,
            "transpose",
            "unexplained",
            line='grads["Wx"] += X[t].T @ da',
        ),
        at(WH, ALL, "transpose", "unexplained", line='grads["Wh"] += h[t].T @ da'),
        at(B, ALL, "transpose", "unexplained", line='grads["b"] += da.sum(axis=0)'),
        at(H0, ALL, "transpose", "unexplained", line='grads["h0"] = dh'),
    ),
    plain.plant(
        "gradient of the recurrent weight transposed",
        recurrent_weight_transposed_gradient,
        at(
            WH,
            part((H, H), ~np.eye(H, dtype=bool)),
            "transpose",
            line='grads["Wh"] += da.T @ h[t]',
        ),
    ),
    lstm.plant(
        "no path through the cell",
        no_path_through_the_cell,
        at(WX, ALL, *SUM, line="dWx = np.einsum("),
        at(WH, ALL, *SUM, line="dWh = np.einsum("),
        at(B, ALL, *SUM, line="db = dA.sum(axis=(0, 1))"),
    ),
    lstm.plant(
        "forget gate with the wrong sign",
        forget_gate_sign,
        at(
            WX,
            part((D, 4 * H), np.s_[:, H : 2 * H]),
            "entries",
            "sign",
            "column-scale",
            line="dWx[:, H : 2 * H] *= -1",
        ),
    ),
    lstm.plant(
        "gates in another order",
        gates_in_another_order,
        at(WH, ALL, "permutation", line='dWh = np.einsum("tnh,tnk->hk", before, np.concatenate('),
    ),
    lstm.plant(
        "bias counted twice",
        bias_counted_twice,
        at(B, ALL, "scale", line="db += dA.sum(axis=(0, 1))"),
    ),
    lstm.plant(
        "bias of the last time step only",
        last_time_step_of_the_bias,
        at(B, ALL, *SUM, line='"b": dA[-1].sum(axis=0)'),
    ),
)
