"""The adjoint of a convolution with complex filters that change along the signal.

Known: the operator as a dense matrix.
"""

import numpy as np
from pylops.signalprocessing import NonStationaryConvolve1D

PACKAGE = "pylops"

filters = np.array([[0.5j, 1 + 2j, 0.3], [0.1, 1 - 1j, 0.2j]])
operator = NonStationaryConvolve1D(6, hs=filters, ih=(1, 4), dtype="complex128")


def claim():
    return operator.rmatvec(np.eye(6, dtype=complex)[1])[1].imag


def truth():
    return operator.matvec(np.eye(6, dtype=complex)[1])[1].conjugate().imag
