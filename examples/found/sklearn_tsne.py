"""t-SNE's gradient has the kernel to the wrong power where the degrees of freedom are not 1.

``TSNE(n_components=3)`` uses two. Known: the divergence, in closed form, by mpmath.
"""

import mpmath
import numpy as np
from scipy.spatial.distance import squareform
from sklearn.manifold import _t_sne

PACKAGE = "scikit-learn"

DEGREES, SIZE = 2, 4
rng = np.random.default_rng(0)
shares = rng.random((SIZE, SIZE)) * (1 - np.eye(SIZE))
shares = (shares + shares.T) / (shares + shares.T).sum()
places = rng.normal(size=(SIZE, 3))


def claim():
    return _t_sne._kl_divergence(places.ravel(), squareform(shares), DEGREES, SIZE, 3)[1][0]


def divergence(first):
    y = [[mpmath.mpf(v) for v in row] for row in places]
    y[0][0] = first
    kernel = {}
    for i in range(SIZE):
        for j in range(SIZE):
            if i != j:
                away = sum((a - b) ** 2 for a, b in zip(y[i], y[j], strict=True))
                kernel[i, j] = (1 + away / DEGREES) ** (-mpmath.mpf(DEGREES + 1) / 2)
    total = sum(kernel.values())
    return sum(shares[ij] * mpmath.log(shares[ij] / (k / total)) for ij, k in kernel.items())


def truth():
    return mpmath.diff(divergence, places[0, 0])
