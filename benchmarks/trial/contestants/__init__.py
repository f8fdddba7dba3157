"""The contestants: gradproof first, then the other checkers in the order of the tables.

Each stands in a module of its own, imports its library only when it is asked, and runs at that
library's documented defaults. None was left out.
"""

from __future__ import annotations

from ..contestant import Contestant
from .autograd import Autograd
from .gradproof import Gradproof
from .jax import CheckGrads
from .numdifftools import Numdifftools
from .openmdao import OpenMDAO
from .pyadjoint import Pyadjoint
from .pymanopt import Pymanopt
from .scipy import CheckGrad
from .scipy_differentiate import Differentiate
from .textbook import Textbook
from .torch import Gradcheck

ALL: tuple[Contestant, ...] = (
    Gradproof(),
    Textbook(),
    CheckGrad("all"),
    CheckGrad("random"),
    Differentiate(),
    Numdifftools(),
    Gradcheck(fast=False),
    Gradcheck(fast=True),
    CheckGrads(),
    Autograd(),
    OpenMDAO(),
    Pymanopt(),
    Pyadjoint(),
)
