"""A bare array, and a function that returns value and gradient: what goes into an optimiser.

Optimisers stop early, or wander, when the gradient is a little wrong, and do not say why. So
check it before:

    gradproof check examples/regression.py
    python examples/regression.py                # then fit the model (needs scipy)
"""

import numpy as np

import gradproof as gp

rng = np.random.default_rng(0)
features = rng.standard_normal((200, 3))
seen = features @ np.array([1.5, -2.0, 0.5]) + 0.3 + 0.1 * rng.standard_normal(200)
start = np.zeros(4)  # three weights and an intercept


def ridge(theta, features, seen, strength=0.1):
    """Mean squared error plus a penalty on the weights, and the gradient of both."""
    weights, intercept = theta[:-1], theta[-1]
    gap = features @ weights + intercept - seen
    value = gap @ gap / len(seen) + strength * weights @ weights
    # The intercept is not penalised: leave out the last entry here as well as above.
    slope = 2 * features.T @ gap / len(seen) + 2 * strength * weights
    return value, np.append(slope, 2 * gap.mean())


# grad=True says that fun returns the pair. Zero is a poor place to check: the gradient of the
# penalty vanishes there, and so would a mistake in it. Somewhere ordinary is better.


@gp.case
def objective():
    return {
        "fun": ridge,
        "point": rng.standard_normal(4),
        "grad": True,
        "args": (features, seen),
    }


if __name__ == "__main__":
    from scipy.optimize import minimize

    gp.check(**objective()).raise_if_wrong()
    print(minimize(ridge, start, args=(features, seen), jac=True).x)
