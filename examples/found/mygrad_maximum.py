"""The derivative of maximum(x, x) is 0. Known: it is x."""

import mygrad

PACKAGE = "mygrad"


def claim():
    x = mygrad.tensor(2.0)
    mygrad.maximum(x, x).backward()
    return x.grad


def truth():
    return 1.0
