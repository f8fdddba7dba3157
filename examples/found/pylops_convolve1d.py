"""The adjoint of a convolution with a complex filter lacks the conjugate.

Known: the operator as a dense matrix.
"""

import numpy as np
from pylops.signalprocessing import Convolve1D

PACKAGE = "pylops"

operator = Convolve1D(4, h=np.array([1 + 2j, 0.5 - 1j, 0.3j]), offset=1, dtype="complex128")


def claim():
    return operator.rmatvec(np.eye(4, dtype=complex)[0])[0].imag


def truth():
    return operator.matvec(np.eye(4, dtype=complex)[0])[0].conjugate().imag
