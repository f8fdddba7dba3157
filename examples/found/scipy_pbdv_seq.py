"""The derivatives of pbdv_seq for a negative order that is no integer.

Known: the same package's pbdv, which returns the last of the sequence.
"""

from scipy.special import pbdv, pbdv_seq

PACKAGE = "scipy"


def claim():
    return pbdv_seq(-1.5, 1.0)[1][-1]


def truth():
    return pbdv(-1.5, 1.0)[1]
