"""One layer of several activations, and functions with two branches of the parameter itself."""

import math

import numpy as np

from .fault import ALL, Family, at, where

rng = np.random.default_rng(204)
X = rng.normal(size=(9, 7))
V = rng.normal(size=(9, 5))
POINT = {"W": rng.normal(size=(7, 5)) / 2, "b": rng.normal(size=5)}

erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def affine(params, X):
    return X @ params["W"] + params["b"]


# GELU with the error function


def gelu_cost(params, X, V):
    Z = affine(params, X)
    return float(np.sum(V * Z * (1 + erf(Z / 2**0.5)) / 2))


def gelu_backprop(params, X, V):
    Z = affine(params, X)
    dZ = V * ((1 + erf(Z / 2**0.5)) / 2 + Z * np.exp(-(Z**2) / 2) / (2 * np.pi) ** 0.5)
    return {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


def gelu_by_tanh(params, X, V):
    Z = affine(params, X)
    c = (2 / np.pi) ** 0.5
    T = np.tanh(c * (Z + 0.044715 * Z**3))
    dZ = V * ((1 + T) / 2 + Z / 2 * (1 - T**2) * c * (1 + 3 * 0.044715 * Z**2))
    return {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


# Sigmoid


def sigmoid_cost(params, X, V):
    return float(np.sum(V * sigmoid(affine(params, X))))


def sigmoid_backprop(params, X, V):
    A = sigmoid(affine(params, X))
    dZ = V * A * (1 - A)
    return {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


def derivative_at_the_output(params, X, V):
    A = sigmoid(affine(params, X))
    S = sigmoid(A)
    dZ = V * S * (1 - S)
    dW = X.T @ dZ
    db = dZ.sum(axis=0)
    return {"W": dW, "b": db}


# Swish


def swish_cost(params, X, V):
    Z = affine(params, X)
    return float(np.sum(V * Z * sigmoid(Z)))


def swish_backprop(params, X, V):
    Z = affine(params, X)
    S = sigmoid(Z)
    dZ = V * (S + Z * S * (1 - S))
    return {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


def swish_product_rule_forgotten(params, X, V):
    S = sigmoid(affine(params, X))
    dZ = V * S
    return {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


# ReLU


def relu_cost(params, X, V):
    return float(np.sum(V * np.maximum(affine(params, X), 0) ** 1.5))


def relu_backprop(params, X, V):
    Z = affine(params, X)
    dZ = V * 1.5 * np.sqrt(np.maximum(Z, 0))
    return {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


def mask_without_the_bias(params, X, V):
    Z = affine(params, X)
    dZ = V * 1.5 * np.sqrt(np.abs(Z)) * (X @ params["W"] > 0)
    return {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


CROSSED = ((affine(POINT, X) > 0) != (X @ POINT["W"] > 0)).any(axis=0)

# Functions of the parameter itself, with two branches

C = rng.normal(size=40)
POSITIVE = {"z": rng.uniform(0.2, 1.8, size=40) * np.where(rng.random(40) < 0.6, 1, -1)}
NEGATIVE_SIDE = where(POSITIVE["z"] < 0)


def leaky_cost(params, C):
    z = params["z"]
    return float(np.sum(C * np.where(z > 0, z, 0.1 * z)))


def leaky_backprop(params, C):
    return {"z": C * np.where(params["z"] > 0, 1, 0.1)}


def leaky_slope_of_another_layer(params, C):
    return {"z": C * np.where(params["z"] > 0, 1, 0.01)}


def elu_cost(params, C):
    z = params["z"]
    return float(np.sum(C * np.where(z > 0, z, 1.7 * np.expm1(z))))


def elu_backprop(params, C):
    z = params["z"]
    return {"z": C * np.where(z > 0, 1, 1.7 * np.exp(z))}


def elu_alpha_forgotten(params, C):
    z = params["z"]
    dz = np.where(z > 0, C, C * np.exp(z))
    return {"z": dz}


def pinball_cost(params, C):
    z = params["z"]
    return float(np.sum(C * np.maximum(0.7 * z, -0.3 * z)))


def pinball_backprop(params, C):
    return {"z": C * np.where(params["z"] > 0, 0.7, -0.3)}


def pinball_sign(params, C):
    dz = 0.7 * C
    dz[params["z"] < 0] = 0.3 * C[params["z"] < 0]
    return {"z": dz}


def clip_cost(params, C):
    return float(np.sum(C * np.clip(params["z"], -1, 1)))


def clip_backprop(params, C):
    return {"z": C * (np.abs(params["z"]) < 1)}


def clip_lets_through_below(params, C):
    return {"z": C * (params["z"] < 1)}


W, B, Z = "['W']", "['b']", "['z']"
DW, DB = '"W": X.T @ dZ', '"b": dZ.sum(axis=0)'
gelu = Family("gelu", gelu_cost, POINT, (X, V), gelu_backprop)
logistic = Family("sigmoid", sigmoid_cost, POINT, (X, V), sigmoid_backprop)
swish = Family("swish", swish_cost, POINT, (X, V), swish_backprop)
relu = Family("relu", relu_cost, POINT, (X, V), relu_backprop)
leaky = Family("leaky relu", leaky_cost, POSITIVE, (C,), leaky_backprop)
elu = Family("elu", elu_cost, POSITIVE, (C,), elu_backprop)
pinball = Family("pinball", pinball_cost, POSITIVE, (C,), pinball_backprop)
clip = Family("clip", clip_cost, POSITIVE, (C,), clip_backprop)

FAULTS = (
    gelu.plant(
        "tanh approximation in the backward only",
        gelu_by_tanh,
        at(W, ALL, "unexplained", line=DW),
        at(B, ALL, "unexplained", line=DB),
    ),
    logistic.plant(
        "derivative taken at the output",
        derivative_at_the_output,
        at(W, ALL, "activation", "unexplained", line="dW = X.T @ dZ"),
        at(B, ALL, "activation", "unexplained", line="db = dZ.sum(axis=0)"),
    ),
    swish.plant(
        "half of the product rule",
        swish_product_rule_forgotten,
        at(W, ALL, "held-fixed", "unexplained", line=DW),
        at(B, ALL, "held-fixed", "unexplained", line=DB),
    ),
    relu.plant(
        "mask taken before the bias",
        mask_without_the_bias,
        at(
            W,
            where(np.broadcast_to(CROSSED, (7, 5))),
            "activation",
            "unexplained",
            "entries",
            line=DW,
        ),
        at(B, where(CROSSED), "activation", "unexplained", "entries", line=DB),
    ),
    leaky.plant(
        "another slope below zero",
        leaky_slope_of_another_layer,
        at(Z, NEGATIVE_SIDE, "branch", line='"z": C * np.where(params["z"] > 0, 1, 0.01)'),
    ),
    elu.plant(
        "alpha forgotten below zero",
        elu_alpha_forgotten,
        at(Z, NEGATIVE_SIDE, "branch", line="dz = np.where(z > 0, C, C * np.exp(z))"),
    ),
    pinball.plant(
        "wrong sign below zero",
        pinball_sign,
        at(Z, NEGATIVE_SIDE, "branch", line='dz[params["z"] < 0] = 0.3'),
    ),
    clip.plant(
        "lets the gradient through below",
        clip_lets_through_below,
        at(Z, where(POSITIVE["z"] < -1), "entries", "branch", line='"z": C * (params["z"] < 1)'),
    ),
)
