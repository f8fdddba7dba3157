"""The classic exercise: a small network, a backward pass with two faults, and the right one.

Run it from the repository:

    gradproof check examples/article.py          # both cases: one is wrong, so it exits with 1
    gradproof check examples/article.py:right    # one of them: exits with 0
    python examples/article.py                   # the same from Python
"""

import gradproof as gp
from gradproof.demo.network import article_test_case, backprop, broken_backprop, cost

# X is 4×3, Y holds three labels, params is a dictionary of W1, b1, W2, b2, W3, b3.
X, Y, params = article_test_case()


# A case is a function without arguments that returns the arguments of gp.check, as a
# dictionary. It runs only when it is checked, so it may load data or build a model.
#
#   fun    the function that is differentiated: fun(point, *args) returns one real number
#   point  the parameters at which the gradient is checked, nested as you like
#   grad   the claim: here a function of the same arguments. It returns dW1 for W1, and some
#          more entries that nobody asked for; both are fine.


@gp.case
def broken():
    """The gradients of W2 and b1 are wrong here, and the report says so of these two."""
    return {"fun": cost, "point": params, "grad": broken_backprop, "args": (X, Y)}


@gp.case
def right():
    """The same network with the backward pass repaired."""
    return {"fun": cost, "point": params, "grad": backprop, "args": (X, Y)}


# A case may return a list: one check for each. `name` is what the report calls it.


@gp.case
def relabelled():
    """The gradient has to be right whatever the labels are."""
    return [
        {"name": "one label flipped", **right(), "args": (X, Y * [1, 0, 1])},
        {"name": "all labels flipped", **right(), "args": (X, 1 - Y)},
    ]


# In a test or in a notebook, gp.check takes the same arguments and returns the report.

if __name__ == "__main__":
    print(gp.check(**broken()))
    gp.check(**right()).raise_if_wrong()  # right: says nothing
